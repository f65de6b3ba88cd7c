"""A small training run for tests/test_training.py; its last line is a JSON summary.

python train_script.py FOLDER [resume] [slow] [norms] [shards] [several] [balanced]
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from webdataset import TarWriter

from snnet_lab.data import load_data
from snnet_lab.recipes import Recipe
from snnet_lab.snnet import SNNet
from snnet_lab.testing import tiny_anchors, tiny_cnns
from snnet_lab.training import train

RECIPE = Recipe(
    epochs=2,
    warmup_epochs=0.5,
    lr=2e-3,
    lr_stitches=2e-3,
    batch_size=20,
    sampler='importance',
    stitches_per_step=1,
)
SEVERAL = replace(RECIPE, stitches_per_step=3)  # one of them has images in both of two processes
BALANCED = replace(RECIPE, stitches_per_step=4, balance_gradients=True)


def network(channels=1, **arguments):
    torch.manual_seed(0)  # of the stitching layers
    return SNNet(tiny_anchors(in_chans=channels, **arguments)).eval()


def network_with_norms():
    torch.manual_seed(0)  # of the stitching layers
    return SNNet(tiny_cnns()).eval()


def images():
    return load_data(
        split='train', batch_size=RECIPE.batch_size, images=400, shuffle=True, augment=True
    )


def shards(folder, net, workers=0):
    "240 images of noise in four shards, as a stream."
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for s in range(4):
        with TarWriter(str(folder / f'part-{s}.tar')) as tar:
            for i in range(60):
                noise = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
                tar.write(dict(__key__=f'{s}-{i}', png=noise, cls=i % 10))
    return load_data(
        f'wds/{folder}',
        'part-{0..3}.tar|240',
        RECIPE.batch_size,
        augment=RECIPE,
        shuffle=True,
        workers=workers,
        like=net.anchors[0],
    )


class Slow:
    "Time to be killed in, between steps and while checkpoints are written."

    def before_step(self, t):
        time.sleep(0.05)


def asked_network(words):
    if 'norms' in words:
        return network_with_norms()
    return network(3 if 'shards' in words else 1)


def asked_run(folder, words) -> dict:  # arguments of `train`
    if 'resume' in words:
        return dict(resume=folder)
    recipe = RECIPE
    if 'several' in words:
        recipe = SEVERAL
    if 'balanced' in words:
        recipe = BALANCED
    return dict(folder=folder, recipe=recipe)


def main(folder, *words):
    net = asked_network(words)
    loader = shards(Path(folder) / 'shards', net) if 'shards' in words else images()
    callbacks = [Slow()] if 'slow' in words else []
    how = dict(progress=False, every_steps=2, callbacks=callbacks)
    rows = train(net, loader, **how, **asked_run(folder, words))
    state = PartialState()
    torch.save(net.state_dict(), Path(folder) / f'final-{state.process_index}.pt')
    if state.is_main_process:
        drawn = (rows.stitches if 'stitches' in rows else rows.stitch).tolist()
        found = dict(loss=rows.loss.tolist(), stitch=drawn, processes=state.num_processes)
        print(json.dumps(found), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
