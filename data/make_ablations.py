"""Make the tables that the notebooks of nbs/paper draw from, in data/ablations: `make ablations`.

    python data/make_ablations.py                  # what the tables hold already is kept
    python data/make_ablations.py trained          # only this table: starts, trained, alone or mixed
    python data/make_ablations.py trained/kaiming  # only these runs

Each run begins with the shipped family's anchors as they were before stitching (`mixed`: with a
ResNet trained first), and ends with the top-1 of some of its stitches on the first 1,000 test images,
a row each. A run takes a minute or two on one thread (`mixed` five); interrupted, what is finished is
kept. Several may run side by side. Delete rows to make them again.
"""

import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from filelock import FileLock, Timeout
from torch.utils.data import DataLoader
from trainings import RULES, network, train_whole

from snnet_lab.anchors import Anchor, load_anchor
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import find_family, load_family
from snnet_lab.files import data_dir, write_atomic
from snnet_lab.matching import gather_moments
from snnet_lab.recipes import find_recipe
from snnet_lab.snnet import SNNet

TABLES = data_dir() / 'ablations'
LOCKS = Path(__file__).parents[1] / 'build/ablations'
STEPS = 200
BATCH = 64
IMAGES = 1000  # of the test set
MATCHED = 300  # training images for least squares
RECIPE = replace(find_recipe('fashion_algorithm_1'), epochs=1, warmup_epochs=0.1, batch_size=BATCH)


# --- Networks, and which of their stitches are judged


PAPER = len(network().space)  # stitches


def judged(net: SNNet) -> list[int]:
    "The anchors and every third stitch; of what a larger space has beyond that, about 24; all of a few."
    anchors, count = len(net.anchors), len(net.space)
    if count < PAPER // 3:
        return list(range(count))
    beyond = range(PAPER, count, max(3, (count - PAPER) // 24))
    return [*range(anchors), *range(anchors, min(PAPER, count), 3), *beyond]


def drawn_images(seed: int, count: int) -> torch.Tensor:  # (count, 1, 28, 28)
    "Training images, drawn by the seed."
    loader = load_data(split='train', batch_size=count, shuffle=True, seed=seed)
    return next(iter(loader))[0]


def judge(net: SNNet, batchnorm: torch.Tensor | None = None) -> pd.DataFrame:
    "Rows of stitch, anchors, cuts, macs, params, top1, n."
    curve = evaluate(net, load_data(images=IMAGES), judged(net), False, batchnorm=batchnorm)
    return curve[['stitch', 'anchors', 'cuts', 'macs', 'params', 'top1', 'n']]


# --- Before training: what the start is worth


def least_squares(net: SNNet, seed: int, images: int = MATCHED, shared: str = 'joint'):
    net.init_stitches(drawn_images(seed, images), shared=shared)


def kaiming(net: SNNet, seed: int):
    "PyTorch's own start, which every new layer has already."


@torch.no_grad()
def solved(net: SNNet, seed: int, solve: Callable):  # solve: moments -> weight (out, in)
    "Each layer from the moments of the images, by a solution of one's own."
    moments, _ = gather_moments(net, drawn_images(seed, MATCHED), precise=True)
    for (key, _), (fitted, held) in moments.items():
        m = (fitted + held).moments
        weight = solve(m)
        layer = net.stitching_layer(key)
        layer.weight.copy_(weight)
        layer.bias.copy_(m.mean_y - weight @ m.mean_x)


def ridge(m, share: float) -> torch.Tensor:  # share of the mean energy of a channel
    penalty = share * m.xx.diagonal().mean() * torch.eye(len(m.xx), dtype=m.xx.dtype)
    return torch.linalg.solve(m.xx + penalty, m.xy).T


def low_rank(m, share: float) -> torch.Tensor:  # rank as a share of the front's width
    "Reduced-rank regression: least squares, kept to the directions that carry most of the output."
    weight = torch.linalg.lstsq(m.xx, m.xy).solution.T  # (out, in)
    _, directions = torch.linalg.eigh(weight @ m.xx @ weight.T)
    kept = directions[:, -round(share * len(m.xx)) :]  # (out, rank)
    return kept @ (kept.T @ weight)


def orthogonal(m) -> torch.Tensor:
    "Procrustes: a rotation into the wider space, and one scale."
    u, s, vh = torch.linalg.svd(m.xy.T, full_matrices=False)
    return (s.sum() / m.xx.trace()) * (u @ vh)


STARTS = {
    'least squares, 300 images': least_squares,
    'kaiming': kaiming,
    'averaged, 300 images': partial(least_squares, shared='average'),
    'least squares, 100 images': partial(least_squares, images=100),
    'least squares, 1,000 images': partial(least_squares, images=1000),
    'least squares, 10 images': partial(least_squares, images=10),
    'ridge 0.01': partial(solved, solve=partial(ridge, share=0.01)),
    'least squares, 30 images': partial(least_squares, images=30),
    'orthogonal': partial(solved, solve=orthogonal),
    'half the rank': partial(solved, solve=partial(low_rank, share=0.5)),
    'ridge 0.1': partial(solved, solve=partial(ridge, share=0.1)),
    'least squares, 3,000 images': partial(least_squares, images=3000),
    'least squares, 10,000 images': partial(least_squares, images=10_000),
}


def started(variant: str, seed: int) -> pd.DataFrame:
    torch.manual_seed(seed)
    net = network()
    STARTS[variant](net, seed)
    return judge(net)


# --- After a short training

TRAINED = {  # `rules` of the space, `start`, and fields of the recipe
    'paper': {},
    'kaiming': dict(start=kaiming),
    'slow to fast': dict(rules=dict(direction='slow_to_fast')),
    'stitching layers only': dict(tune='stitches'),
    'eight a step': dict(stitches_per_step=8),
    'all pairs': dict(rules=dict(nearest=False)),
    'both ways': dict(rules=dict(direction='both')),
    'three anchors': dict(rules=dict(nearest=False, max_anchors=3)),
    'kernel 3': dict(rules=dict(kernel=3)),
    'kernel 2, stride 2': dict(rules=dict(kernel=2, stride=2)),
    'kernel 4, stride 4': dict(rules=dict(kernel=4, stride=4)),
}


def trained(variant: str, seed: int) -> pd.DataFrame:
    changes = dict(TRAINED[variant])
    torch.manual_seed(seed)
    net = network(changes.pop('rules', None))
    changes.pop('start', least_squares)(net, seed)
    run(net, seed, **changes)
    return judge(net)


def run(net: SNNet, seed: int, stitches: list[int] | None = None, **changes):
    loader = load_data(
        split='train',
        batch_size=BATCH,
        augment=True,
        shuffle=True,
        seed=seed,
        images=STEPS * BATCH,
    )
    recipe = replace(RECIPE, seed=seed, **changes)
    train_whole(net, loader, recipe, stitches=stitches, progress=False)


# --- Table 1: one architecture trained by itself, from scratch

SHARES = (9, 6, 3)  # blocks of the front, of twelve
ALONE = {f'{a} to {a + 1}, {n}/{12 - n}': ((a, a + 1), n) for n in SHARES for a in (0, 1)}
ALONE |= {f'anchor {a}': ((a,), 12) for a in range(3)}


def alone(variant: str, seed: int) -> pd.DataFrame:
    anchors, blocks = ALONE[variant]
    torch.manual_seed(seed)
    blank = [load_anchor(weights=None, **own) for own in find_family('fashion').anchors]
    net = SNNet(blank, family='fashion', **RULES).eval()
    cuts = [((0, blocks - 1), (0, blocks))] if len(anchors) == 2 else []
    stitch = net.space.find(anchors, cuts).id
    run(net, seed, stitches=[stitch], lr=2e-3)
    curve = evaluate(net, load_data(images=IMAGES), [stitch], progress=False)
    return curve[['stitch', 'anchors', 'cuts', 'macs', 'params', 'top1', 'n']]


# --- A convolutional network stitched to a vision transformer

MIXED_STEPS = 936  # of 128 images, two epochs; the ResNet before it as many
MIXED = {  # before or after training
    'ResNet to ViT': True,
    'ResNet to ViT, not trained': False,
}
STITCHING = replace(RECIPE, epochs=2, batch_size=128, optimizer='adamw', lr=5e-4, lr_stitches=2e-3)


def small_resnet(seed: int) -> Anchor:
    "A ResNet-18-D of 8 channels and a half million MACs, trained from scratch."
    torch.manual_seed(seed)
    channels = tuple(8 * 2**i for i in range(4))
    own = dict(size=(1, 28, 28), in_chans=1, num_classes=10, stem_width=4, channels=channels)
    resnet = load_anchor('resnet18d', weights=None, **own)
    net = SNNet([resnet, load_family('fashion', weights='anchors').anchors[1]])
    recipe = replace(STITCHING, lr=2e-3, seed=seed)
    train_whole(net, augmented(seed), recipe, stitches=[0], progress=False)
    return resnet


def augmented(seed: int) -> DataLoader:
    return load_data(split='train', batch_size=128, augment=True, shuffle=True, seed=seed)


def mixed(variant: str, seed: int) -> pd.DataFrame:
    net = SNNet([small_resnet(seed), load_family('fashion', weights='anchors').anchors[1]])
    least_squares(net, seed)
    if MIXED[variant]:
        train_whole(net, augmented(seed), replace(STITCHING, seed=seed), progress=False)
    return judge(net, batchnorm=drawn_images(seed, 2000))


# --- Tables


@dataclass(frozen=True)
class Runs:
    "The runs of one table."

    make: Callable  # (variant, seed) -> rows
    variants: dict
    steps: int  # of training
    seeds: range = range(3)


MADE_BY = {
    'starts': Runs(started, STARTS, 0),
    'trained': Runs(trained, TRAINED, STEPS),
    'alone': Runs(alone, ALONE, STEPS),
    'mixed': Runs(mixed, MIXED, MIXED_STEPS),
}


def part(name: str, first: int = 0, end: int | None = None) -> list[tuple[str, str]]:
    return [(name, variant) for variant in list(MADE_BY[name].variants)[first:end]]


ORDER = [  # what matters most first
    *part('starts', 0, 3),
    *part('trained', 0, 6),
    *part('starts', 3, 6),
    *part('alone'),
    *part('trained', 6),
    *part('mixed'),
    *part('starts', 6),
]


def table(name: str) -> pd.DataFrame:
    path = TABLES / f'{name}.csv'
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=['variant', 'seed'])


def is_done(name: str, variant: str, seed: int) -> bool:
    rows = table(name)
    return bool((rows.variant.eq(variant) & rows.seed.eq(seed)).any())


def one(name: str, variant: str, seed: int) -> pd.DataFrame:
    "Make a run; its rows, with what made them."
    runs = MADE_BY[name]
    began = time.time()
    rows = runs.make(variant, seed)
    rows.insert(0, 'variant', variant)
    rows.insert(1, 'seed', seed)
    rows.insert(2, 'steps', runs.steps)
    return rows.assign(
        top1=rows.top1.round(3),
        seconds=round(time.time() - began),
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}',
        command=f'python data/make_ablations.py {name}',
        date=time.strftime('%Y-%m-%d', time.gmtime()),
    )


def note(name: str, rows: pd.DataFrame):
    "Add a run, in the order of variants and seeds."
    with FileLock(LOCKS / f'{name}.lock'):
        before = table(name)
        whole = rows if before.empty else pd.concat([before, rows])
        places = whole.variant.map(list(MADE_BY[name].variants).index)
        whole = whole.assign(place=places).sort_values(['place', 'seed', 'stitch'], kind='stable')
        text = whole.drop(columns='place').to_csv(index=False)
        write_atomic(TABLES / f'{name}.csv', text.encode())


def wanted(asked: list[str]) -> Iterator[tuple[str, str, int]]:
    "(table, variant, seed), what matters most first."
    for name, variant in ORDER:
        if not asked or name in asked or f'{name}/{variant}' in asked:
            for seed in MADE_BY[name].seeds:
                yield name, variant, seed


def main(asked: list[str]):
    LOCKS.mkdir(parents=True, exist_ok=True)
    TABLES.mkdir(exist_ok=True)
    for name, variant, seed in wanted(asked):
        stem = f'{name}-{variant}-{seed}'.replace('/', ' of ')
        try:
            with FileLock(LOCKS / f'{stem}.lock', timeout=0):
                if is_done(name, variant, seed):
                    continue
                rows = one(name, variant, seed)
                note(name, rows)
        except Timeout:
            continue  # another process is at it
        took = rows.seconds.iloc[0]
        print(f'{name}, {variant}, seed {seed}: {rows.top1.mean():.2f}, {took} s', flush=True)


if __name__ == '__main__':
    asked = sys.argv[1:]
    known = [*MADE_BY, *(f'{name}/{variant}' for name, variant in ORDER)]
    for name in asked:
        if name not in known:
            sys.exit(f'no table or run {name!r}: one of {", ".join(known)} is needed')
    main(asked)
