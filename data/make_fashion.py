"""Make the shipped family: train the anchors, stitch them, train the SN-Net, evaluate its curve.

    python data/make_fashion.py            # what is there is kept; delete a file to make it again
    python data/make_fashion.py anchor_2   # one step only, of STEPS

Each step writes its files into data/fashion/ and what made them into data/fashion/made.json.
`snnet` is what ships. Of three others only the curves are kept: `fast_to_slow`, the paper's direction;
`both_ways`, whose stitches may begin in either anchor of two; and `tried`, a longer run of the default recipe.
Each takes an hour or two; interrupted, they go on from build/fashion/. `early_cut` trains one stitch by itself.
"""

import json
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pandas as pd
import timm
import torch
from safetensors.torch import save
from torch.utils.data import DataLoader
from trainings import RULES, macs_spent, network, train_whole

from snnet_lab.curves import anchor_line, frontier
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import find_family, load_family
from snnet_lab.files import cpu_state, write_atomic
from snnet_lab.recipes import Recipe, find_recipe
from snnet_lab.snnet import SNNet
from snnet_lab.space import Stitch, StitchSpace

FAMILY = find_family('fashion')
OUT = FAMILY.file.parent
MADE = OUT / 'made.json'
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
RUNS = Path(__file__).parents[1] / 'build/fashion'  # of whole networks
STITCHED = find_recipe('fashion_algorithm_1')  # better than TRIED, in one long run of each
SMALLEST = replace(STITCHED, epochs=4, warmup_epochs=0.25, lr=2.4e-4, lr_stitches=6e-4)
FAST_TO_SLOW = replace(STITCHED, epochs=56)
TRIED = replace(find_recipe('fashion'), epochs=24)
ANCHOR = replace(STITCHED, epochs=14, warmup_epochs=1, lr=2e-3)
WATCHED = [*range(3), *range(3, 71, 3)]  # anchors and stitches whose way is noted


def read_made() -> dict:
    "The facts of each step."
    return json.loads(MADE.read_text()) if MADE.exists() else {}


def note(step: str, recipe: Recipe, seed: int, began: float, **facts):
    "Add a step's facts to made.json."
    made = read_made()
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
    write_atomic(MADE, (json.dumps(made, indent=1, sort_keys=True) + '\n').encode())


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
    train_whole(net, training_images(i), ANCHOR, stitches=[i], on_epoch=report(net, [i]))
    top1 = evaluate(net, load_data(), [i], progress=False).top1[0]
    write_atomic(path, save(cpu_state(net.anchors[i].model)))
    note(f'anchor_{i}', ANCHOR, i, began, top1=round(top1, 2))


def make_early_cut():
    "Train by itself, as an anchor was, the stitch of ViT-20's first block and all of ViT-42."
    if 'early_cut' in read_made():
        print('early_cut is there')
        return
    began, net = time.time(), network()
    path = net.space.find((0, 1), [((0, 0), (0, 0))])
    clean = load_data(split='train', images=ANCHOR.match_images)
    net.init_stitches(torch.cat([images for images, _ in clean]))
    train_whole(net.to(DEVICE), training_images(0), ANCHOR, stitches=[path.id])
    top1 = evaluate(net, load_data(), [path.id], progress=False).top1[0]
    note('early_cut', ANCHOR, 0, began, stitch=path.id, top1=round(top1, 2))


def is_late(stitch: Stitch) -> bool:
    "Whether a stitch leaves its front late."
    [((_, leave), (_, enter))] = stitch.cuts
    if enter > leave:  # 12 blocks in all
        return leave >= 2
    return enter == leave >= 4  # 13


def both_ways() -> dict:
    "The rules of a space whose stitches begin in either anchor of a pair, and leave it late."
    rules = RULES | dict(direction='both')
    whole = StitchSpace.build([12, 12, 12], **rules)
    return rules | dict(only=[s.id for s in whole if s.cuts and is_late(s)])


def watch(net: SNNet, path: Path, before: int = 0) -> Callable:  # epochs of a former round
    "Notes the curve on the first 2,000 test images before training and after every fourth epoch."

    def note_curve(epoch: int):  # epochs done
        curve = evaluate(net, load_data(images=2000), WATCHED, progress=False)
        rows = curve[['stitch', 'macs', 'top1']].assign(epoch=epoch)
        if path.exists():
            former = pd.read_csv(path)
            rows = pd.concat([former[former.epoch < epoch], rows])
        rows.round(2).to_csv(path, index=False)
        print(f'epoch {epoch}: {curve.top1.mean():.2f}% on average', flush=True)

    def on_epoch(epoch, rows):
        if (epoch + 1) % 4 == 0:
            note_curve(before + epoch + 1)

    if not path.exists():
        note_curve(0)
    return on_epoch


def second_round(net: SNNet, images: DataLoader, run: Path, before: int) -> pd.DataFrame:
    "Train on, as Algorithm 1 does, but draw the smallest anchor in every other step."
    drawn = [*range(len(net.space)), *[0] * len(net.space)]
    on_epoch = watch(net, run / 'epochs.csv', before)
    return train_whole(net, images, SMALLEST, run / 'second', stitches=drawn, on_epoch=on_epoch)


def make_net(step: str, recipe: Recipe, out: Path, again: bool = False, **rules):
    "Stitch the anchors by least squares, train by the recipe (and a second round), evaluate all."
    if out.exists():
        print(f'{out.name} is there')
        return
    run = RUNS / step
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    net = network(rules).to(DEVICE)
    before = evaluate(net, load_data(), range(3))
    clean = load_data(split='train', images=recipe.match_images)
    matched = net.init_stitches(torch.cat([images for images, _ in clean]))
    started = evaluate(net, load_data(images=1000))
    images = training_images(recipe.seed, workers=1)
    rows = train_whole(net, images, recipe, run, on_epoch=watch(net, run / 'epochs.csv'))
    first = None
    if again:
        first = evaluate(net, load_data()).top1.round(2).tolist()
        rows = pd.concat([rows, second_round(net, images, run, recipe.epochs)], ignore_index=True)
    net.curve = evaluate(net, load_data())
    if out.suffix == '.safetensors':
        net.save(out)  # and the curve beside it
    else:
        write_atomic(out, net.curve.to_csv(index=False).encode())
    shutil.copy(run / 'epochs.csv', OUT / f'{step}_epochs.csv')
    best = frontier(net.curve)
    over_line = best.top1 - anchor_line(net.curve)[best.index]
    note(
        step,
        recipe,
        recipe.seed,
        time.time() - (recipe.batch_size / rows.images_per_s).sum(),
        rules=RULES | rules,
        tera_macs=round(macs_spent(recipe, rows, net.curve.set_index('stitch').macs), 1),
        second_round=asdict(SMALLEST) if again else None,
        top1_after_first_round=first,
        match_images=recipe.match_images,
        match_r2={str(layer): round(r2, 4) for layer, r2 in zip(matched.layer, matched.r2)},
        top1_before_training_1000_images=started.top1.round(2).tolist(),
        anchors_before=before.top1.round(2).tolist(),
        anchors_after=net.curve.top1[:3].round(2).tolist(),
        frontier_over_line=round(over_line.mean(), 3),
        frontier=best.stitch.tolist(),
    )
    shutil.rmtree(run)  # done: where the file is deleted, a new run makes it again


STEPS = dict(
    anchor_2=partial(make_anchor, 2),
    anchor_1=partial(make_anchor, 1),
    anchor_0=partial(make_anchor, 0),
    snnet=partial(make_net, 'snnet', STITCHED, FAMILY.file, again=True, **FAMILY.rules),
    fast_to_slow=partial(make_net, 'fast_to_slow', FAST_TO_SLOW, OUT / 'fast_to_slow.csv'),
    both_ways=partial(make_net, 'both_ways', STITCHED, OUT / 'both_ways.csv', **both_ways()),
    tried=partial(make_net, 'tried', TRIED, OUT / 'tried.csv', layer_per='position'),
    early_cut=make_early_cut,
)

if __name__ == '__main__':
    asked = sys.argv[1:] or list(STEPS)
    for step in asked:
        if step not in STEPS:
            sys.exit(f'no step {step!r}: one of {", ".join(STEPS)} is needed')
    OUT.mkdir(exist_ok=True)
    for step in asked:
        STEPS[step]()
