"""What a short training from the window does to the shipped family, over three seeds.

    nice python data/make_short.py           # what data/short.csv holds already is kept
    nice python data/make_short.py window    # only these

A run is what *Start* does with the form as it opens: the shipped network, its stitching layers
started anew by least squares, then so many steps. `recipe` has the recipe's own rates and share of
warm-up, `window` what the form suggests for a short run. Every fourth stitch and the anchors are
evaluated on 2,000 test images. Interrupted, it goes on with the next run.
"""

import copy
import platform
import sys
import time
from dataclasses import replace

import pandas as pd
import torch
from filelock import FileLock
from trainings import train_whole

from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import load_family
from snnet_lab.files import data_dir
from snnet_lab.recipes import Recipe, find_recipe
from snnet_lab.snnet import SNNet
from snnet_lab.window.training_panel import FIRST_LOOK, fit_recipe, gentle_rates, training_loader

TABLE = data_dir() / 'short.csv'
OWN = replace(find_recipe('fashion'), batch_size=64)
SEEDS = range(3)
VARIANTS = ('window', 'recipe')


def short_recipe(variant: str, images: int) -> tuple[Recipe, int]:  # and steps an epoch
    "The recipe of a run of so few steps."
    if variant == 'recipe':
        recipe, an_epoch = fit_recipe(OWN, FIRST_LOOK, images)
        return replace(recipe, warmup_epochs=OWN.warmup_epochs / OWN.epochs), an_epoch
    rates = gentle_rates(FIRST_LOOK)
    gentle = replace(OWN, lr=rates * OWN.lr, lr_stitches=rates * OWN.lr_stitches)
    return fit_recipe(gentle, FIRST_LOOK, images)


def accuracies(net: SNNet) -> dict:
    "Mean and worst of every fourth stitch; the anchors."
    few = load_data(images=2000)
    some = [stitch.id for stitch in net.space if stitch.cuts][::4]
    found = evaluate(net, few, some, progress=False).top1
    anchors = evaluate(net, few, range(3), progress=False).top1
    found = dict(mean=found.mean(), worst=found.min())
    return found | {f'anchor_{i}': top1 for i, top1 in enumerate(anchors[:3])}


def started() -> SNNet:
    "The shipped network, its stitching layers started anew as the window does it."
    net = load_family('fashion')
    images = load_data(split='train', augment=True).dataset
    first = [images[i][0] for i in range(OWN.match_images)]
    net.init_stitches(torch.stack(first).split(25))
    return net


def one(net: SNNet, variant: str, seed: int) -> dict:
    "Train and evaluate; a row of the table."
    net = copy.deepcopy(net)
    images = load_data(split='train', augment=True).dataset
    recipe, an_epoch = short_recipe(variant, len(images))
    recipe = replace(recipe, seed=seed)
    cpu, wall = time.process_time(), time.perf_counter()
    rows = train_whole(net, training_loader(images, recipe, an_epoch), recipe, progress=False)
    spent = dict(
        cpu_s=round(time.process_time() - cpu, 1), wall_s=round(time.perf_counter() - wall, 1)
    )
    return dict(variant=variant, seed=seed, steps=len(rows)) | accuracies(net) | spent


def note(row: dict):
    "Add a row to the table."
    row |= dict(
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads',
        torch=torch.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
    )
    with FileLock(f'{TABLE}.lock'):
        rows = pd.concat([table(), pd.DataFrame([row])], ignore_index=True)
        rows.round(3).to_csv(TABLE, index=False)
    print(row, flush=True)


def table() -> pd.DataFrame:
    return pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=['variant', 'seed'])


def is_done(variant: str, seed: int = 0) -> bool:
    done = table()
    return bool((done.variant.eq(variant) & done.seed.eq(seed)).any())


def main(asked: list[str]):
    if not is_done('shipped') and 'window' in asked:
        note(dict(variant='shipped', seed=0, steps=0) | accuracies(load_family('fashion')))
    net = started()
    if not is_done('start') and 'window' in asked:
        note(dict(variant='start', seed=0, steps=0) | accuracies(net))
    for seed in SEEDS:
        for variant in asked:
            if not is_done(variant, seed):
                note(one(net, variant, seed))


if __name__ == '__main__':
    torch.set_num_threads(1)
    asked = sys.argv[1:] or list(VARIANTS)
    for name in asked:
        if name not in VARIANTS:
            sys.exit(f'no variant {name!r}: one of {", ".join(VARIANTS)} is needed')
    main(asked)
