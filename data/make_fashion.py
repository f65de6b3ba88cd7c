"""Make the shipped family: train the anchors, stitch them, train the SN-Net, evaluate its curve.

    python data/make_fashion.py            # what is already there is kept; delete a file to make it again
    python data/make_fashion.py anchor_2   # one step only: anchor_0, anchor_1, anchor_2 or snnet

Each step writes its files into data/fashion/ and what made them into data/fashion/made.json.
"""

import json
import platform
import sys
import time
from dataclasses import asdict, replace

import timm
import torch
from safetensors.torch import save

from snnet_lab.curves import anchor_line, frontier
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import find_family, load_family
from snnet_lab.files import write_atomic
from snnet_lab.recipes import ALGORITHM_1, Recipe, find_recipe
from snnet_lab.training import train

FAMILY = find_family('fashion')
OUT = FAMILY.file.parent
STITCHED = replace(find_recipe('fashion'), **ALGORITHM_1)
ANCHOR = replace(STITCHED, epochs=14, warmup_epochs=1, lr=2e-3)


def note(step: str, **facts):
    "Add a step's facts to made.json."
    path = OUT / 'made.json'
    made = json.loads(path.read_text()) if path.exists() else {}
    machine = f'{platform.machine()}, {torch.get_num_threads()} threads, {"cuda" if torch.cuda.is_available() else "cpu"}'
    made[step] = dict(
        command=f'python data/make_fashion.py {step}',
        machine=machine,
        python=platform.python_version(),
        torch=torch.__version__,
        timm=timm.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
        **facts,
    )
    write_atomic(path, (json.dumps(made, indent=1, sort_keys=True) + '\n').encode())


def on_device(net):
    return net.to('cuda' if torch.cuda.is_available() else 'cpu')


def report(net, stitches):
    "Print the accuracy on the first 2,000 test images after each epoch."

    def on_epoch(epoch, rows):
        curve = evaluate(net, load_data(images=2000), stitches, progress=False)
        print(
            f'epoch {epoch}: {dict(zip(curve.stitch, curve.top1.round(2)))}, {rows[-1]["images_per_s"]:.0f} images/s',
            flush=True,
        )

    return on_epoch


def make_anchor(i: int):
    "Train anchor i alone, from random weights: it is the only stitch that is drawn."
    path, began = FAMILY.anchor_file(i), time.time()
    if path.exists():
        return print(f'{path.name} is there')
    torch.manual_seed(i)
    net = on_device(load_family('fashion', weights=None))
    loader = load_data(
        split='train', batch_size=STITCHED.batch_size, augment=True, shuffle=True, seed=i
    )
    train(net, loader, ANCHOR, stitches=[i], on_epoch=report(net, [i]))
    top1 = evaluate(net, load_data(), [i], progress=False).top1[0]
    write_atomic(path, save({k: v.cpu() for k, v in net.anchors[i].model.state_dict().items()}))
    note(
        f'anchor_{i}',
        recipe=asdict(ANCHOR),
        batch_size=STITCHED.batch_size,
        seed=i,
        top1=round(top1, 2),
        seconds=round(time.time() - began),
    )


def make_snnet():
    "Stitch the anchors by least squares, train by Algorithm 1, evaluate all stitches on all test images."
    if FAMILY.file.exists():
        return print(f'{FAMILY.file.name} is there')
    began, net = time.time(), on_device(load_family('fashion', weights='anchors'))
    before = evaluate(net, load_data(), range(3)).top1
    clean = torch.cat([x for x, _ in load_data(split='train', images=STITCHED.match_images)])
    matched = net.init_stitches(clean)
    started = evaluate(net, load_data(images=1000))
    results = train_and_save(net, STITCHED)
    note(
        'snnet',
        recipe=asdict(STITCHED),
        batch_size=STITCHED.batch_size,
        seed=STITCHED.seed,
        match_images=STITCHED.match_images,
        match_r2={str(k): round(r, 4) for k, r in zip(matched.layer, matched.r2)},
        top1_before_training_1000_images=started.top1.round(2).tolist(),
        anchors_before=before.round(2).tolist(),
        seconds=round(time.time() - began),
        **results,
    )


def train_and_save(net, recipe: Recipe) -> dict:
    "One round of Algorithm 1, then the exact curve; what the curve shows."
    loader = load_data(
        split='train',
        batch_size=STITCHED.batch_size,
        augment=True,
        shuffle=True,
        seed=recipe.seed,
        workers=1,
    )
    train(net, loader, recipe, on_epoch=report(net, [0, 1, 2, 20, 53]))
    net.curve = evaluate(net, load_data())
    net.save(FAMILY.file)
    best, line = frontier(net.curve), anchor_line(net.curve)
    return dict(
        anchors_after=net.curve.top1[:3].round(2).tolist(),
        frontier_over_line=round((best.top1 - line[best.index]).mean(), 3),
        frontier=best.stitch.tolist(),
    )


STEPS = {
    'anchor_2': lambda: make_anchor(2),
    'anchor_1': lambda: make_anchor(1),
    'anchor_0': lambda: make_anchor(0),
    'snnet': make_snnet,
}

if __name__ == '__main__':
    asked = sys.argv[1:] or list(STEPS)
    if unknown := [s for s in asked if s not in STEPS]:
        sys.exit(f'no step {unknown[0]!r}: one of {", ".join(STEPS)} is needed')
    OUT.mkdir(exist_ok=True)
    for step in asked:
        STEPS[step]()
