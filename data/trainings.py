"What the scripts of this folder share: the family under the paper's rules, and trainings that are whole."

import sys
from pathlib import Path

import pandas as pd
from torch.utils.data import DataLoader

from snnet_lab.families import load_family
from snnet_lab.recipes import Recipe
from snnet_lab.snnet import SNNet
from snnet_lab.training import train

RULES = dict(kernel=2, stride=1)  # the paper's: a stitching layer for each window


def network(rules: dict | None = None) -> SNNet:
    "The shipped family's anchors as they were before stitching, under the paper's rules or others."
    anchors = load_family('fashion', weights='anchors').anchors
    return SNNet(list(anchors), family='fashion', **RULES | (rules or {})).eval()


def train_whole(
    net: SNNet,
    loader: DataLoader,
    recipe: Recipe,
    folder: Path | None = None,  # of a run that can be gone on with, or begins here
    **more,  # of `train`
) -> pd.DataFrame:
    "Train to the end; where that is interrupted the script ends, so that nothing is noted of a part."
    where = dict(folder=folder)
    if folder is not None and (folder / 'run.json').exists():
        where = dict(resume=folder)
    rows = train(net, loader, recipe, **where, **more)
    if len(rows) < recipe.epochs * len(loader):
        sys.exit(f'interrupted after {len(rows)} steps: the same command goes on')
    return rows


def macs_spent(recipe: Recipe, rows: pd.DataFrame, macs: pd.Series) -> float:  # T
    "Of training: three forwards for the stitches drawn, one for the teacher; and the former selves."
    drawn = rows.stitches.explode() if 'stitches' in rows else rows.stitch
    each = 3 * macs[drawn].mean()
    if recipe.distill:
        each += macs.iloc[2]
    if recipe.keep_anchors:
        each += macs[[s for s in drawn if s < 3]].sum() / len(drawn)
    return each * len(rows) * recipe.batch_size / 1e12
