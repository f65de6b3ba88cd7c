"""Prove it on a GPU: `make gpu`, or `python tests/gpu.py [part ...]`; a part is named or numbered:
1 logits, 2 start, 3 latency, 4 training, 5 precision, 6 family.

Made for less than 8 minutes of one CUDA device. Each result is printed and kept in data/gpu.csv at once, so that what
is cut off leaves what it had. Without CUDA the same parts run in small settings on the CPU, and data/ stays as it is.
It runs from a checkout, on a machine that has torch, timm, accelerate, safetensors, numpy, pandas and tqdm.
"""

import copy
import gc
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
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
from snnet_lab.files import write_atomic
from snnet_lab.latency import device_name, measure_latency, synchronize, timed
from snnet_lab.recipes import ALGORITHM_1, Recipe, find_recipe
from snnet_lab.snnet import SNNet, record_graph
from snnet_lab.space import Stitch
from snnet_lab.training import train

CUDA = torch.cuda.is_available()
DEVICE = torch.device('cuda' if CUDA else 'cpu')
BACKEND = 'inductor' if CUDA else 'eager'  # of torch.compile; 'eager' takes no compiler
TABLE = ROOT / 'data/gpu.csv'
COLUMNS = ['what', 'seconds', 'plain_seconds', 'ratio', 'unit', 'device', 'torch', 'date']
IMAGENET = 1_281_167  # training images; the paper's run sees them 50 times
PAPER = ALGORITHM_1 | dict(distill=0.5)  # uniform draws, and the class that a teacher names


@dataclass(frozen=True)
class Sizes:
    "How much of each part is done."

    families: tuple[str, ...]  # whose logits are compared
    compared: int | None  # stitches, evenly spread; None: all
    large: str  # the family of the parts start, latency and training
    teacher: str | None  # of the training, a timm name; None: the largest anchor
    match_images: int  # of the least-squares start
    positions: int  # done in the official way, from which the whole is worked out
    stitches: int  # timed, beside the anchors
    repeats: int  # timed calls
    batches: tuple[int, int]  # ms at the first, images/s at the second
    train_batches: tuple[int, ...]  # tried until one does not fit
    train_steps: tuple[int, int]  # to warm up, timed
    precision_batch: int
    precision_steps: int
    cramped_batch: int  # does not fit into a fiftieth of the memory
    epochs: int  # of the shipped family
    seeds: int  # at most
    train_images: int | None  # None: all
    test_images: int | None
    workers: int
    seconds: float  # for all six parts; the last one takes what is left


ON_CUDA = Sizes(
    families=tuple(FAMILIES),
    compared=None,
    large='deit',
    teacher='regnety_160',
    match_images=100,
    positions=12,
    stitches=12,
    repeats=10,
    batches=(1, 64),
    train_batches=(64, 128, 256, 512, 1024, 2048),
    train_steps=(10, 30),
    precision_batch=128,
    precision_steps=300,
    cramped_batch=4096,
    epochs=4,
    seeds=5,
    train_images=None,
    test_images=None,
    workers=8,
    seconds=480,
)
ON_CPU = Sizes(
    families=('fashion', 'resnet'),
    compared=6,
    large='fashion',
    teacher=None,
    match_images=20,
    positions=2,
    stitches=2,
    repeats=2,
    batches=(1, 4),
    train_batches=(4, 8),
    train_steps=(1, 2),
    precision_batch=16,
    precision_steps=6,
    cramped_batch=32,
    epochs=1,
    seeds=1,
    train_images=512,
    test_images=200,
    workers=0,
    seconds=60,
)
SIZES = ON_CUDA if CUDA else ON_CPU
BEGAN = time.monotonic()


# ---------------------------------------------------------------- results


@dataclass
class Report:
    "Results and failures of a part; on CUDA results are kept in data/gpu.csv."

    rows: list[dict] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str = 's', plain: float | None = None):
        "One result, in `unit`; `plain` is the same done the plain way."
        ratio, beside = None, ''
        if plain is not None:
            ratio = value / plain if unit.endswith('/s') else plain / value
            beside = f', plainly {plain:.4g} {unit}: {ratio:.2f} times'
        print(f'{what}: {value:.4g} {unit}{beside}', flush=True)
        numbers = dict(seconds=value, plain_seconds=plain, ratio=ratio)
        short = {k: None if v is None else float(f'{v:.5g}') for k, v in numbers.items()}
        self.rows.append(dict(what=what, unit=unit) | short)
        self.save()

    def save(self):
        "Replace the rows of the same name, keep the others."
        if not CUDA:
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
        write_atomic(TABLE, table.to_csv(index=False).encode())

    def within(self, what: str, value: float, limit: float, unit: str = 'relative'):
        "One result, which fails beyond a limit."
        self.add(what, value, unit)
        if not value <= limit:  # NaN fails too
            raise AssertionError(f'{what}: {value:.3g} {unit}; {limit:g} is allowed')

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        "What fails inside is printed and counted, and ends nothing else."
        try:
            yield
        except Exception as e:
            traceback.print_exc()
            print(f'{what} FAILED: {type(e).__name__}: {e}', flush=True)
            self.failures.append(what)


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    "The largest difference, relative to the largest value."
    ours, theirs = ours.double().cpu(), theirs.double().cpu()
    return float((ours - theirs).abs().max() / theirs.abs().max())


def spread(items: list, count: int | None) -> list:
    "So many of them, evenly spread, the first and the last among them; None: all."
    if count is None or count >= len(items):
        return items
    return [items[i] for i in np.linspace(0, len(items) - 1, count).round().astype(int)]


def seconds(f: Callable) -> float:
    "Of one call."
    synchronize(DEVICE)
    began = time.perf_counter()
    f()
    synchronize(DEVICE)
    return time.perf_counter() - began


def free_memory():
    "What nobody holds any more goes back to the device; a run's objects hold each other until collected."
    gc.collect()
    if CUDA:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def add_peak_memory(report: Report, what: str):
    if CUDA:
        report.add(f'{what}: peak memory', torch.cuda.max_memory_allocated() / 2**30, 'GiB')


# ---------------------------------------------------------------- networks and images


def random_family(name: str) -> SNNet:  # on the CPU, in eval mode
    "A family of random weights; those that start at zero, as some heads do, are drawn too."
    torch.manual_seed(0)
    net = load_family(name, weights=None).eval()
    for parameter in net.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.trunc_normal_(parameter, std=0.02)
    return net


def started_family(images: int) -> SNNet:
    "The shipped family's anchors with stitching layers fresh from least squares."
    net = load_family('fashion', weights='anchors').to(DEVICE)
    batch, _ = next(iter(load_data(split='train', batch_size=images, images=images)))
    net.init_stitches(batch)
    return net


def random_images(net: SNNet, count: int) -> torch.Tensor:  # (B, C, H, W) on the CPU
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, *net.anchors[0].size, generator=generator)


def autocast(bf16: bool):
    return torch.autocast(DEVICE.type, torch.bfloat16, enabled=bf16)


@contextmanager
def full_fp32() -> Iterator[None]:
    "Inside, no TF32: cuDNN's convolutions take it by default, products of matrices do not."
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


@contextmanager
def compiled(net: SNNet, anchors: set[int]) -> Iterator[None]:
    "Inside, the blocks of these anchors are compiled, for each shape and precision by itself."
    shapes = dict(automatic_dynamic_shapes=False, cache_size_limit=64)
    with torch._dynamo.config.patch(**shapes), ExitStack() as stack:
        for a in sorted(anchors):
            anchor = net.anchors[a]
            blocks = list(anchor.cuts.ends[1:])
            stack.enter_context(compiled_blocks(anchor, blocks, BACKEND))
        yield


# ---------------------------------------------------------------- 1. logits


@torch.no_grad()
def logits(report: Report):
    "Every stitch of all families gives on the device what it gives on the CPU."
    for name in SIZES.families:
        with report.trying(f'logits, {name}'), full_fp32():
            compare_logits(report, name)
        free_memory()


def compare_logits(report: Report, name: str):
    net = random_family(name)
    images = random_images(net, 2)
    stitches = spread(list(net.space), SIZES.compared)
    expected = {s.id: y for s, y in all_logits(net, images, stitches)}
    net.to(DEVICE)
    images = images.to(DEVICE)
    worst = max(difference(net(images, s), expected[s.id]) for s in stitches)
    what = f'logits, {name}: {len(stitches)} stitches, fp32 against the CPU'
    with report.trying(what):
        report.within(what, worst, 1e-4)
    last = stitches[-1]
    for way, compare in VARIANTS.items():
        what = f'logits, {name}: stitch {last.id}, {way}'
        with report.trying(what):
            limit = 0.1 if way == 'bf16' else 1e-3
            report.within(what, difference(compare(net, images, last), expected[last.id]), limit)


def logits_in_bf16(net: SNNet, images: torch.Tensor, stitch: Stitch) -> torch.Tensor:
    with autocast(bf16=True):
        return net(images, stitch)


def logits_compiled(net: SNNet, images: torch.Tensor, stitch: Stitch) -> torch.Tensor:
    with compiled(net, set(stitch.anchors)):
        return net(images, stitch)


def logits_channels_last(net: SNNet, images: torch.Tensor, stitch: Stitch) -> torch.Tensor:
    net.to(memory_format=torch.channels_last)
    return net(images.contiguous(memory_format=torch.channels_last), stitch)


def logits_recorded(net: SNNet, images: torch.Tensor, stitch: Stitch) -> torch.Tensor:
    "Of `net.compiled()`, the second time: on CUDA from the graph that the first time recorded."
    net.compiled(BACKEND)
    try:
        net(torch.zeros_like(images), stitch)
        return net(images, stitch)
    finally:
        net.compiled(None)


VARIANTS = {  # the last one changes the network
    'bf16': logits_in_bf16,
    'compiled blocks': logits_compiled,
    'compiled and recorded': logits_recorded,
    'channels last': logits_channels_last,
}


# ---------------------------------------------------------------- 2. least-squares start


@torch.no_grad()
def start(report: Report):
    "The least-squares start, features and solving, against the official way on the same device."
    with full_fp32():
        net = random_family(SIZES.large)
        images = random_images(net, SIZES.match_images)
        net.init_stitches(images)
        expected = {key: layer_map(net, key) for key in net.space.layers}
        net.to(DEVICE)
        images = images.to(DEVICE)
        net.init_stitches(images[:5])  # the first use of a device's linear algebra loads it
        ours = seconds(lambda: net.init_stitches(images))
        with report.trying(f'start, {SIZES.large}: maps'):
            compare_maps(report, net, images, expected)
        add_start(report, net, images, ours)


def layer_map(net: SNNet, key) -> tuple[torch.Tensor, torch.Tensor]:  # (out, in), (out,)
    layer = net.stitching_layer(key)
    return layer.weight.detach().cpu().flatten(1).clone(), layer.bias.detach().cpu().clone()


def add_start(report: Report, net: SNNet, images: torch.Tensor, ours: float):
    positions = [(key, cut) for key, cuts in net.space.layers.items() for cut in cuts]
    chosen = spread(positions, SIZES.positions)
    solve_plainly(net, images[:5], *chosen[0])
    each = [seconds(partial(solve_plainly, net, images, *c)) for c in chosen]
    plain = len(positions) * sum(each) / len(each)
    what = f'start, {SIZES.large}, {len(images)} images'
    worked_out = f'plain way worked out from {len(chosen)} of {len(positions)} positions'
    report.add(f'{what} ({worked_out})', ours, 's', plain)


def compare_maps(report: Report, net: SNNet, images: torch.Tensor, expected: dict):
    "What each layer makes of its front anchor's features, beside what the CPU's layer makes of them."
    worst = 0.0
    for key, (weight, bias) in expected.items():
        _, front, _, _ = key
        leave, _ = net.space.layers[key][0]
        x = block_features(net.anchors[front], images[:5], leave[1] + 1).double().cpu()
        found_weight, found_bias = layer_map(net, key)
        found = F.linear(x, found_weight.double(), found_bias.double())
        worst = max(worst, difference(found, F.linear(x, weight.double(), bias.double())))
    report.within(f"start, {SIZES.large}: what the maps give against the CPU's", worst, 1e-3)


def solve_plainly(net: SNNet, images: torch.Tensor, key, cut) -> torch.Tensor:  # (in, out)
    "As the official code, for one position: both anchors' features, and a pseudo-inverse."
    _, front, back, _ = key
    leave, enter = cut
    x = block_features(net.anchors[front], images, leave[1] + 1)
    y = block_features(net.anchors[back], images, enter[1])
    return torch.linalg.pinv(x) @ y


def block_features(anchor, images: torch.Tensor, block: int) -> torch.Tensor:  # (rows, C)
    "What a ViT's block reads (behind the last block: what it gives); the whole anchor runs for it."
    seen = []
    if block < len(anchor.model.blocks):
        module = anchor.model.blocks[block]
        hook = module.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    else:
        module = anchor.model.blocks[-1]
        hook = module.register_forward_hook(lambda module, args, out: seen.append(out))
    for part in images.split(25):
        anchor(part)
    hook.remove()
    return torch.cat(seen).flatten(0, 1)


# ---------------------------------------------------------------- 3. latency


@torch.no_grad()
def latency(report: Report):
    "timm's anchors and the stitches along the frontier; the plain way is always fp32, eager."
    net = random_family(SIZES.large).to(DEVICE)
    networks = timed_networks(net)
    for batch in SIZES.batches:
        images = random_images(net, batch).to(DEVICE)
        plain = {}  # name -> ms
        for bf16 in (False, True):
            for way in WAYS:
                what = f'latency, {SIZES.large}, batch {batch}, {"bf16" if bf16 else "fp32"}, {way}'
                with report.trying(what), WAYS[way](net):
                    time_networks(report, what, networks, images, bf16, way, plain)
    for precision in ('no', 'bf16'):
        check_composed(report, net, precision)


def timed_networks(net: SNNet) -> dict[str, Callable]:  # name -> images to logits
    "The anchors as timm has them, and stitches from the cheapest to the costliest."
    costs = net.costs().sort_values('macs')
    ordered = [int(i) for i in costs.stitch if net.space[int(i)].cuts]
    found = {f'timm anchor {i}': anchor.model for i, anchor in enumerate(net.anchors)}
    for i in spread(ordered, SIZES.stitches):
        found[f'stitch {i}'] = partial(net, stitch=i)
    return found


def time_networks(
    report: Report,
    what: str,
    networks: dict[str, Callable],
    images: torch.Tensor,
    bf16: bool,
    way: str,
    plain: dict[str, float],  # ms by name, filled in by the first way
):
    one, _ = SIZES.batches
    for name, network in networks.items():
        forward = partial(forward_once, network, images, bf16)
        if way == 'CUDA graph':
            forward = graphed(forward)
        ms = median(timed(forward, DEVICE, SIZES.repeats))
        first = name not in plain
        beside = plain.setdefault(name, ms)
        unit, factor = 'images/s', 1000 * len(images)
        if len(images) == one:
            report.add(f'{what}, {name}', ms, 'ms', None if first else beside)
        else:
            report.add(f'{what}, {name}', factor / ms, unit, None if first else factor / beside)


def forward_once(network: Callable, images: torch.Tensor, bf16: bool) -> torch.Tensor:
    with autocast(bf16):
        return network(images)


def compiled_throughout(net: SNNet):
    return compiled(net, set(range(len(net.anchors))))


def as_it_is(net: SNNet):
    return nullcontext()


WAYS = {'eager': as_it_is, 'compiled': compiled_throughout}
if CUDA:
    WAYS['CUDA graph'] = as_it_is


def graphed(forward: Callable) -> Callable:
    "The same forward as a CUDA graph, which gives what the forward gives."
    expected = forward()
    graph, captured = record_graph(forward)
    graph.replay()
    off = difference(captured, expected)
    assert off < 1e-2, f'the CUDA graph gives other logits: {off:.2e} off'
    return graph.replay


def check_composed(report: Report, net: SNNet, precision: str):
    "The sums of block times against stitches timed whole."
    with tempfile.TemporaryDirectory() as folder:  # not into the user's cache
        measured = measure_latency(
            net, precision=precision, repeats=SIZES.repeats, folder=Path(folder)
        )
    for row in measured.check.itertuples():
        what = f'latency, {SIZES.large}, {precision}: stitch {row.stitch}, composed against whole'
        report.add(what, row.error, '%')


# ---------------------------------------------------------------- 4. training


class Batches(Dataset):
    "The same synthetic batch, again and again; it lies where the device can fetch it."

    def __init__(self, net: SNNet, batch: int, count: int):
        self.images = random_images(net, batch)
        self.labels = torch.arange(batch) % net.anchors[0].num_classes
        if CUDA:
            self.images, self.labels = self.images.pin_memory(), self.labels.pin_memory()
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        if i >= self.count:
            raise IndexError(i)
        return self.images, self.labels


class Clock:
    "A callback that notes when each step ended."

    def __init__(self):
        self.seconds = []

    def after_step(self, t=None):
        synchronize(DEVICE)
        self.seconds.append(time.perf_counter())

    def images_per_second(self, batch: int, warm: int) -> float:
        steps = len(self.seconds) - warm
        return batch * steps / (self.seconds[-1] - self.seconds[warm - 1])


@dataclass(frozen=True)
class Setting:
    "What is trained: network and teacher on the CPU, and the recipe of our way."

    net: SNNet
    teacher: nn.Module
    recipe: Recipe
    stitches: list[int]


def training_setting() -> Setting:
    net = random_family(SIZES.large)
    teacher = timm.create_model(SIZES.teacher) if SIZES.teacher else copy.deepcopy(net.anchors[-1])
    teacher = teacher.eval().requires_grad_(False)
    recipe = Recipe(epochs=1, warmup_epochs=0, **PAPER)
    if CUDA:
        recipe = replace(recipe, precision='bf16', compile=True)
    return Setting(net, teacher, recipe, list(range(len(net.space))))


def training(report: Report):
    "Images/s at the largest batch that fits, ours against a plain loop."
    setting = training_setting()
    what = f'training, {SIZES.large} with {SIZES.teacher or "the largest anchor"}'
    rates = {}
    for way, run in (('ours', train_ours), ('plain', train_plainly)):
        batch, rates[way] = rate_at_largest(setting, run)
        report.add(f'{what}: {way}, batch {batch}', rates[way], 'images/s')
        add_peak_memory(report, f'{what}: {way}, batch {batch}')
    ours, plain = rates['ours'], rates['plain']
    report.add(f'{what}: ours against plain, each at its largest batch', ours, 'images/s', plain)
    hours = [50 * IMAGENET / rate / 3600 for rate in (ours, plain)]
    report.add(f"{what}: the paper's 50 epochs of ImageNet, worked out", hours[0], 'h', hours[1])


def rate_at_largest(setting: Setting, run: Callable) -> tuple[int, float]:  # batch, images/s
    "At the largest batch that fits all stitches, too."
    for batch in reversed(fitting_batches(setting, run)):
        free_memory()
        clock = Clock()
        try:
            run(setting, batch, sum(SIZES.train_steps), clock)
        except torch.OutOfMemoryError:
            continue
        return batch, clock.images_per_second(batch, SIZES.train_steps[0])
    raise AssertionError(f'not even {SIZES.train_batches[0]} images fit')


def fitting_batches(setting: Setting, run: Callable) -> list[int]:
    "Of which two steps of the largest anchor fit; compiling, which saves memory, is left out."
    found = []
    largest = len(setting.net.anchors) - 1  # the id of the last anchor by itself
    recipe = replace(setting.recipe, compile=False)
    setting = replace(setting, recipe=recipe, stitches=[largest])
    for batch in SIZES.train_batches:
        free_memory()
        try:
            run(setting, batch, 2, Clock())
        except torch.OutOfMemoryError:
            break
        found.append(batch)
    return found


def train_ours(setting: Setting, batch: int, steps: int, clock: Clock):
    "By `train`; a batch that is done in parts does not fit."
    net = copy.deepcopy(setting.net).to(DEVICE)
    loader = DataLoader(Batches(net, batch, steps), batch_size=None)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        train(
            net,
            loader,
            setting.recipe,
            setting.teacher,
            setting.stitches,
            callbacks=[clock],
            progress=False,
        )
    if said_out_of_memory(seen):
        raise torch.OutOfMemoryError(f'{batch} images are done in parts')


def said_out_of_memory(seen: list[warnings.WarningMessage]) -> bool:
    return any('out of memory' in str(w.message) for w in seen)


def train_plainly(setting: Setting, batch: int, steps: int, clock: Clock):
    "By a loop in plain torch, fp32 and eager; the same stitches in the same order."
    net = copy.deepcopy(setting.net).to(DEVICE).train()
    teacher = copy.deepcopy(setting.teacher).to(DEVICE)
    recipe = setting.recipe
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    batches = Batches(net, batch, steps)
    for step in range(steps):
        images, labels = (v.to(DEVICE) for v in batches[step])
        draws = np.random.default_rng([recipe.seed, step])
        stitch = setting.stitches[int(draws.integers(len(setting.stitches)))]
        with torch.no_grad():
            taught = teacher(images).argmax(-1)
        out = net(images, stitch)
        loss = 0.5 * F.cross_entropy(out, labels) + 0.5 * F.cross_entropy(out, taught)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        clock.after_step()


# ---------------------------------------------------------------- 5. precision and memory


def precision(report: Report):
    "Mixed precision and compiled blocks follow fp32's loss; a batch that is too large is survived."
    expected = final_loss()
    last = min(50, SIZES.precision_steps)
    what = f'precision, fashion, mean loss of the last {last} of {SIZES.precision_steps} steps'
    report.add(f'{what}: fp32', expected, 'nats')
    changes = {'bf16': dict(precision='bf16')}
    if CUDA:  # on a CPU compiling takes longer than all the rest
        changes |= {
            'compiled': dict(compile=True),
            'bf16, compiled': dict(precision='bf16', compile=True),
        }
    for name, changed in changes.items():
        with report.trying(f'precision, {name}'):
            found = final_loss(**changed)
            report.add(f'{what}: {name}', found, 'nats')
            off = 100 * abs(found / expected - 1)
            report.within(f"precision, fashion, {name}: loss against fp32's", off, 2.0, '%')
        free_memory()
    out_of_memory(report)


def final_loss(**changes) -> float:  # nats, the mean of the last 50 steps
    "Of a short training of the shipped family."
    batch = SIZES.precision_batch
    recipe = replace(find_recipe('fashion'), epochs=1, batch_size=batch, **changes)
    net = started_family(100)
    loader = load_data(
        split='train',
        batch_size=batch,
        augment=True,
        shuffle=True,
        images=batch * SIZES.precision_steps,
        workers=SIZES.workers,
    )
    return train(net, loader, recipe, progress=False).loss.tail(50).mean()


def out_of_memory(report: Report):
    "A step on a batch that does not fit, and the same step with all the memory: the same gradients."
    batch = SIZES.cramped_batch
    free_memory()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        with little_memory():
            cramped = one_step(batch)
    said = [str(w.message) for w in seen if 'out of memory' in str(w.message)]
    assert said, f'{batch} images fitted, or nothing was said'
    print(f'  said: {said[-1]}')
    free_memory()
    roomy = one_step(batch)
    what = f'out of memory, fashion, batch {batch}'
    add_peak_memory(report, f'{what}, one step of the whole')
    worst = max(difference(cramped[name], roomy[name]) for name in roomy)
    report.within(f'{what}: gradients in parts against the whole', worst, 1e-2)


def one_step(batch: int) -> dict[str, torch.Tensor]:  # how far each weight moved: lr x gradient
    "One step of the largest anchor by plain SGD, so that the weights move by the gradients."
    net = load_family('fashion', weights='anchors').to(DEVICE)
    anchor = net.anchors[-1]
    before = copy.deepcopy(anchor.state_dict())
    sgd = dict(optimizer='sgd', lr=0.1, weight_decay=0, clip_grad=None)
    recipe = Recipe(epochs=1, warmup_epochs=0, **sgd, **ALGORITHM_1)
    loader = DataLoader(Batches(net, batch, 1), batch_size=None)
    train(net, loader, recipe, teacher=None, stitches=[len(net.anchors) - 1], progress=False)
    moved = {name: value - before[name] for name, value in anchor.state_dict().items()}
    return {name: value for name, value in moved.items() if value.any()}


@contextmanager
def little_memory() -> Iterator[None]:
    "Inside, a large batch does not fit: a fiftieth of the device's memory, or, on the CPU, as if it were so."
    if CUDA:
        torch.cuda.set_per_process_memory_fraction(0.02)
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
    "The shipped family by its recipe, shortened, seed after seed while time is left."
    longest = 0.0
    began = max(BEGAN, time.monotonic() - SIZES.seconds / 2)  # half the time, where parts took long
    for seed in range(SIZES.seeds):
        if time.monotonic() + longest > began + SIZES.seconds:
            break
        started = time.monotonic()
        train_family(report, seed)
        longest = max(longest, time.monotonic() - started)


def train_family(report: Report, seed: int):
    shipped = find_recipe('fashion')
    recipe = replace(shipped, epochs=SIZES.epochs, seed=seed)
    net = started_family(recipe.match_images)
    loader = load_data(
        split='train',
        batch_size=recipe.batch_size,
        augment=True,
        shuffle=True,
        seed=seed,
        images=SIZES.train_images,
        workers=SIZES.workers,
    )
    took = seconds(lambda: train(net, loader, recipe, progress=False))
    stitches = spread(list(net.space), SIZES.compared)
    curve = evaluate(net, load_data(images=SIZES.test_images), stitches, progress=False)
    what = f'family, fashion, {recipe.epochs} of {shipped.epochs} epochs, seed {seed}'
    report.add(f'{what}: training', took, 's')
    report.add(f'{what}: mean of {len(curve)} stitches', curve.top1.mean(), '% top-1')
    report.add(f'{what}: worst stitch', curve.top1.min(), '% top-1')
    for row in frontier(curve).itertuples():
        name = f'stitch {row.stitch}, {row.macs / 1e6:.2f} M MACs'
        report.add(f'{what}: frontier, {name}', row.top1, '% top-1')


# ---------------------------------------------------------------- the command

PARTS = dict(
    logits=logits,
    start=start,
    latency=latency,
    training=training,
    precision=precision,
    family=family,
)


def find_part(asked: str) -> str:  # its name
    names = list(PARTS)
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return names[int(asked) - 1]
    if asked in names:
        return asked
    numbered = ', '.join(f'{i} {name}' for i, name in enumerate(names, 1))
    sys.exit(f'no part {asked!r}: one of {numbered} is needed')


def do_part(part: str) -> list[str]:  # what failed
    report, began = Report(), time.monotonic()
    free_memory()
    torch._dynamo.reset()
    with report.trying(part):
        PARTS[part](report)
    ended = 'FAILED' if report.failures else 'done'
    print(f'{part}: {ended} after {time.monotonic() - began:.0f} s', flush=True)
    return report.failures


def main(asked: list[str]) -> int:
    "Do the parts that are asked for, or all; the number of things that failed."
    parts = [find_part(a) for a in asked] or list(PARTS)
    if CUDA:
        print(f'{device_name(DEVICE)}, torch {torch.__version__}; results go into {TABLE}')
    else:
        print('no CUDA device here: small settings on the CPU, and nothing is written into data/')
    failures = [failed for part in parts for failed in do_part(part)]
    if failures:
        print(f'FAILED: {"; ".join(failures)}')
    return len(failures)


if __name__ == '__main__':
    sys.exit(min(main(sys.argv[1:]), 100))
