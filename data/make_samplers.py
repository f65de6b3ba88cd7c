"""Compare the samplers on the shipped family, at equal steps and over three seeds: `make samplers`.

    python data/make_samplers.py           # what data/samplers.csv holds already is kept
    python data/make_samplers.py uniform   # only these

Each run starts from the anchors' own weights and the least-squares solution, trains as the shipped
network was, but for fewer epochs, and is then evaluated on all stitches and all 10,000 test images.
Interrupted, it goes on where it was; several may run side by side. Delete rows to make them again.
"""

import platform
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from filelock import FileLock, Timeout
from trainings import network, train_whole

from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.files import data_dir
from snnet_lab.recipes import find_recipe
from snnet_lab.samplers import SAMPLERS
from snnet_lab.snnet import SNNet

TABLE = data_dir() / 'samplers.csv'
RUNS = Path(__file__).parents[1] / 'build/samplers'
RECIPE = replace(find_recipe('fashion_algorithm_1'), epochs=4)
SEEDS = range(3)

KEEP = dict(sampler='frontier', keep_anchors=0.5)
TAUGHT = KEEP | dict(distill=0.5, teacher='largest')  # by the class that the largest anchor names
SOFT = KEEP | dict(distill=0.9, teacher='largest', temperature=2.0)  # by its probabilities
LOW = KEEP | dict(lr=RECIPE.lr / 4)  # anchors at a quarter of the rate
FAST = dict(keep_anchors=0.9, lr=2 * RECIPE.lr, lr_stitches=2 * RECIPE.lr_stitches)
REMEDIES = {
    'sandwich+keep': dict(sampler='sandwich', keep_anchors=0.5),
    'frontier+keep+low': LOW,
    'frontier+keep+taught': TAUGHT,
    'frontier+keep+soft': SOFT,
    'uniform+keep+soft': SOFT | dict(sampler='uniform'),
    'frontier+keep+soft+fast': SOFT | FAST,
}
VARIANTS = {name: dict(sampler=name) for name in SAMPLERS} | REMEDIES


def start(seed: int) -> tuple[SNNet, pd.Series]:
    "The network before training, and its anchors' accuracies."
    torch.manual_seed(seed)
    net = network()
    own = evaluate(net, load_data(), range(3), progress=False).top1
    clean = load_data(split='train', images=RECIPE.match_images)
    net.init_stitches(torch.cat([images for images, _ in clean]))
    if torch.accelerator.is_available():
        net.to(torch.accelerator.current_accelerator())
    return net, own


def run_folder(variant: str, seed: int) -> Path:
    return RUNS / f'{variant}-{seed}'


def train_one(net: SNNet, variant: str, seed: int) -> pd.DataFrame:  # a row a step
    "Train from the start, or go on where this variant's run was."
    recipe = replace(RECIPE, seed=seed, **VARIANTS[variant])
    loader = load_data(
        split='train', batch_size=recipe.batch_size, augment=True, shuffle=True, seed=seed
    )
    return train_whole(net, loader, recipe, run_folder(variant, seed), every=2, progress=False)


def one(variant: str, seed: int) -> dict:
    "Train and evaluate one network; a row of the table."
    net, own = start(seed)
    rows = train_one(net, variant, seed)
    curve = evaluate(net, load_data(), progress=False)
    bought = curve.sort_values('macs').top1.cummax()  # what each stitch's cost buys
    changes = curve.top1[:3] - own
    macs = curve.set_index('stitch').macs
    return dict(
        sampler=variant,
        seed=seed,
        steps=len(rows),
        mean=curve.top1.mean(),
        frontier=bought.mean(),
        worst=curve.top1.min(),
        anchor_drop=-changes.min(),
        anchor_0=changes[0],
        anchor_1=changes[1],
        anchor_2=changes[2],
        draws_macs=macs[rows.stitch].mean() / 1e6,
        images_per_s=rows.images_per_s.iloc[-1],
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads',
        torch=torch.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
    )


def table() -> pd.DataFrame:
    return pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=['sampler', 'seed'])


def is_done(variant: str, seed: int) -> bool:
    done = table()
    return bool((done.sampler.eq(variant) & done.seed.eq(seed)).any())


def note(row: dict):
    "Add a row, in the order of samplers and seeds."
    with FileLock(RUNS / '.lock'):
        rows = pd.DataFrame([row])
        if TABLE.exists():
            rows = pd.concat([table(), rows])
        rows['order'] = rows.sampler.map(list(VARIANTS).index)
        rows = rows.sort_values(['order', 'seed']).drop(columns='order')
        rows.round(3).to_csv(TABLE, index=False)


def summary() -> pd.DataFrame:
    "Mean over seeds, and the spread (standard deviation) of the mean accuracy."
    accuracies = ['mean', 'frontier', 'worst', 'anchor_drop', 'anchor_0', 'anchor_1', 'anchor_2']
    found = table().groupby('sampler', sort=False)
    means = found[[*accuracies, 'draws_macs']].mean()
    return means.assign(spread=found['mean'].std(), seeds=found.size()).round(2)


def main(asked: list[str]):
    RUNS.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        for variant in asked:
            try:
                with FileLock(RUNS / f'{variant}-{seed}.lock', timeout=0):
                    if is_done(variant, seed):
                        continue
                    note(one(variant, seed))
                    shutil.rmtree(run_folder(variant, seed))
            except Timeout:
                continue  # another process is at it
            print(summary().to_string(), flush=True)


if __name__ == '__main__':
    asked = sys.argv[1:] or list(VARIANTS)
    for name in asked:
        if name not in VARIANTS:
            sys.exit(f'no sampler {name!r}: one of {", ".join(VARIANTS)} is needed')
    main(asked)
