"""Make the shipped family: train the anchors, stitch them, train the SN-Net, evaluate its curve.

    python data/make_fashion.py            # what is there is kept; delete a file to make it again
    python data/make_fashion.py anchor_2   # one step only: anchor_0, anchor_1, anchor_2 or snnet

Each step writes its files into data/fashion/ and what made them into data/fashion/made.json.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial

import timm
import torch
from safetensors.torch import save
from torch.utils.data import DataLoader

from snnet_lab.curves import anchor_line, frontier
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import find_family, load_family
from snnet_lab.files import cpu_state, write_atomic
from snnet_lab.recipes import ALGORITHM_1, Recipe, find_recipe
from snnet_lab.snnet import SNNet
from snnet_lab.training import train

FAMILY = find_family('fashion')
OUT = FAMILY.file.parent
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
STITCHED = replace(find_recipe('fashion'), **ALGORITHM_1)
ANCHOR = replace(STITCHED, epochs=14, warmup_epochs=1, lr=2e-3)


def note(step: str, recipe: Recipe, seed: int, began: float, **facts):
    "Add a step's facts to made.json."
    path = OUT / 'made.json'
    made = json.loads(path.read_text()) if path.exists() else {}
    made[step] = dict(
        command=f'python data/make_fashion.py {step}',
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads, {DEVICE}',
        python=platform.python_version(),
        torch=torch.__version__,
        timm=timm.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
        seconds=round(time.time() - began),
        recipe=asdict(recipe),
        batch_size=recipe.batch_size,
        seed=seed,
        **facts,
    )
    write_atomic(path, (json.dumps(made, indent=1, sort_keys=True) + '\n').encode())


def training_images(seed: int, workers: int = 0) -> DataLoader:
    return load_data(
        split='train',
        batch_size=STITCHED.batch_size,
        augment=True,
        shuffle=True,
        seed=seed,
        workers=workers,
    )


def report(net: SNNet, stitches: list[int]) -> Callable:
    "Prints the accuracy on the first 2,000 test images after each epoch."

    def on_epoch(epoch, rows):
        curve = evaluate(net, load_data(images=2000), stitches, progress=False)
        found = dict(zip(curve.stitch, curve.top1.round(2)))
        print(f'epoch {epoch}: {found}, {rows[-1]["images_per_s"]:.0f} images/s', flush=True)

    return on_epoch


def make_anchor(i: int):
    "Train anchor i alone, from random weights: it is the only stitch that is drawn."
    path, began = FAMILY.anchor_file(i), time.time()
    if path.exists():
        print(f'{path.name} is there')
        return
    torch.manual_seed(i)
    net = load_family('fashion', weights=None).to(DEVICE)
    train(net, training_images(i), ANCHOR, stitches=[i], on_epoch=report(net, [i]))
    top1 = evaluate(net, load_data(), [i], progress=False).top1[0]
    write_atomic(path, save(cpu_state(net.anchors[i].model)))
    note(f'anchor_{i}', ANCHOR, i, began, top1=round(top1, 2))


def make_snnet():
    "Stitch the anchors by least squares, train by Algorithm 1, evaluate all stitches."
    if FAMILY.file.exists():
        print(f'{FAMILY.file.name} is there')
        return
    began = time.time()
    net = load_family('fashion', weights='anchors').to(DEVICE)
    before = evaluate(net, load_data(), range(3))
    clean = load_data(split='train', images=STITCHED.match_images)
    matched = net.init_stitches(torch.cat([images for images, _ in clean]))
    started = evaluate(net, load_data(images=1000))
    seen = [0, 1, 2, 20, 53]
    train(net, training_images(STITCHED.seed, workers=1), STITCHED, on_epoch=report(net, seen))
    net.curve = evaluate(net, load_data())
    net.save(FAMILY.file)
    best = frontier(net.curve)
    over_line = best.top1 - anchor_line(net.curve)[best.index]
    note(
        'snnet',
        STITCHED,
        STITCHED.seed,
        began,
        match_images=STITCHED.match_images,
        match_r2={str(layer): round(r2, 4) for layer, r2 in zip(matched.layer, matched.r2)},
        top1_before_training_1000_images=started.top1.round(2).tolist(),
        anchors_before=before.top1.round(2).tolist(),
        anchors_after=net.curve.top1[:3].round(2).tolist(),
        frontier_over_line=round(over_line.mean(), 3),
        frontier=best.stitch.tolist(),
    )


STEPS = dict(
    anchor_2=partial(make_anchor, 2),
    anchor_1=partial(make_anchor, 1),
    anchor_0=partial(make_anchor, 0),
    snnet=make_snnet,
)

if __name__ == '__main__':
    asked = sys.argv[1:] or list(STEPS)
    for step in asked:
        if step not in STEPS:
            sys.exit(f'no step {step!r}: one of {", ".join(STEPS)} is needed')
    OUT.mkdir(exist_ok=True)
    for step in asked:
        STEPS[step]()
