"Checkpoints of the official code at full size: files in its layout, made here, load to the last weight."

import argparse
import re
from collections import OrderedDict

import pytest
import torch

from snnet_lab.anchors import load_anchor
from snnet_lab.families import family_space, find_family
from snnet_lab.snnet import SNNet

FAMILIES = ('deit', 'swin', 'resnet', 'resnet_swin', 'levit')
FIRST_STAGE = dict(
    swin=0, resnet=1, resnet_swin=1, levit=0
)  # in which the official network stitches; deit has one stage


def swin_name(k: str) -> str:
    "The authors' name: downsampling at the end of a stage, the head without a part."
    return re.sub(
        r'layers\.(\d)\.downsample', lambda m: f'layers.{int(m[1]) - 1}.downsample', k
    ).replace('head.fc.', 'head.')


def levit_name(k: str) -> str:
    "The authors' name: one list of blocks, two places for each of ours, two more for a downsampling; stages of four blocks."
    k = re.sub(r'^stem\.conv(\d)\.', lambda m: f'patch_embed.{2 * (int(m[1]) - 1)}.', k).replace(
        '.linear.', '.l.' if k.startswith('head') else '.c.'
    )
    k = re.sub(r'\.mlp\.ln(\d)\.', lambda m: f'.mlp.m.{2 * (int(m[1]) - 1)}.', k)
    k = re.sub(
        r'stages\.(\d)\.downsample\.(attn_downsample|mlp)',
        lambda m: f'blocks.{10 * int(m[1]) - 2 + (m[2] == "mlp")}',
        k,
    )
    k = re.sub(
        r'stages\.(\d)\.blocks\.(\d)\.attn',
        lambda m: f'blocks.{10 * int(m[1]) + 2 * int(m[2])}.m',
        k,
    )
    k = re.sub(
        r'stages\.(\d)\.blocks\.(\d)\.mlp',
        lambda m: f'blocks.{10 * int(m[1]) + 2 * int(m[2]) + 1}',
        k,
    )
    return k.replace('.proj.ln.', '.proj.1.').replace('.q.ln.', '.q.1.')


def official_state(net: SNNet, family: str) -> dict:
    "The network's weights under the names of the official code, with the buffers that it keeps."
    state = {}
    for i, anchor in enumerate(net.anchors):
        name = (
            swin_name
            if anchor.name.startswith('swin')
            else levit_name
            if anchor.name.startswith('levit')
            else str
        )
        state |= {f'anchors.{i}.{name(k)}': v for k, v in anchor.model.state_dict().items()}
        if name is swin_name:
            state[f'anchors.{i}.layers.0.blocks.1.attn_mask'] = torch.zeros(64, 49, 49)
        if name is levit_name:
            state[f'anchors.{i}.blocks.0.m.attention_bias_idxs'] = torch.zeros(
                196, 196, dtype=torch.long
            )
    for (stage, front, _, index), layer in ((k, net.stitching_layer(k)) for k in net.space.layers):
        place = (
            f'{front}.{index}'
            if family == 'deit'
            else f'{stage - FIRST_STAGE[family]}.{front}.{index}'
        )
        convolution = family.startswith('resnet')
        state |= {
            f'stitch_layers.{place}.transform.{k}': v[:, :, None, None]
            if convolution and v.ndim == 2
            else v
            for k, v in layer.state_dict().items()
        }
    return state


@pytest.mark.parametrize('family', FAMILIES)
def test_official_checkpoint(family, tmp_path):
    torch.manual_seed(5)
    rules = find_family(family)
    net = SNNet(
        [load_anchor(weights=None, **a) for a in rules.anchors], **rules.rules | rules.official
    ).eval()
    state = official_state(net, family)
    assert len(state) == len(set(state)) and any(k.startswith('stitch_layers.') for k in state)
    torch.save(
        dict(model=state, args=argparse.Namespace(epochs=50), config=OrderedDict(a=1), epoch=49),
        tmp_path / 'official.pth',
    )
    read = SNNet.from_official(tmp_path / 'official.pth', family)
    assert read.family == family and not read.training and read.space.stitches == net.space.stitches
    for k, v in net.state_dict().items():
        assert torch.equal(v, read.state_dict()[k]), k
    images = torch.randn(1, *net.anchors[0].size)
    with torch.no_grad():
        assert torch.equal(read(images, len(read.space) - 1), net(images, len(net.space) - 1))
    assert [s.cuts for s in family_space(family)] == [
        s.cuts for s in read.space
    ]  # the same stitches, other layers


def test_a_checkpoint_of_another_family_is_named(tmp_path):
    net = SNNet(
        [load_anchor(weights=None, **a) for a in find_family('resnet').anchors],
        **find_family('resnet').rules,
    )
    torch.save(dict(state_dict=official_state(net, 'resnet')), tmp_path / 'resnet.pth')
    with pytest.raises(ValueError, match='resnet.pth does not fit the family levit: it lacks'):
        SNNet.from_official(tmp_path / 'resnet.pth', 'levit')
