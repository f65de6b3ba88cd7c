"""Find the better recipe, chosen on a validation split: `make recipes`.

    python data/make_recipes.py                  # what data/recipes.csv holds already is kept
    python data/make_recipes.py screen           # only this stage: screen, final or long
    python data/make_recipes.py screen/four+own  # only the runs of one candidate

Every run starts from the shipped family's anchors as they were before stitching and from least
squares, and trains on the first 50,000 training images; the last 10,000 choose. (The anchors were
trained on all 60,000.) `screen` is one epoch and one seed, to throw out what does badly. `final` and
`long` are 4 and 16 epochs, over three seeds, of two baselines and of what did well, put together; they
are told on the 10,000 test images too. Interrupted, a run goes on where it was; several may run side
by side. Delete rows to make them again.
"""

import platform
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock, Timeout
from timm.utils import ModelEmaV3
from torch import nn
from torch.utils.data import DataLoader, Subset
from trainings import macs_spent, network, train_whole

from snnet_lab.cost import part_costs
from snnet_lab.curves import anchor_line, frontier
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.files import data_dir
from snnet_lab.recipes import find_recipe
from snnet_lab.samplers import SAMPLERS, Uniform
from snnet_lab.snnet import SNNet, run_parts
from snnet_lab.space import Stitch

TABLE = data_dir() / 'recipes.csv'
RUNS = Path(__file__).parents[1] / 'build/recipes'
TRAINED_ON = 50_000  # the first training images; the others are the validation split
BATCH = 128
EVERY = dict(validation=4, test=1)  # which are judged, beside the anchors: each fourth, or all


# --- The candidates


@dataclass(frozen=True)
class Candidate:
    "A way to train: changes of the recipe, of the space, of the labels."

    recipe: dict
    rules: dict | None = None  # of the space
    soft: float = 0.0  # share of the largest anchor's answer to the clean image in the label
    match_images: int = 1000  # for the least-squares start
    average: float | None = None  # decay of a moving average of the weights over the steps
    rank: int | None = None  # of each position's own part, beside what its window shares
    shared_front: bool = False  # each stitch drawn brings another behind the same front


PAPER = replace(find_recipe('fashion_algorithm_1'), batch_size=BATCH)
FAST = dict(lr=2 * PAPER.lr, lr_stitches=2 * PAPER.lr_stitches)
SLOW = dict(lr=PAPER.lr / 4)  # of the anchors
FOUR = dict(stitches_per_step=4)
EIGHT = dict(stitches_per_step=8)
OWN = dict(layer_per='position')  # a stitching layer for each
DOWN = dict(direction='slow_to_fast')
KEEP = dict(keep_anchors=0.5)
TAUGHT = dict(distill=0.9, teacher='largest', temperature=2.0)
CANDIDATES = {
    'paper': Candidate({}),
    'frontier+keep+taught': Candidate(dict(sampler='frontier') | KEEP | TAUGHT),
    'four': Candidate(FOUR),
    'eight': Candidate(EIGHT),
    'fast': Candidate(FAST),
    'four+fast': Candidate(FOUR | FAST),
    'four+fast+soft': Candidate(FOUR | FAST, soft=0.9),
    'four+fast+soft+keep': Candidate(FOUR | FAST | KEEP, soft=0.9),
    'four+fast+balance': Candidate(FOUR | FAST | dict(balance_gradients=True)),
    'sandwich+four+fast': Candidate(FOUR | FAST | dict(sampler='sandwich')),
    'four+fast+taught': Candidate(FOUR | FAST | TAUGHT),
    'four+keep+taught': Candidate(FOUR | KEEP | TAUGHT),
    'frontier+four+keep+taught': Candidate(dict(sampler='frontier') | FOUR | KEEP | TAUGHT),
    'four+soft+keep': Candidate(FOUR | KEEP, soft=0.9),
    'sandwich+four+soft+keep': Candidate(FOUR | KEEP | dict(sampler='sandwich'), soft=0.9),
    'slow+four+soft+keep': Candidate(FOUR | KEEP | SLOW, soft=0.9),
    'frontier+four+soft+keep': Candidate(FOUR | KEEP | dict(sampler='frontier'), soft=0.9),
    'own': Candidate({}, rules=OWN),
    'four+own': Candidate(FOUR, rules=OWN),
    'frontier+four+keep+taught+own': Candidate(
        dict(sampler='frontier') | FOUR | KEEP | TAUGHT, rules=OWN
    ),
    'sandwich+four+soft+keep+own': Candidate(
        dict(sampler='sandwich') | FOUR | KEEP, rules=OWN, soft=0.9
    ),
    'frontier+four+soft+keep+own': Candidate(
        dict(sampler='frontier') | FOUR | KEEP, rules=OWN, soft=0.9
    ),
    'four+average': Candidate(FOUR, average=0.98),
    'more images': Candidate({}, match_images=10_000),
    'near': Candidate(dict(sampler='near')),
    'low rank': Candidate({}, rules=OWN, rank=4),
    'four+low rank': Candidate(FOUR, rules=OWN, rank=4),
    'front': Candidate({}, shared_front=True),
    'four+front': Candidate(FOUR, shared_front=True),
    'down': Candidate({}, rules=DOWN),
    'down+four': Candidate(FOUR, rules=DOWN),
    'down+four+own': Candidate(FOUR, rules=DOWN | OWN),
    'down+frontier+four+soft+keep+own': Candidate(
        dict(sampler='frontier') | FOUR | KEEP, rules=DOWN | OWN, soft=0.9
    ),
    'down+frontier+four+keep+taught+own': Candidate(
        dict(sampler='frontier') | FOUR | KEEP | TAUGHT, rules=DOWN | OWN
    ),
}
BASELINES = ('paper', 'frontier+keep+taught')  # Algorithm 1, labels only; the default of before
BEST = (  # of what did well alone, together
    'frontier+four+keep+taught+own',
    'sandwich+four+soft+keep+own',
    'frontier+four+soft+keep+own',
)
FINALISTS = (*BASELINES, *BEST)


class Near(Uniform):
    "The next stitch costs about as much: one of ten on either side of the last (limited jumps)."

    reach = 10
    last = None  # the stitch drawn last

    def draw(self, number: int, rng) -> int:
        here = self.ordered.index(self.last) if number else rng.integers(len(self.ordered))
        within = range(max(0, here - self.reach), min(len(self.ordered), here + self.reach + 1))
        self.last = self.ordered[rng.choice(within)]
        return self.last

    def state(self) -> dict:
        return super().state() | dict(last=self.last)

    def restore(self, state: dict):
        super().restore(state)
        self.last = state['last']


SAMPLERS['near'] = Near


class Average:
    "Trains as ever; what is left at the end is the average of the weights over the steps."

    def __init__(self, share: float):
        self.share = share

    def before_fit(self, t):
        self.mean = ModelEmaV3(t.net, decay=self.share)

    def after_step(self, t):
        self.mean.update(t.net)

    def after_fit(self, t):
        t.net.load_state_dict(self.mean.module.state_dict())


class SharedFront:
    "Each stitch drawn brings another that leaves the same anchor: their front runs once for both."

    more_macs = 0  # of the stitches that were brought, behind the front; of all steps

    def before_fit(self, t):
        self.net, self.objective = t.net, t.objective
        self.macs = t.net.cost_table().macs
        self.parts = [part_costs(anchor) for anchor in t.net.anchors]
        t.loss_of = self.loss_of

    def loss_of(self, stitch: int, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        "The mean of both objectives. No candidate has a front and a teacher or kept anchors: labels only."
        space = self.net.space
        front = space[stitch].anchors[0]
        others = [s.id for s in space if s.anchors[0] == front and s.id != stitch]
        if not others:  # nothing leaves the last anchor
            return self.objective(self.net(images, stitch), labels)
        other = np.random.choice(others)  # numpy is seeded at each step
        near, far = sorted((space[stitch], space[other]), key=self.leaves)
        here, there = self.leaves(near), self.leaves(far)
        anchor = self.net.anchors[front]
        x = anchor.segment(-1, here)(images)
        at_near = run_parts(self.net.parts(near)[1:], x)
        if there > here:
            x = anchor.segment(here, there)(x)
        at_far = run_parts(self.net.parts(far)[1:], x)
        shared = sum(part.macs for part in self.parts[front][: here + 1])  # a stem, and blocks
        self.more_macs += (self.macs[other] - shared) * len(images)
        return (self.objective(at_near, labels) + self.objective(at_far, labels)) / 2

    def leaves(self, stitch: Stitch) -> int:
        "Behind how many of its front's blocks; an anchor alone behind all and the head."
        cuts = self.net.anchors[stitch.anchors[0]].cuts
        stop = stitch.spans[0][2]
        return len(cuts.ends) if stop is None else cuts.index(stop) + 1


class LowRank(nn.Linear):
    "A position's stitching layer: what its window shares, and a part of low rank of its own."

    def __init__(self, shared: nn.Linear, own: nn.Linear, rank: int):
        super().__init__(own.in_features, own.out_features)
        self.weight, self.bias = shared.weight, shared.bias
        # to start with, what can be had by this rank of what least squares gives the position alone
        u, s, v = torch.linalg.svd((own.weight - shared.weight).detach(), full_matrices=False)
        self.down = nn.Parameter(s[:rank, None].sqrt() * v[:rank])  # (rank, in)
        self.up = nn.Parameter(u[:, :rank] * s[:rank].sqrt())  # (out, rank)
        self.shift = nn.Parameter((own.bias - shared.bias).detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x @ self.down.T @ self.up.T + self.shift


def share_layers(
    net: SNNet,  # a stitching layer for each position
    windows: SNNet,  # the same anchors, a stitching layer for each window
    rank: int,
):
    "Let the positions of each window share its layer, beside a part of low rank of their own."
    for key, cuts in windows.space.layers.items():
        for name, (own, (cut,)) in zip(net.layers, net.space.layers.items()):
            if own[:3] == key[:3] and cut in cuts:
                shared = windows.stitching_layer(key)
                net.layers[name] = LowRank(shared, net.layers[name], rank)


# --- Images


def training_images(net: SNNet, soft: float, seed: int) -> DataLoader:
    """The first 50,000, augmented; where `soft`, labels are mixed with what the largest anchor says.

    A label of shares is not smoothed (`label_smoothing` of the recipe is for classes).
    """
    options = dict(batch_size=BATCH, augment=True, shuffle=True, seed=seed, images=TRAINED_ON)
    loader = load_data(split='train', **options)
    if soft:
        images = loader.dataset
        own = torch.nn.functional.one_hot(images.labels, 10)
        images.labels = (1 - soft) * own + soft * answers(net)
        loader.collate_fn = with_shares
    return loader


def with_shares(batch: list) -> tuple[torch.Tensor, torch.Tensor]:  # (B, C, H, W), (B, K)
    "A batch of images that each have a share of every class for a label."
    images, shares = zip(*batch)
    return torch.stack(images), torch.tensor(shares)


@torch.no_grad()
def answers(net: SNNet) -> torch.Tensor:  # (50,000, 10)
    "The largest anchor's probabilities, asked once for each clean image."
    clean = load_data(split='train', images=TRAINED_ON)
    found = [net.anchors[-1](images).softmax(-1) for images, _ in clean]
    return torch.cat(found)


def judging_images(split: str) -> DataLoader:
    if split == 'test':
        return load_data()
    images = load_data(split='train').dataset
    return DataLoader(Subset(images, range(TRAINED_ON, len(images))), batch_size=250)


# --- A run


def start(candidate: Candidate) -> SNNet:
    "The network before training."
    net = matched(candidate.rules, candidate.match_images)
    if candidate.rank:
        share_layers(net, matched(None, candidate.match_images), candidate.rank)
    return net


def matched(rules: dict | None, images: int) -> SNNet:
    "The anchors under these rules, joined by least squares."
    torch.manual_seed(0)
    net = network(rules)
    clean = load_data(split='train', images=images)
    net.init_stitches(torch.cat([images for images, _ in clean]))
    return net


def run_folder(name: str, epochs: int, seed: int) -> Path:
    return RUNS / f'{name}-{epochs}-{seed}'


def train_one(
    net: SNNet, name: str, seed: int, epochs: int
) -> tuple[pd.DataFrame, float]:  # a row a step; tera-MACs spent
    "Train from the start, or go on where this run was."
    candidate = CANDIDATES[name]
    recipe = replace(PAPER, epochs=epochs, seed=seed, **candidate.recipe)
    loader = training_images(net, candidate.soft, seed)
    how = dict(folder=run_folder(name, epochs, seed), every=5)
    callbacks, front = [], SharedFront()
    if candidate.average:
        callbacks.append(Average(candidate.average))
    if candidate.shared_front:
        callbacks.append(front)
    if callbacks or candidate.rank:  # not in a checkpoint: such a run begins anew
        how = {}
    rows = train_whole(net, loader, recipe, callbacks=callbacks, **how, progress=False)
    macs = net.cost_table().macs
    asked = TRAINED_ON if candidate.soft else 0  # of the largest anchor, once
    more = asked * macs.iloc[2] + 3 * front.more_macs
    return rows, macs_spent(recipe, rows, macs) + more / 1e12


def judge(net: SNNet, split: str, some: list[int], before: pd.Series) -> dict:
    "What the table says of a curve; keys begin with the split."
    curve = evaluate(net, judging_images(split), some, progress=False).set_index('stitch')
    bought = curve.sort_values('macs').top1.cummax()  # what each stitch's cost buys
    best = frontier(curve.reset_index())
    over = best.top1 - anchor_line(curve.reset_index())[best.index]
    changes = curve.top1[:3] - before
    found = dict(
        mean=curve.top1.mean(),
        frontier=bought.mean(),
        worst=curve.top1.min(),
        drop=-changes.min(),
        mean_drop=-changes.mean(),
        largest_drop=-changes.iloc[-1],
    )
    for pair in ((0, 1), (1, 2)):
        ours = [tuple(sorted(anchors)) == pair for anchors in best.anchors]
        found[f'over_line_{pair[0]}{pair[1]}'] = over[ours].mean() if any(ours) else np.nan
    return {f'{split}_{key}': value for key, value in found.items()}


def anchors_alone(split: str) -> pd.Series:
    return evaluate(network(), judging_images(split), range(3), progress=False).top1


def one(name: str, stage: 'Stage', seed: int) -> dict:
    "Train and evaluate one network; a row of the table."
    candidate = CANDIDATES[name]
    net = start(candidate)
    before = {split: anchors_alone(split) for split in stage.splits}
    goes_on = (run_folder(name, stage.epochs, seed) / 'run.json').exists()
    cpu, wall = time.process_time(), time.time()
    rows, spent = train_one(net, name, seed, stage.epochs)
    seconds = dict(cpu_s=time.process_time() - cpu, wall_s=time.time() - wall)
    if goes_on:  # these are not all
        seconds = dict.fromkeys(seconds)
    count = len(net.space)
    judged = {}
    for split in stage.splits:
        some = [*range(3), *range(3, count, EVERY[split])]
        judged |= judge(net, split, some, before[split])
    return dict(
        stage=stage.name,
        candidate=name,
        seed=seed,
        epochs=stage.epochs,
        steps=len(rows),
        macs_spent=spent,
        layer_params=sum(p.numel() for p in net.layers.parameters()),
        **judged,
        **seconds,
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads',
        torch=torch.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
    )


# --- The table


@dataclass(frozen=True)
class Stage:
    "How long, how often, on which images."

    name: str
    candidates: tuple[str, ...]
    epochs: int
    seeds: int
    splits: tuple[str, ...]


STAGES = [
    Stage('screen', tuple(c for c in CANDIDATES if c not in BEST), 1, 1, ('validation',)),
    Stage('final', FINALISTS, 4, 3, ('validation', 'test')),
    Stage('long', FINALISTS, 16, 3, ('validation', 'test')),
]


def table() -> pd.DataFrame:
    empty = pd.DataFrame(columns=['stage', 'candidate', 'seed'])
    return pd.read_csv(TABLE) if TABLE.exists() else empty


def is_done(stage: str, name: str, seed: int) -> bool:
    rows = table()
    return bool((rows.stage.eq(stage) & rows.candidate.eq(name) & rows.seed.eq(seed)).any())


def note(row: dict):
    "Add a row, in the order of stages, candidates and seeds."
    with FileLock(RUNS / '.lock'):
        rows = pd.DataFrame([row])
        if TABLE.exists():
            rows = pd.concat([table(), rows])
        for column in ('cpu_s', 'wall_s'):
            rows[column] = rows[column].astype(float).round().astype('Int64')
        rows = rows.sort_values(['stage', 'candidate', 'seed'], key=place)
        rows.round(3).to_csv(TABLE, index=False)


def place(column: pd.Series) -> pd.Series:
    "Where the values of a column stand in this file; seeds as they are."
    order = dict(stage=[s.name for s in STAGES], candidate=list(CANDIDATES)).get(column.name)
    return column.map(order.index) if order else column


def wanted(asked: list[str]) -> Iterator[tuple[Stage, str, int]]:
    for stage in STAGES:
        for seed in range(stage.seeds):
            for name in stage.candidates:
                if not asked or stage.name in asked or f'{stage.name}/{name}' in asked:
                    yield stage, name, seed


def main(asked: list[str]):
    RUNS.mkdir(parents=True, exist_ok=True)
    for stage, name, seed in wanted(asked):
        try:
            with FileLock(RUNS / f'{stage.name}-{name}-{seed}.lock', timeout=0):
                if is_done(stage.name, name, seed):
                    continue
                row = one(name, stage, seed)
                note(row)
                shutil.rmtree(run_folder(name, stage.epochs, seed), ignore_errors=True)
        except Timeout:
            continue  # another process is at it
        told = {k: round(float(v), 2) for k, v in row.items() if isinstance(v, float)}
        print(stage.name, name, seed, told, flush=True)


if __name__ == '__main__':
    asked = sys.argv[1:]
    known = [s.name for s in STAGES]
    known += [f'{s.name}/{name}' for s in STAGES for name in s.candidates]
    for name in asked:
        if name not in known:
            sys.exit(f'no stage or run {name!r}: one of {", ".join(known)} is needed')
    main(asked)
