"""Compare the samplers on the shipped family, at equal steps and over three seeds: `make samplers`.

    python data/make_samplers.py           # what data/samplers.csv holds already is kept; delete rows to make them again
    python data/make_samplers.py uniform   # only these

Each run starts from the anchors' own weights and the least-squares solution, trains as the shipped network was, but for fewer
epochs, and is then evaluated on all stitches and all 10,000 test images. Interrupted, it goes on where it was; several may run side by side.
"""

import platform
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from filelock import FileLock, Timeout

from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import load_family
from snnet_lab.files import data_dir
from snnet_lab.recipes import ALGORITHM_1, find_recipe
from snnet_lab.samplers import SAMPLERS
from snnet_lab.training import train

TABLE, RUNS = data_dir() / 'samplers.csv', Path(__file__).parents[1] / 'build/samplers'
RECIPE = replace(find_recipe('fashion'), epochs=4, **ALGORITHM_1)
SEEDS = range(3)
KEEP = dict(sampler='frontier', keep_anchors=0.5)
SOFT = KEEP | dict(distill=0.9, teacher='largest', temperature=2.0)
REMEDIES = {
    'sandwich+keep': dict(sampler='sandwich', keep_anchors=0.5),
    'frontier+keep+low': KEEP | dict(lr=RECIPE.lr / 4),  # low: anchors at a quarter of the rate
    'frontier+keep+taught': KEEP
    | dict(distill=0.5, teacher='largest'),  # by the largest anchor: the class that it names
    'frontier+keep+soft': SOFT,
    'uniform+keep+soft': SOFT | dict(sampler='uniform'),  # its softened probabilities
    'frontier+keep+soft+fast': SOFT
    | dict(keep_anchors=0.9, lr=2 * RECIPE.lr, lr_stitches=2 * RECIPE.lr_stitches),
}
VARIANTS = {name: dict(sampler=name) for name in SAMPLERS} | REMEDIES


def start(seed: int):
    "The network before training, and its anchors' accuracies."
    torch.manual_seed(seed)
    net = load_family('fashion', weights='anchors')
    own = evaluate(net, load_data(), range(3), progress=False).top1
    net.init_stitches(
        torch.cat([x for x, _ in load_data(split='train', images=RECIPE.match_images)])
    )
    return net.to(
        torch.accelerator.current_accelerator()
    ) if torch.accelerator.is_available() else net, own


def one(variant: str, seed: int) -> dict:
    "Train and evaluate one network; a row of the table."
    (net, own), recipe, folder = (
        start(seed),
        replace(RECIPE, seed=seed, **VARIANTS[variant]),
        RUNS / f'{variant}-{seed}',
    )
    loader = load_data(
        split='train', batch_size=recipe.batch_size, augment=True, shuffle=True, seed=seed
    )
    rows = (
        train(net, loader, resume=folder, progress=False)
        if (folder / 'run.json').exists()
        else train(net, loader, recipe, folder=folder, every=2, progress=False)
    )
    curve = evaluate(net, load_data(), progress=False)
    best = curve.sort_values('macs').top1.cummax()  # what each stitch's cost buys
    return dict(
        sampler=variant,
        seed=seed,
        steps=len(rows),
        mean=curve.top1.mean(),
        frontier=best.mean(),
        worst=curve.top1.min(),
        anchor_drop=(own - curve.top1[:3]).max(),
        **{f'anchor_{i}': curve.top1[i] - own[i] for i in range(3)},
        draws_macs=curve.set_index('stitch').macs[rows.stitch].mean() / 1e6,
        images_per_s=rows.images_per_s.iloc[-1],
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads',
        torch=torch.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
    )


def table() -> pd.DataFrame:
    return pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=['sampler', 'seed'])


def note(row: dict):
    "Add a row, in the order of samplers and seeds."
    with FileLock(RUNS / '.lock'):
        rows = pd.concat([table(), pd.DataFrame([row])]) if TABLE.exists() else pd.DataFrame([row])
        rows['order'] = rows.sampler.map(list(VARIANTS).index)
        rows.sort_values(['order', 'seed']).drop(columns='order').round(3).to_csv(
            TABLE, index=False
        )


def summary() -> pd.DataFrame:
    "Mean over seeds, and the spread (standard deviation) of the mean accuracy."
    found = table().groupby('sampler', sort=False)
    return (
        found[
            [
                'mean',
                'frontier',
                'worst',
                'anchor_drop',
                'anchor_0',
                'anchor_1',
                'anchor_2',
                'draws_macs',
            ]
        ]
        .mean()
        .assign(spread=found['mean'].std(), seeds=found.size())
        .round(2)
    )


if __name__ == '__main__':
    asked = sys.argv[1:] or list(VARIANTS)
    if unknown := [a for a in asked if a not in VARIANTS]:
        sys.exit(f'no sampler {unknown[0]!r}: one of {", ".join(VARIANTS)} is needed')
    RUNS.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        for variant in asked:
            try:
                with FileLock(RUNS / f'{variant}-{seed}.lock', timeout=0):
                    if ((done := table()).sampler.eq(variant) & done.seed.eq(seed)).any():
                        continue
                    note(one(variant, seed))
            except Timeout:
                continue  # another process is at it
            print(summary().to_string(), flush=True)
