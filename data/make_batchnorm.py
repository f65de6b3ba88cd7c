"""What batch norm's statistics, estimated again for each stitch, are worth.

    python data/make_batchnorm.py

Writes data/batchnorm.csv, one row a measured stitch. Seeds that are already there are kept; delete
the file to make it again.

Two small ResNets are trained on Fashion-MNIST, each alone, then stitched and trained by Algorithm 1,
once a seed. Before and after that training all stitches are evaluated on the 10,000 test images:
with the network's own statistics (`images` = 0), and with those estimated from so many clean
training images.
"""

import copy
import platform
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from trainings import train_whole

from snnet_lab.anchors import Anchor, load_anchor
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.files import write_atomic
from snnet_lab.recipes import ALGORITHM_1, Recipe
from snnet_lab.snnet import SNNet

TABLE = Path(__file__).with_name('batchnorm.csv')
ANCHORS = ('resnet18d', 8), ('resnet34d', 16)  # timm name, width of the first stage
ANCHOR = Recipe(epochs=5, warmup_epochs=0.5, lr=2e-3, label_smoothing=0.1, **ALGORITHM_1)
STITCHED = replace(ANCHOR, epochs=4, lr=5e-4, lr_stitches=2e-3)
SEEDS = (0, 1, 2)
IMAGES = (0, 200, 2000, 20000)  # to estimate from; 0: the network's own statistics
FACTS = ['stitch', 'anchors', 'cuts', 'macs', 'params', 'top1', 'n']


def new_anchor(name: str, width: int) -> Anchor:
    return load_anchor(
        name,
        weights=None,
        size=(1, 28, 28),
        in_chans=1,
        num_classes=10,
        stem_width=width // 2,
        channels=tuple(width * 2**i for i in range(4)),
    )


def fit(net: SNNet, recipe: Recipe, **more):
    loader = load_data(
        split='train', batch_size=recipe.batch_size, augment=True, shuffle=True, seed=recipe.seed
    )
    train_whole(net, loader, recipe, progress=False, **more)


def trained_anchors() -> SNNet:
    "Both anchors, each trained as the only stitch to draw."
    torch.manual_seed(0)
    net = SNNet([new_anchor(*anchor) for anchor in ANCHORS])
    for i in range(len(ANCHORS)):
        fit(net, ANCHOR, stitches=[i])
    return net


def measured(net: SNNet, clean: torch.Tensor, test: list, **facts) -> pd.DataFrame:
    "All stitches, with the network's own statistics and with estimated ones."
    curves = []
    for count in IMAGES:
        images = clean[:count] if count else None
        curve = evaluate(net, test, progress=False, batchnorm=images)
        print(facts, count, curve.top1.round(2).tolist(), flush=True)
        curves.append(curve.assign(images=count, **facts))
    return pd.concat(curves)[[*facts, 'images', *FACTS]]


def measure_seed(
    anchors: SNNet, seed: int, clean: torch.Tensor, test: list
) -> pd.DataFrame:  # before and after training
    began = time.time()
    net = copy.deepcopy(anchors)
    net.init_stitches(clean[:1000])
    before = measured(net, clean, test, seed=seed, epochs=0)
    fit(net, replace(STITCHED, seed=seed))
    after = measured(net, clean, test, seed=seed, epochs=STITCHED.epochs)
    threads = f'{torch.get_num_threads()} threads'
    return pd.concat([before, after]).assign(
        seconds=round(time.time() - began),
        machine=f'{platform.machine()}, {threads}, cpu, torch {torch.__version__}',
        command='python data/make_batchnorm.py',
        date=time.strftime('%Y-%m-%d', time.gmtime()),
    )


def main():
    table = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(dict(seed=[]))
    missing = [seed for seed in SEEDS if seed not in set(table.seed)]
    if not missing:
        print(f'{TABLE.name} is whole')
        return
    anchors = trained_anchors()
    clean = torch.cat([x for x, _ in load_data(split='train', images=max(IMAGES))])
    test = list(load_data())
    for seed in missing:
        found = measure_seed(anchors, seed, clean, test)
        table = pd.concat([table, found]) if len(table) else found
        write_atomic(TABLE, table.to_csv(index=False).encode())


if __name__ == '__main__':
    main()
