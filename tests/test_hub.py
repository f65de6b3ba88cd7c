"""Pretrained weights come through timm's hub download.

Tested with a cache in the hub's own layout, without a network.
"""

import os
import subprocess
import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file

NAME = 'deit_tiny_patch16_224'
LOAD = f"""
from snnet_lab.anchors import load_anchor

anchor = load_anchor({NAME!r})
print(anchor.depths, round(anchor.model.head.weight.sum().item(), 4))
"""


def load_offline(home: Path) -> subprocess.CompletedProcess:
    environment = dict(os.environ, HF_HOME=str(home), HF_HUB_OFFLINE='1')
    return subprocess.run(
        [sys.executable, '-c', LOAD], capture_output=True, text=True, env=environment
    )


def test_cached_weights_are_used_offline(tmp_path):
    torch.manual_seed(3)
    model = timm.create_model(NAME)
    hub_id = timm.get_pretrained_cfg(NAME).hf_hub_id
    repo = tmp_path / 'hub' / f'models--{hub_id.replace("/", "--")}'
    (repo / 'snapshots/abc').mkdir(parents=True)
    (repo / 'refs').mkdir()
    (repo / 'refs/main').write_text('abc')
    save_file(model.state_dict(), repo / 'snapshots/abc/model.safetensors')
    done = load_offline(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f'(12,) {round(model.head.weight.sum().item(), 4)}'


def test_without_network_one_line_says_what_to_do(tmp_path):
    done = load_offline(tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    assert f'cannot download the weights of {NAME} from the hub' in last
    assert 'weights=None' in last
