"""Measure against the plain way, in the same run: `make bench` (or `make bench ARGS=start`).

Each row is a ratio: how many times faster than the plain way, or the overhead over it. Writes data/bench.csv.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
import pandas as pd
import timm
import torch
from bench_stitch import (
    compiled_forwards,
    decision_seconds,
    predicted_seconds,
    prediction_errors,
    processes_seconds,
)
from bench_window import bench_slider
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from snnet_lab.cost import cost_table, count_macs
from snnet_lab.curves import within_budget
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import load_family
from snnet_lab.latency import synchronize
from snnet_lab.matching import _features, _plan, _take_in, solve_layers
from snnet_lab.recipes import ALGORITHM_1, Recipe, find_recipe
from snnet_lab.snnet import SNNet
from snnet_lab.space import Stitch
from snnet_lab.training import make_optimizer, train

TABLE = Path(__file__).parents[1] / 'data/bench.csv'
DEVICE = torch.device('cuda' if torch.cuda.is_available() else 'cpu')


def seconds(f: Callable, repeats: int = 1) -> float:
    "Median seconds of a call."
    times = []
    for _ in range(repeats):
        synchronize(DEVICE)
        began = time.perf_counter()
        f()
        synchronize(DEVICE)
        times.append(time.perf_counter() - began)
    return median(times)


def row(what: str, ours: float, plain: float, plainly: str, kind: str = 'times faster') -> dict:
    "Seconds our way beside those of the plain way."
    ratio = plain / ours if kind == 'times faster' else ours / plain
    print(f'{what}: {ours:.4g} s, {plainly}: {plain:.4g} s, {ratio:.2f} {kind}', flush=True)
    return dict(
        what=what,
        seconds=float(f'{ours:.4g}'),
        plain_seconds=float(f'{plain:.4g}'),
        ratio=round(ratio, 3),
        kind=kind,
        plain=plainly,
    )


def random_family(name: str) -> SNNet:
    return load_family(name, weights=None).to(DEVICE).eval()


def random_images(net: SNNet, count: int) -> torch.Tensor:  # (B, C, H, W)
    return torch.randn(count, *net.anchors[0].size, device=DEVICE)


# ---------------------------------------------------------------- the least-squares start


@torch.no_grad()
def bench_start() -> list[dict]:
    "Least squares for DeiT-Ti/S/B (random weights) with 100 images: features, and solving from them."
    net = random_family('deit')
    images = random_images(net, 100)
    systems, features = _plan(net, 'joint'), []
    extract = seconds(
        lambda: features.extend(_features(net, part, systems) for part in images.split(25))
    )
    extract_plainly = seconds(lambda: run_anchors(net, images))
    whole = {k: torch.cat([part[k] for part in features]).flatten(0, 1) for k in features[0]}
    ours = seconds(lambda: solve(net, systems, features))
    plain = seconds(lambda: solve_plainly(systems, whole))
    what = 'least-squares start, DeiT-Ti/S/B, 100 images'
    each = 'one pseudo-inverse a position'
    return [
        row(f'{what}: solving', ours, plain, each),
        row(
            f'{what}: features',
            extract,
            extract_plainly,
            'the three models as they are',
            'of the plain time',
        ),
        row(
            f'{what}: features and solving',
            extract + ours,
            extract + plain,
            f'the same features, {each}',
        ),
    ]


def run_anchors(net: SNNet, images: torch.Tensor):
    for anchor in net.anchors:
        for part in images.split(25):
            anchor(part)


def solve(net: SNNet, systems: dict, features: list[dict]):
    "As `match` does, from features that are there."
    moments = {}
    for part in features:
        _take_in(net, dict(part), 5, systems, moments, torch.float32)
    solve_layers(moments)


def solve_plainly(systems: dict, features: dict):  # features: (anchor, boundary) -> (R, C)
    "As the official code: a pseudo-inverse a position, and a layer is their mean."
    for (key, _), system in systems.items():
        _, front, back, _ = key
        maps = []
        for f, boundaries in system.items():
            for b in boundaries:
                maps.append(torch.linalg.pinv(features[front, f]) @ features[back, b])
        torch.stack(maps).mean(0)


# ---------------------------------------------------------------- costs, curve, overhead


def bench_cost() -> list[dict]:
    "The cost table against one counted forward a stitch."
    small = random_family('fashion')
    deit = load_family('deit', weights=None).anchors
    large = SNNet(deit, nearest=False, max_anchors=3).to(DEVICE).eval()
    some = list(large.space)[::61]
    each = seconds(lambda: count_plainly(large, some)) / len(some)
    return [
        row(
            f'cost table, DeiT-Ti/S/B, {len(large.space)} stitches',
            seconds(lambda: cost_table(large)),
            each * len(large.space),
            f'one counted forward a stitch (from {len(some)} of them)',
        ),
        row(
            f'cost table, fashion, {len(small.space)} stitches',
            seconds(lambda: cost_table(small), 3),
            seconds(lambda: count_plainly(small, list(small.space)), 3),
            'one counted forward a stitch',
        ),
    ]


@torch.no_grad()
def count_plainly(net: SNNet, stitches: list[Stitch]):
    image = torch.zeros(1, *net.anchors[0].size, device=DEVICE)
    for stitch in stitches:
        count_macs(partial(net, stitch=stitch), image)


def bench_curve() -> list[dict]:
    "The curve against one pass over the images a stitch."
    net = random_family('fashion')
    batches = list(load_data(images=1000))
    costs = cost_table(net)  # measured above
    with patch('snnet_lab.evaluation.cost_table', lambda net: costs):
        ours = seconds(lambda: evaluate(net, batches, progress=False))
    plain = seconds(lambda: evaluate_plainly(net, batches))
    what = f'curve, fashion, {len(net.space)} stitches, 1,000 images'
    return [row(what, ours, plain, 'each stitch by itself')]


@torch.no_grad()
def evaluate_plainly(net: SNNet, batches: list):
    for stitch in net.space:
        for images, labels in batches:
            (net(images.to(DEVICE), stitch).argmax(-1).cpu() == labels).sum()


@torch.no_grad()
def bench_overhead() -> list[dict]:
    "A stitch's forward against the timm models' own modules and the layer, called by hand."
    return [
        overhead('fashion', 64, repeats=100),
        overhead('fashion', 1, repeats=1000),
        overhead('deit', 1, repeats=20),
        overhead('deit', 8, repeats=6),
        overhead('deit', 64, repeats=3),
        *(every_stitch(batch, repeats) for batch, repeats in ((1, 30), (64, 5))),
    ]


def overhead(family: str, batch: int, repeats: int) -> dict:
    net = random_family(family)
    stitch = net.space[50]
    images = random_images(net, batch)
    ours, plainly = partial(net, images, stitch), partial(forward_plainly, net, images, stitch)
    assert torch.equal(ours(), plainly())
    return row(
        f'one stitch, {family}, batch {batch}',
        *least_of(ours, plainly, repeats),
        "the anchors' own blocks by hand",
        'of the plain time',
    )


def every_stitch(batch: int, repeats: int) -> dict:
    "All stitches of two anchors of the shipped family, each beside its anchors' own blocks."
    net = random_family('fashion')
    images = random_images(net, batch)
    ours, plain = 0.0, 0.0
    for stitch in net.space:
        if not stitch.cuts:
            continue
        by_hand = partial(forward_plainly, net, images, stitch)
        of_stitch = least_of(partial(net, images, stitch), by_hand, repeats)
        ours, plain = ours + of_stitch[0], plain + of_stitch[1]
    what = f'every stitch of two anchors, fashion, batch {batch}'
    return row(what, ours, plain, "the anchors' own blocks by hand", 'of the plain time')


def least_of(ours: Callable, plainly: Callable, repeats: int) -> tuple[float, float]:
    "The least disturbed time of each, in turn: the machine may be shared."
    times = [(seconds(ours), seconds(plainly)) for _ in range(repeats)]
    return min(t for t, _ in times), min(t for _, t in times)


def bench_budget() -> list[dict]:
    "A budget's stitch from the kept price list, against a table that is sorted each time."
    net = load_family('fashion')
    ours = partial(net.set_budget, macs=10e6)
    plainly = partial(within_budget, net.curve, macs=10e6)
    assert ours().id == plainly()
    what = 'net.set_budget, fashion'
    return [row(what, *least_of(ours, plainly, 1000), 'the table is sorted each time')]


def bench_decision() -> list[dict]:
    ours, plain = decision_seconds()
    return [row('a decision of the BudgetController', ours, plain, 'the table is sorted each time')]


def bench_processes(images: int = 2000) -> list[dict]:
    what = f'curve, fashion, {images:,} images: two processes'
    return [row(what, *processes_seconds(images), 'one process, start and all')]


def bench_compiled() -> list[dict]:
    "Blocks compiled by inductor against eager ones."
    rows = []
    for family, batch, repeats in (('fashion', 1, 300), ('fashion', 64, 40), ('deit', 1, 20)):
        net = random_family(family)
        forwards = compiled_forwards(net, random_images(net, batch), 50)
        what = f'one stitch, {family}, batch {batch}: net.compiled()'
        rows.append(row(what, *least_of(*forwards, repeats), 'eager'))
    return rows


def bench_predicted() -> list[dict]:
    "The curve from a sixth of its stitches: time, and how far off the others are."
    batches = list(load_data(images=1000))
    what = 'curve, fashion, 1,000 images: a sixth of the stitches, the others predicted'
    ours, plain = prediction_errors()
    print(f'predicted: {ours:.3f} points off, a line over cost {plain:.3f}')
    error = dict(
        what='curve, fashion: error of what is predicted from a sixth',
        ratio=round(plain / ours, 3),
        kind='times nearer',
        plain=f'{ours:.3f} points off; a line over cost {plain:.3f}',
    )
    return [row(what, *predicted_seconds(batches), 'all stitches'), error]


def forward_plainly(net: SNNet, images: torch.Tensor, stitch: Stitch) -> torch.Tensor:  # (B, K)
    "A stitch of two ViTs, written down with timm's modules."
    first, second = (net.anchors[a].model for a in stitch.anchors)
    ((leave, enter),) = stitch.cuts
    x = first.norm_pre(first.patch_drop(first._pos_embed(first.patch_embed(images))))
    for i in range(leave[1] + 1):  # a slice would make a new Sequential
        x = first.blocks[i](x)
    x = net.stitching_layer(stitch.layers[0])(x)
    for i in range(enter[1], len(second.blocks)):
        x = second.blocks[i](x)
    return second.forward_head(second.norm(x))


# ---------------------------------------------------------------- memory


MEMORY = """
import resource

import torch

from snnet_lab.families import load_family


class Images:  # made when asked for, a second time if need be
    def __iter__(self):
        for i in range(COUNT // 25):
            yield torch.randn(25, 3, 224, 224, generator=torch.Generator().manual_seed(i))


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


net = load_family('deit', weights=None)
before = peak()
net.init_stitches(Images())
print(peak(), before)
"""


def bench_memory() -> list[dict]:
    "Peak memory of a process that starts DeiT-Ti/S/B from 1,000 streamed images, and before the start."
    command = [sys.executable, '-c', MEMORY.replace('COUNT', '1000')]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, before = map(float, done.stdout.split())
    print(f'peak memory of the start from 1,000 images: {peak:.2f} GiB, {before:.2f} GiB before it')
    return [
        dict(
            what='least-squares start, DeiT-Ti/S/B, 1,000 images: peak memory',
            seconds=None,
            plain_seconds=None,
            ratio=round(peak, 2),
            kind='GiB at peak',
            plain=f'{before:.2f} GiB before the start',
        )
    ]


# ---------------------------------------------------------------- training


class Batches(Dataset):
    "The same images again and again, a batch an item: what is measured is the training."

    def __init__(self, images, labels, steps: int):
        self.images, self.labels, self.steps = images, labels, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, i):
        return self.images, self.labels


PLAIN = ALGORITHM_1 | dict(distill=0.5)  # and a teacher's hard labels, as in the paper


def train_plainly(net, loader, teacher, recipe: Recipe, clock) -> list[float]:
    "Algorithm 1 as one would write it down: eager, fp32, one stitch a step; the losses."
    optimizer, losses = torch.optim.AdamW(net.parameters(), recipe.lr), []
    net.train()
    for step, (images, labels) in enumerate(loader):
        stitch = int(np.random.default_rng([recipe.seed, step]).integers(len(net.space)))
        images, labels = images.to(DEVICE), labels.to(DEVICE)
        with torch.no_grad():
            taught = teacher(images).argmax(-1)
        logits = net(images, stitch)
        by_labels, by_teacher = F.cross_entropy(logits, labels), F.cross_entropy(logits, taught)
        loss = (1 - recipe.distill) * by_labels + recipe.distill * by_teacher
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        clock(step + 1)
    return losses


class Clock:
    "A callback that notes when each step is done."

    def __init__(self):
        self.stamps = []

    def note(self, step: int):
        synchronize(DEVICE)
        self.stamps.append(time.perf_counter())

    def after_step(self, t):
        self.note(t.step)

    def seconds(self, warm: int) -> np.ndarray:  # of each step after the first so many
        return np.diff(self.stamps)[warm - 1 :]


def same_images(net, batch: int, steps: int) -> DataLoader:
    images = torch.randn(batch, *net.anchors[0].size, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(batch) % net.anchors[0].num_classes
    pinned = DEVICE.type == 'cuda'
    return DataLoader(Batches(images, labels, steps), batch_size=None, pin_memory=pinned)


def training_seconds(
    make, teacher, batch: int, recipe: Recipe, steps: int, warm: int, repeats: int = 1
) -> tuple[float, float, list, list]:
    """Seconds a step of `train` and of the plain loop, and their losses.

    Both in turn; after `warm` steps; of each step the least disturbed time.
    """
    own_times, plain_times = [], []
    for _ in range(repeats):
        net, clock = make().to(DEVICE), Clock()
        loader = same_images(net, batch, steps)
        rows = train(net, loader, recipe, teacher=teacher, callbacks=[clock], progress=False)
        own_times.append(clock.seconds(warm))

        net, clock = make().to(DEVICE), Clock()
        plain = train_plainly(net, loader, teacher, recipe, clock.note)
        plain_times.append(clock.seconds(warm))
    own = np.min(own_times, 0).mean()
    return own, np.min(plain_times, 0).mean(), rows.loss.tolist(), plain


def recipe_seconds(batched: bool, steps: int = 24, warm: int = 4) -> np.ndarray:  # a step
    "The shipped family trained by Algorithm 1, without a teacher, at its recipe's rates."
    net, clock = load_family('fashion', weights='anchors').to(DEVICE), Clock()
    recipe = replace(find_recipe('fashion_algorithm_1'), epochs=1, warmup_epochs=0)
    loader = load_data(
        split='train',
        batch_size=recipe.batch_size,
        images=steps * recipe.batch_size,
        augment=True,
        shuffle=True,
        batched=batched,
    )
    train(net, loader, recipe, callbacks=[clock], progress=False)
    return clock.seconds(warm)


def bench_images(repeats: int = 5) -> list[dict]:
    "The shipped family's training, its images augmented as whole batches or one at a time."
    at_once, one_at_a_time = [], []
    for _ in range(repeats):  # in turn, so that both meet the same machine
        at_once.append(recipe_seconds(batched=True))
        one_at_a_time.append(recipe_seconds(batched=False))
    return [
        row(
            'training, fashion, Algorithm 1, batch 128: a step with its images',
            np.min(at_once, 0).mean(),
            np.min(one_at_a_time, 0).mean(),
            'images augmented one at a time',
        )
    ]


def bench_muon(repeats: int = 7) -> list[dict]:
    "A step of the optimiser over ViT-128; on a CPU with bfloat16 of its own ours is timm's."
    net = load_family('fashion', weights=None).to(DEVICE)
    optimizer = make_optimizer(net, find_recipe('fashion'))
    images = random_images(net, 2)
    net(images, 2).sum().backward()
    plain = timm.optim.muon.zeropower_via_newtonschulz
    plain = getattr(plain, '__wrapped__', plain)
    seconds(optimizer.step)
    ours = seconds(optimizer.step, repeats)
    with patch.object(timm.optim.muon, 'zeropower_via_newtonschulz', plain):
        as_timm = seconds(optimizer.step, repeats)
    what = f"training, fashion: a step of nmuon over the largest anchor, {cpu_words()}"
    return [row(what, ours, as_timm, "timm's iterations in bfloat16")]


def cpu_words() -> str:
    "What the CPU can do, where it matters."
    return torch.backends.cpu.get_cpu_capability() if DEVICE.type == 'cpu' else DEVICE.type


def bench_train() -> list[dict]:
    """Training against a loop by hand, and its images against images one at a time.

    The shipped family as it is; with a GPU, DeiT-Ti/S/B and the paper's teacher, in mixed precision
    and compiled.
    """
    make = partial(load_family, 'fashion', weights='anchors')
    recipe = Recipe(epochs=1, warmup_epochs=0, batch_size=128, **PLAIN)
    teacher = make().anchors[-1].to(DEVICE).eval()
    by_hand = 'a loop by hand, eager, fp32'
    ours, plain, *_ = training_seconds(make, teacher, 128, recipe, 24, 4, 5)
    what = 'training, fashion, batch 128, fp32: a step'
    rows = [row(what, ours, plain, by_hand), *bench_images()]
    if DEVICE.type != 'cuda':
        return rows
    make = partial(load_family, 'deit', weights=None)
    recipe = replace(recipe, precision='bf16', compile=True)
    teacher = timm.create_model('regnety_160').to(DEVICE).eval()
    ours, plain, *_ = training_seconds(make, teacher, 128, recipe, 120, 60)
    what = 'training, DeiT-Ti/S/B with RegNetY-160'
    epoch = 1_281_167 / 128
    return [
        *rows,
        row(f'{what}, batch 128 of 224x224: a step', ours, plain, by_hand),
        row(
            f'{what}: an epoch of 1,281,167 images, worked out',
            ours * epoch,
            plain * epoch,
            by_hand,
        ),
    ]


BENCHES = dict(
    slider=bench_slider,
    train=bench_train,
    muon=bench_muon,
    memory=bench_memory,
    start=bench_start,
    cost=bench_cost,
    curve=bench_curve,
    overhead=bench_overhead,
    budget=bench_budget,
    decision=bench_decision,
    processes=bench_processes,
    compiled=bench_compiled,
    predicted=bench_predicted,
)


def machine() -> str:
    load, day = os.getloadavg()[0], time.strftime('%Y-%m-%d', time.gmtime())
    threads = torch.get_num_threads()
    version = torch.__version__
    return f'{DEVICE.type}, {threads} threads, load {load:.1f}, torch {version}, {day}, make bench'


def main(asked: list[str]):
    "Measure what is asked for, or all; rows of the same name are replaced."
    if unknown := [name for name in asked if name not in BENCHES]:
        sys.exit(f'no bench {unknown[0]!r}: one of {", ".join(BENCHES)} is needed')
    facts = dict(machine=machine(), python=platform.python_version())
    rows = []
    for name in asked or BENCHES:
        rows += BENCHES[name]()
    table = pd.DataFrame(rows).assign(**facts)
    if TABLE.exists():
        old = pd.read_csv(TABLE)
        table = pd.concat([old[~old.what.isin(table.what)], table])
    table.to_csv(TABLE, index=False)


if __name__ == '__main__':
    main(sys.argv[1:])
