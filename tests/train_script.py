"""A small training run for tests/test_training.py: python train_script.py FOLDER [resume] [slow] [norms] [shards]; its last line is a JSON summary."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from webdataset import TarWriter

from snnet_lab.anchors import load_anchor
from snnet_lab.data import load_data
from snnet_lab.recipes import Recipe
from snnet_lab.snnet import SNNet
from snnet_lab.training import train

RECIPE = Recipe(
    epochs=2, warmup_epochs=0.5, lr=2e-3, lr_stitches=2e-3, batch_size=20, sampler='importance'
)


def network(channels=1, **arguments):
    torch.manual_seed(0)
    small = dict(img_size=28, in_chans=channels, patch_size=7, num_heads=2, depth=3, num_classes=10)
    return SNNet(
        [
            load_anchor('deit_tiny_patch16_224', weights=None, embed_dim=d, **small, **arguments)
            for d in (16, 32)
        ]
    ).eval()


def network_with_norms():
    torch.manual_seed(0)
    return SNNet(
        [
            load_anchor(
                'resnet18',
                weights=None,
                size=(1, 28, 28),
                in_chans=1,
                num_classes=10,
                channels=(w, w, 2 * w, 2 * w),
            )
            for w in (4, 8)
        ]
    ).eval()


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
                tar.write(
                    dict(
                        __key__=f'{s}-{i}',
                        png=rng.integers(0, 255, (32, 32, 3), dtype=np.uint8),
                        cls=i % 10,
                    )
                )
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


def main(folder, *words):
    net = network_with_norms() if 'norms' in words else network(3 if 'shards' in words else 1)
    loader = shards(Path(folder) / 'shards', net) if 'shards' in words else images()
    where = dict(resume=folder) if 'resume' in words else dict(folder=folder)
    rows = train(
        net,
        loader,
        progress=False,
        every_steps=2,
        callbacks=[Slow()] if 'slow' in words else [],
        **where,
        **({} if 'resume' in words else dict(recipe=RECIPE)),
    )
    state = PartialState()
    torch.save(net.state_dict(), Path(folder) / f'final-{state.process_index}.pt')
    if state.is_main_process:
        print(
            json.dumps(
                dict(
                    loss=rows.loss.tolist(),
                    stitch=rows.stitch.tolist(),
                    processes=state.num_processes,
                )
            ),
            flush=True,
        )


if __name__ == '__main__':
    main(*sys.argv[1:])
