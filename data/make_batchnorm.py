"""What batch norm's statistics, estimated again for each stitch, are worth: writes data/batchnorm.csv, one row a measured stitch.

    python data/make_batchnorm.py          # seeds that are already there are kept; delete the file to make it again

Two small ResNets are trained on Fashion-MNIST, each alone, then stitched and trained by Algorithm 1, once a seed. Before and after
that training all stitches are evaluated on the 10,000 test images: with the network's own statistics (`images` = 0), and with those
estimated from so many clean training images.
"""

import copy
import platform
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch

from snnet_lab.anchors import load_anchor
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.files import write_atomic
from snnet_lab.recipes import ALGORITHM_1, Recipe
from snnet_lab.snnet import SNNet
from snnet_lab.training import train

TABLE = Path(__file__).with_name('batchnorm.csv')
ANCHORS = ('resnet18d', 8), ('resnet34d', 16)  # timm name, width of the first stage
ANCHOR = Recipe(epochs=5, warmup_epochs=0.5, lr=2e-3, label_smoothing=0.1, **ALGORITHM_1)
STITCHED = replace(ANCHOR, epochs=4, lr=5e-4, lr_stitches=2e-3)
SEEDS, IMAGES = (0, 1, 2), (0, 200, 2000, 20000)


def new_anchor(name: str, width: int):
    return load_anchor(
        name,
        weights=None,
        size=(1, 28, 28),
        in_chans=1,
        num_classes=10,
        stem_width=width // 2,
        channels=tuple(width * 2**i for i in range(4)),
    )


def fit(net, recipe: Recipe, **more):
    train(
        net,
        load_data(
            split='train',
            batch_size=recipe.batch_size,
            augment=True,
            shuffle=True,
            seed=recipe.seed,
        ),
        recipe,
        progress=False,
        **more,
    )


def trained_anchors() -> SNNet:
    "Both anchors, each trained as the only stitch to draw."
    torch.manual_seed(0)
    net = SNNet([new_anchor(*a) for a in ANCHORS])
    for i in range(len(ANCHORS)):
        fit(net, ANCHOR, stitches=[i])
    return net


def measured(net, clean, test, **facts) -> pd.DataFrame:
    "All stitches, with the network's own statistics and with estimated ones."
    curves = [
        evaluate(net, test, progress=False, batchnorm=clean[:n] if n else None).assign(
            images=n, **facts
        )
        for n in IMAGES
    ]
    print(facts, {n: c.top1.round(2).tolist() for n, c in zip(IMAGES, curves)}, flush=True)
    return pd.concat(curves)[
        [*facts, 'images', 'stitch', 'anchors', 'cuts', 'macs', 'params', 'top1', 'n']
    ]


def main():
    tables = [pd.read_csv(TABLE)] if TABLE.exists() else []
    missing = [s for s in SEEDS if not any(s in set(t.seed) for t in tables)]
    if not missing:
        return print(f'{TABLE.name} is whole')
    anchors = trained_anchors()
    clean, test = (
        torch.cat([x for x, _ in load_data(split='train', images=max(IMAGES))]),
        list(load_data()),
    )
    for seed in missing:
        began, net = time.time(), copy.deepcopy(anchors)
        net.init_stitches(clean[:1000])
        before = measured(net, clean, test, seed=seed, epochs=0)
        fit(net, replace(STITCHED, seed=seed))
        after = measured(net, clean, test, seed=seed, epochs=STITCHED.epochs)
        made = dict(
            seconds=round(time.time() - began),
            machine=f'{platform.machine()}, {torch.get_num_threads()} threads, cpu, torch {torch.__version__}',
            command='python data/make_batchnorm.py',
        )
        tables.append(
            pd.concat([before, after]).assign(**made, date=time.strftime('%Y-%m-%d', time.gmtime()))
        )
        write_atomic(TABLE, pd.concat(tables).to_csv(index=False).encode())


if __name__ == '__main__':
    main()
