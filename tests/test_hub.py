"Pretrained weights come through timm's hub download: tested with a cache in the hub's own layout, without a network."

import os
import subprocess
import sys

import timm
import torch
from safetensors.torch import save_file

NAME = 'deit_tiny_patch16_224'


def load(home, code: str) -> subprocess.CompletedProcess:
    env = dict(os.environ, HF_HOME=str(home), HF_HUB_OFFLINE='1')
    code = f'from snnet_lab.anchors import load_anchor\nanchor = load_anchor({NAME!r})\n{code}'
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env=env)


def test_cached_weights_are_used_offline(tmp_path):
    torch.manual_seed(3)
    model = timm.create_model(NAME)
    repo = (
        tmp_path / 'hub' / ('models--' + timm.get_pretrained_cfg(NAME).hf_hub_id.replace('/', '--'))
    )
    (repo / 'snapshots/abc').mkdir(parents=True)
    (repo / 'refs').mkdir()
    (repo / 'refs/main').write_text('abc')
    save_file(model.state_dict(), repo / 'snapshots/abc/model.safetensors')
    done = load(tmp_path, 'print(anchor.depths, round(anchor.model.head.weight.sum().item(), 4))')
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f'(12,) {round(model.head.weight.sum().item(), 4)}'


def test_without_network_one_line_says_what_to_do(tmp_path):
    done = load(tmp_path, '')
    last = done.stderr.strip().splitlines()[-1]
    assert (
        done.returncode != 0
        and f'cannot download the weights of {NAME} from the hub' in last
        and 'weights=None' in last
    ), last
