"""How large the gradients of one step are, and where they point: `data/gradients.csv`.

    nice python data/make_gradients.py    # seven minutes on one thread

From the shipped family's anchors as they were before stitching and least squares, in the paper's
space: at the start, and after one epoch of Algorithm 1 (labels only). On a batch of training images
the gradient of every stitch is taken by itself, and that of its anchors. A row compares a stitch
with one of its two anchors, on the parameters that both use: those of its front, or of its back.
"""

import platform
import time
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import torch
from make_recipes import PAPER, matched, training_images
from trainings import train_whole

from snnet_lab.files import data_dir
from snnet_lab.snnet import SNNet
from snnet_lab.space import Stitch
from snnet_lab.training import Objective

TABLE = data_dir() / 'gradients.csv'
BATCHES = 3
SIDES = ('front', 'back')


def gradient(
    net: SNNet, stitch: Stitch, batch: tuple[torch.Tensor, torch.Tensor]
) -> dict[str, torch.Tensor]:  # by the parameter's name, those that the stitch uses
    "Of the loss of a stitch."
    images, labels = batch
    net.zero_grad(set_to_none=True)
    Objective.of(PAPER)(net(images, stitch), labels).backward()
    found = {name: p.grad for name, p in net.anchors.named_parameters()}
    return {name: grad for name, grad in found.items() if grad is not None}


def beside(own: dict[str, torch.Tensor], anchors: dict[str, torch.Tensor]) -> dict:
    "Both norms on the parameters that they share, and the cosine between the two."
    shared = own.keys() & anchors.keys()
    x = torch.cat([own[name].flatten() for name in shared])
    y = torch.cat([anchors[name].flatten() for name in shared])
    cosine = torch.nn.functional.cosine_similarity(x, y, dim=0)
    return dict(norm=x.norm().item(), anchor_norm=y.norm().item(), cosine=cosine.item())


def compared(net: SNNet, batch: tuple[torch.Tensor, torch.Tensor]) -> Iterator[dict]:
    "Every stitch of two anchors beside each of them."
    alone = {a: gradient(net, net.space[a], batch) for a in range(len(net.anchors))}
    for stitch in net.space:
        if not stitch.cuts:
            continue
        own = gradient(net, stitch, batch)
        for side, anchor in zip(SIDES, stitch.anchors):
            named = dict(stitch=stitch.id, side=side, anchor=anchor)
            yield named | beside(own, alone[anchor])


def all_compared(net: SNNet, batches: list) -> Iterator[dict]:
    for i, batch in enumerate(batches):
        yield from (dict(batch=i) | row for row in compared(net, batch))


def main():
    net = matched(None, PAPER.match_images)
    batches = [next(iter(training_images(net, 0, seed))) for seed in range(BATCHES)]
    rows = [dict(steps=0) | row for row in all_compared(net, batches)]
    once = replace(PAPER, epochs=1)
    steps = len(train_whole(net, training_images(net, 0, PAPER.seed), once, progress=False))
    rows += [dict(steps=steps) | row for row in all_compared(net, batches)]
    made = dict(
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads',
        torch=torch.__version__,
        finished=time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
    )
    table = pd.DataFrame(rows).assign(**made)
    table.to_csv(TABLE, index=False, float_format='%.4g')


if __name__ == '__main__':
    main()
