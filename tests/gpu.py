"""Prove it on a GPU: `make gpu`, or `python tests/gpu.py [part ...]`; parts:
logits start latency training precision family.

It is made for less than 8 minutes of a CUDA device. It prints a line a result and writes data/gpu.csv after each
part, so that what is cut off leaves what it had. Without CUDA the same parts run in small settings on the CPU, and
data/ stays as it is. It needs torch, timm, accelerate, safetensors, numpy, pandas and tqdm, and runs from a checkout
without being installed.
"""

import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import pandas as pd
import timm
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from snnet_lab.coverage import compiled_blocks
from snnet_lab.curves import frontier
from snnet_lab.data import load_data
from snnet_lab.evaluation import all_logits, evaluate
from snnet_lab.families import FAMILIES, load_family
from snnet_lab.latency import device_name, measure_latency, synchronize
from snnet_lab.matching import match
from snnet_lab.recipes import ALGORITHM_1, Recipe, find_recipe
from snnet_lab.snnet import SNNet
from snnet_lab.space import Stitch
from snnet_lab.training import train

CUDA = torch.cuda.is_available()
DEVICE = torch.device('cuda' if CUDA else 'cpu')
TABLE = ROOT / 'data/gpu.csv'
COLUMNS = ['what', 'seconds', 'plain_seconds', 'ratio', 'unit', 'device', 'torch', 'date']
IMAGENET = 1_281_167  # training images; the paper's run sees them 50 times
PAPER = ALGORITHM_1 | dict(distill=0.5)  # uniform draws, and the class that a teacher names


@dataclass(frozen=True)
class Sizes:
    "How much of each part is done."

    families: tuple[str, ...]  # whose logits are compared
    every: int  # compare each so-many-th stitch
    large: str  # the family of the parts on start, latency and training
    teacher: str  # timm name
    images: int  # of the least-squares start
    stitches: int  # timed, beside the anchors
    repeats: int  # timed calls
    batches: tuple[int, int]  # latency at the first, images/s at the second
    largest: int  # where the search for the largest training batch ends
    steps: int  # of the comparison of precisions
    seeds: int  # of the shipped family, at most
    epochs: int
    train_images: int | None  # None: all
    seconds: float  # for the shipped family


ON_CUDA = Sizes(
    families=tuple(FAMILIES),
    every=1,
    large='deit',
    teacher='regnety_160',
    images=100,
    stitches=12,
    repeats=20,
    batches=(1, 64),
    largest=4096,
    steps=300,
    seeds=5,
    epochs=4,
    train_images=None,
    seconds=120,
)
ON_CPU = Sizes(
    families=('fashion', 'resnet'),
    every=12,
    large='fashion',
    teacher='largest',
    images=20,
    stitches=2,
    repeats=2,
    batches=(1, 4),
    largest=8,
    steps=6,
    seeds=1,
    epochs=1,
    train_images=512,
    seconds=60,
)
SIZES = ON_CUDA if CUDA else ON_CPU


# ---------------------------------------------------------------- results


@dataclass
class Report:
    "Rows of results; on CUDA they are kept in data/gpu.csv."

    rows: list[dict] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str = 's', plain: float | None = None):
        "One result, in `unit`; `plain` is the same done the plain way."
        ratio = None
        if plain is not None:
            faster = value / plain if unit.endswith('/s') else plain / value
            ratio = round(faster, 3)
        row = dict(
            what=what, seconds=_short(value), plain_seconds=_short(plain), ratio=ratio, unit=unit
        )
        self.rows.append(row)
        beside = '' if plain is None else f', plainly {plain:.4g} {unit}: {ratio:.2f} times'
        print(f'{what}: {value:.4g} {unit}{beside}', flush=True)

    def save(self):
        "Replace the rows of the same name, keep the others."
        if not CUDA or not self.rows:
            return
        facts = dict(
            device=device_name(DEVICE),
            torch=torch.__version__,
            date=time.strftime('%Y-%m-%d', time.gmtime()),
        )
        table = pd.DataFrame(self.rows).assign(**facts)[COLUMNS]
        if TABLE.exists():
            old = pd.read_csv(TABLE)
            table = pd.concat([old[~old.what.isin(table.what)], table])
        table.to_csv(TABLE, index=False)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f'{value:.5g}')


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


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    "The largest difference, relative to the largest value."
    ours, theirs = ours.double().cpu(), theirs.double().cpu()
    return float((ours - theirs).abs().max() / theirs.abs().max())


def autocast(bf16: bool):
    return torch.autocast(DEVICE.type, torch.bfloat16) if bf16 else nullcontext()


def random_family(name: str) -> SNNet:
    "A family of random weights; those that start at zero, as some heads do, are drawn too."
    torch.manual_seed(0)
    net = load_family(name, weights=None).eval()
    for parameter in net.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.trunc_normal_(parameter, std=0.02)
    return net


def started_family(images: int = 100) -> SNNet:
    "The shipped family's anchors with stitching layers fresh from least squares."
    net = load_family('fashion', weights='anchors').to(DEVICE)
    batch, _ = next(iter(load_data(split='train', batch_size=images, images=images)))
    net.init_stitches(batch)
    return net


def random_images(net: SNNet, count: int, device: torch.device = DEVICE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, *net.anchors[0].size, generator=generator).to(device)


# ---------------------------------------------------------------- 1. logits


@torch.no_grad()
def logits(report: Report):
    "Every stitch of all families gives on the device what it gives on the CPU."
    for name in SIZES.families:
        net = random_family(name)
        images = random_images(net, 2, torch.device('cpu'))
        stitches = list(net.space)[:: SIZES.every]
        expected = {s.id: y for s, y in all_logits(net, images, stitches)}
        net.to(DEVICE)
        images = images.to(DEVICE)
        worst = max(difference(net(images, s), expected[s.id]) for s in stitches)
        report.add(
            f'logits, {name}: {len(stitches)} stitches, fp32 against the CPU', worst, 'relative'
        )
        assert worst < 1e-4, (
            f'{name}: a stitch differs by {worst:.2e} of its largest logit; 1e-4 is allowed'
        )
        check_variants(report, net, name, images, stitches[-1], expected[stitches[-1].id])


def check_variants(
    report: Report,
    net: SNNet,
    name: str,
    images: torch.Tensor,
    stitch: Stitch,
    expected: torch.Tensor,
):
    "One stitch in mixed precision, channels last, and with compiled blocks."
    with autocast(bf16=True):
        off = difference(net(images, stitch), expected)
    report.add(f'logits, {name}: stitch {stitch.id}, bf16', off, 'relative')
    assert off < 0.1, f'{name} in bf16 differs by {off:.2e}'
    with compiled(net, stitch):
        off = difference(net(images, stitch), expected)
    report.add(f'logits, {name}: stitch {stitch.id}, compiled blocks', off, 'relative')
    assert off < 1e-3, f'{name} compiled differs by {off:.2e}'
    net.to(memory_format=torch.channels_last)
    off = difference(net(images.contiguous(memory_format=torch.channels_last), stitch), expected)
    report.add(f'logits, {name}: stitch {stitch.id}, channels last', off, 'relative')
    assert off < 1e-3, f'{name} channels last differs by {off:.2e}'


@contextmanager
def compiled(net: SNNet, *stitches: Stitch) -> Iterator[None]:
    "Inside, the blocks of these stitches' anchors are compiled."
    with ExitStack() as stack:
        for a in sorted({a for s in stitches for a in s.anchors}):
            anchor = net.anchors[a]
            stack.enter_context(compiled_blocks(anchor, list(anchor.cuts.ends[1:]), BACKEND))
        yield


BACKEND = 'inductor' if CUDA else 'eager'


# ---------------------------------------------------------------- 2. least-squares start


@torch.no_grad()
def start(report: Report):
    "The least-squares start, features and solving, against the official way."
    net = random_family(SIZES.large)
    images = random_images(net, SIZES.images, torch.device('cpu'))
    expected, _ = match(net, images)
    net.to(DEVICE)
    images = images.to(DEVICE)
    match(net, images[:5])  # the first use of a device's linear algebra loads it
    ours = seconds(lambda: match(net, images))
    found, _ = match(net, images)
    worst = max(difference(found[key][0], expected[key][0]) for key in expected)
    report.add(f'start, {SIZES.large}: weights against the CPU', worst, 'relative')
    plain = seconds(lambda: start_plainly(net, images))
    report.add(f'start, {SIZES.large}, {len(images)} images', ours, 's', plain)


def start_plainly(net: SNNet, images: torch.Tensor) -> dict:
    "As the official code: for each position both anchors' features and a pseudo-inverse; a layer is their mean."
    found = {}
    for key, positions in net.space.layers.items():
        _, front, back, _ = key
        maps = []
        for leave, enter in positions:
            x = rows(net.anchors[front], images, leave, after=True)
            y = rows(net.anchors[back], images, enter, after=False)
            maps.append(torch.linalg.pinv(x) @ y)
        found[key] = torch.stack(maps).mean(0)
    return found


def rows(
    anchor, images: torch.Tensor, block: tuple[int, int], after: bool
) -> torch.Tensor:  # (R, C)
    "What crosses behind (or in front of) a block, as rows; the whole anchor runs for it."
    at = anchor.cuts.index(block) + after
    module = anchor.model.get_submodule(anchor.cuts.ends[at])
    seen = []
    hook = module.register_forward_hook(lambda module, args, out: seen.append(out))
    for part in images.split(25):
        anchor(part)
    hook.remove()
    return torch.cat(seen).flatten(0, 1)


# ---------------------------------------------------------------- 3. latency


@torch.no_grad()
def latency(report: Report):
    "Anchors and stitches, at one image and at a batch: fp32 and bf16; eager, compiled, as a CUDA graph."
    net = random_family(SIZES.large).to(DEVICE)
    costs = net.costs()
    ordered = [net.space[i] for i in costs[costs.anchors.map(len) > 1].sort_values('macs').stitch]
    spread = np.linspace(0, len(ordered) - 1, SIZES.stitches).round().astype(int)
    chosen = [s for s in net.space if not s.cuts] + [ordered[i] for i in spread]
    for bf16 in (False, True):
        time_forwards(report, net, chosen, bf16, eager=True)
        with compiled(net, *chosen):
            time_forwards(report, net, chosen, bf16, eager=False)
    for precision in ('no', 'bf16'):
        with tempfile.TemporaryDirectory() as folder:  # not into the user's cache
            measured = measure_latency(
                net, precision=precision, repeats=SIZES.repeats, folder=Path(folder)
            )
        worst = measured.check.error.abs().max()
        report.add(
            f'latency, {SIZES.large}, {precision}: composed against timed whole', worst, '% at most'
        )


def time_forwards(report: Report, net: SNNet, stitches: list[Stitch], bf16: bool, eager: bool):
    "Each stitch beside the timm anchor of its back, eager and fp32 or bf16 alike."
    precision, way = ('bf16' if bf16 else 'fp32'), ('eager' if eager else 'compiled')
    one, many = SIZES.batches
    for stitch in stitches:
        name = f'anchor {stitch.anchors[0]}' if not stitch.cuts else f'stitch {stitch.id}'
        what = f'latency, {SIZES.large}, {name}, {precision}'
        for batch in (one, many):
            images = random_images(net, batch)

            def forward(images=images, stitch=stitch):
                with autocast(bf16):
                    return net(images, stitch)

            took = best_of(forward)
            add_timing(report, f'{what}, {way}', batch, took)
            if eager and CUDA:
                add_timing(report, f'{what}, CUDA graph', batch, best_of(graphed(forward)))


def best_of(f: Callable) -> float:
    "Median seconds of a call after three to warm up."
    for _ in range(3):
        f()
    return seconds(f, SIZES.repeats)


def add_timing(report: Report, what: str, batch: int, took: float):
    if batch == SIZES.batches[0]:
        report.add(f'{what}, batch {batch}', 1000 * took, 'ms')
    else:
        report.add(f'{what}, batch {batch}', batch / took, 'images/s')


def graphed(forward: Callable) -> Callable:
    "The same forward as a CUDA graph; its images lie where they lay when it was captured."
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            forward()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        forward()
    return graph.replay


# ---------------------------------------------------------------- 4. training


class Batches(Dataset):
    "The same synthetic batch, again and again."

    def __init__(self, net: SNNet, batch: int, count: int):
        self.images = random_images(net, batch, torch.device('cpu'))
        self.labels = torch.arange(batch) % net.anchors[0].num_classes
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        if i >= self.count:
            raise IndexError(i)
        return self.images, self.labels


class Stamps:
    "A callback that notes when each step ended."

    def __init__(self):
        self.seconds = []

    def after_step(self, t):
        synchronize(DEVICE)
        self.seconds.append(time.perf_counter())


def training(report: Report):
    "Training images/s, ours against a plain loop, each at its largest batch."
    teacher = None if SIZES.teacher == 'largest' else timm.create_model(SIZES.teacher)
    if teacher is None:
        teacher = random_family(SIZES.large).anchors[-1]
    teacher = teacher.to(DEVICE).eval().requires_grad_(False)
    recipe = Recipe(epochs=1, warmup_epochs=0, **PAPER)
    if CUDA:
        recipe = replace(recipe, precision='bf16', compile=True)
    ours = largest_rate(lambda batch: our_rate(teacher, recipe, batch))
    plain = largest_rate(lambda batch: plain_rate(teacher, recipe, batch))
    what = f'training, {SIZES.large} with {SIZES.teacher}'
    report.add(
        f'{what}: ours at batch {ours[1]}, plain at {plain[1]}', ours[0], 'images/s', plain[0]
    )
    hours = [50 * IMAGENET / rate / 3600 for rate in (ours[0], plain[0])]
    report.add(f"{what}: the paper's 50 epochs of ImageNet, worked out", hours[0], 'h', hours[1])


def largest_rate(rate_at: Callable[[int], float]) -> tuple[float, int]:  # images/s, batch
    "The rate at the largest batch (a power of two) that fits, found from below."
    found, batch = None, min(128, SIZES.largest)
    while batch <= SIZES.largest:
        try:
            found = (rate_at(batch), batch)
        except torch.OutOfMemoryError:
            break
        finally:
            if CUDA:
                torch.cuda.empty_cache()
        batch *= 2
    assert found, 'not even the smallest batch fits'
    return found


def our_rate(teacher: nn.Module, recipe: Recipe, batch: int) -> float:
    "Images a second of `train`; a batch that is done in parts does not count as one that fits."
    warm, count = (20, 50) if CUDA else (1, 3)
    net = random_family(SIZES.large).to(DEVICE)
    batches = Batches(net, batch, count)
    loader = DataLoader(batches, batch_size=None, pin_memory=CUDA)
    stamps = Stamps()
    stitches = [len(net.space) - 1] if not CUDA else None
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        train(net, loader, recipe, teacher, stitches, callbacks=[stamps], progress=False)
    if any('out of memory' in str(w.message) for w in seen):
        raise torch.OutOfMemoryError
    return batch * (count - warm) / (stamps.seconds[-1] - stamps.seconds[warm - 1])


def plain_rate(teacher: nn.Module, recipe: Recipe, batch: int) -> float:
    "The same by a loop in plain torch: fp32, eager, one stitch a step."
    warm, count = (5, 15) if CUDA else (1, 3)
    net = random_family(SIZES.large).to(DEVICE).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    batches, rng, stamps = Batches(net, batch, count), np.random.default_rng(0), []
    ids = [len(net.space) - 1] if not CUDA else range(len(net.space))
    for i in range(count):
        images, labels = (v.to(DEVICE, non_blocking=True) for v in batches[i])
        stitch = int(rng.choice(ids))
        with torch.no_grad():
            taught = teacher(images).argmax(-1)
        out = net(images, stitch)
        loss = 0.5 * F.cross_entropy(out, labels) + 0.5 * F.cross_entropy(out, taught)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        synchronize(DEVICE)
        stamps.append(time.perf_counter())
    return batch * (count - warm) / (stamps[-1] - stamps[warm - 1])


# ---------------------------------------------------------------- 5. precision and memory


def precision(report: Report):
    "Mixed precision and compiled blocks follow fp32's loss; a batch that is too large is survived."
    last = min(50, SIZES.steps)
    means = {}
    for name, changes in (
        ('fp32', {}),
        ('bf16', dict(precision='bf16')),
        ('compiled', dict(compile=CUDA)),
    ):
        net = started_family()
        batch = 128 if CUDA else 16
        loader = load_data(
            split='train', batch_size=batch, augment=True, shuffle=True, images=batch * SIZES.steps
        )
        recipe = replace(
            find_recipe('fashion'), epochs=1, warmup_epochs=0, batch_size=batch, **changes
        )
        rows = train(net, loader, recipe, progress=False)
        means[name] = rows.loss.tail(last).mean()
        report.add(
            f'training, fashion, {name}: mean loss of the last {last} steps', means[name], 'nats'
        )
    for name in ('bf16', 'compiled'):
        off = abs(means[name] / means['fp32'] - 1)
        report.add(f"training, fashion, {name}: loss against fp32's", 100 * off, '%')
        assert not CUDA or off < 0.02, f"{name}'s loss is {100 * off:.1f}% off; 2% are allowed"
    out_of_memory(report)


def out_of_memory(report: Report):
    "One step on a batch that does not fit, and the same step with all the memory: the same weights afterwards."
    batch = 8192 if CUDA else 32
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        with little_memory():
            cramped = one_step(batch)
    assert any('out of memory' in str(w.message) for w in seen), (
        'the batch fitted, or nothing was said'
    )
    if CUDA:
        torch.cuda.reset_peak_memory_stats()
    roomy = one_step(batch)
    worst = max(difference(a, b) for a, b in zip(cramped, roomy))
    report.add(
        f'out of memory, fashion, batch {batch}: change of the weights in parts', worst, 'relative'
    )
    assert worst < 1e-2, f'the step in parts differs by {worst:.2e}'
    if CUDA:
        peak = torch.cuda.max_memory_allocated() / 2**30
        report.add(f'peak memory, fashion, batch {batch}: one step', peak, 'GiB')


def one_step(batch: int) -> list[torch.Tensor]:  # how far each weight of the largest anchor moved
    "One step of the largest anchor by plain SGD, so that the weights move by the gradients."
    net = load_family('fashion', weights='anchors').to(DEVICE)
    anchor = net.anchors[-1]
    before = [p.detach().clone() for p in anchor.parameters()]
    recipe = Recipe(
        epochs=1,
        warmup_epochs=0,
        optimizer='sgd',
        lr=0.1,
        weight_decay=0,
        clip_grad=None,
        **ALGORITHM_1,
    )
    loader = DataLoader(Batches(net, batch, 1), batch_size=None)
    train(net, loader, recipe, teacher=None, stitches=[len(net.anchors) - 1], progress=False)
    return [p.detach() - b for p, b in zip(anchor.parameters(), before) if not torch.equal(p, b)]


@contextmanager
def little_memory() -> Iterator[None]:
    "Inside, a large batch does not fit: a twentieth of the device's memory, or, on the CPU, as if it were so."
    if CUDA:
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(0.05)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        return
    forward = SNNet.forward

    def cramped(net, images, stitch=None):
        if len(images) > 8:
            raise torch.OutOfMemoryError('8 images fit')
        return forward(net, images, stitch)

    with patch.object(SNNet, 'forward', cramped):
        yield


# ---------------------------------------------------------------- 6. the shipped family


def family(report: Report):
    "The shipped family trained by its recipe from the start, seed after seed while time is left."
    began, longest = time.monotonic(), 0.0
    recipe = replace(find_recipe('fashion'), epochs=SIZES.epochs, warmup_epochs=0.5)
    test = list(load_data(images=None if CUDA else 200))
    for seed in range(SIZES.seeds):
        if time.monotonic() - began + longest > SIZES.seconds:
            break
        started = time.monotonic()
        train_family(report, replace(recipe, seed=seed), test)
        longest = max(longest, time.monotonic() - started)


def train_family(report: Report, recipe: Recipe, test: list):
    net = started_family(recipe.match_images)
    loader = load_data(
        split='train',
        batch_size=recipe.batch_size,
        augment=True,
        shuffle=True,
        seed=recipe.seed,
        images=SIZES.train_images,
        workers=12 if CUDA else 0,
    )
    took = seconds(lambda: train(net, loader, recipe, progress=False))
    stitches = None if CUDA else list(net.space)[:: SIZES.every]
    curve = evaluate(net, test, stitches, progress=False)
    what = f'fashion from the start, {recipe.epochs} epochs, seed {recipe.seed}'
    report.add(f'{what}: training', took, 's')
    report.add(f'{what}: mean of {len(curve)} stitches', curve.top1.mean(), '% top-1')
    report.add(f'{what}: frontier', frontier(curve).top1.mean(), '% top-1')
    report.add(f'{what}: worst', curve.top1.min(), '% top-1')
    for r in curve[curve.anchors.map(len) == 1].itertuples():
        report.add(f'{what}: anchor {r.anchors[0]}', r.top1, '% top-1')


PARTS = dict(
    logits=logits,
    start=start,
    latency=latency,
    training=training,
    precision=precision,
    family=family,
)


def main(asked: list[str]) -> int:
    "Do the parts that are asked for, or all; the number of those that failed."
    if unknown := [part for part in asked if part not in PARTS]:
        sys.exit(f'no part {unknown[0]!r}: one of {", ".join(PARTS)} is needed')
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if not CUDA:
        print('no CUDA device here: small settings on the CPU, and nothing is written into data/')
    failed = []
    for part in asked or PARTS:
        report, began = Report(), time.monotonic()
        try:
            PARTS[part](report)
        except Exception:
            traceback.print_exc()
            failed.append(part)
        report.save()
        print(
            f'{part}: {"FAILED" if part in failed else "done"} after {time.monotonic() - began:.0f} s',
            flush=True,
        )
    if failed:
        print(f'failed: {", ".join(failed)}')
    return len(failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
