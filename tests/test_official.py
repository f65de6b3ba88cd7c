"Checkpoints of the official code at full size: files in its layout, made here, load to the last weight."

import argparse
import re
from collections import OrderedDict

import pytest
import torch

from snnet_lab.anchors import load_anchor
from snnet_lab.families import family_space, find_family
from snnet_lab.official import load_official
from snnet_lab.snnet import SNNet

FAMILIES = ('deit', 'swin', 'resnet', 'resnet_swin', 'levit')
FIRST_STAGE = dict(swin=0, resnet=1, resnet_swin=1, levit=0)  # that is stitched; deit has one stage


def swin_name(key: str) -> str:
    "The authors' name: downsampling at the end of a stage, the head without a part."
    if found := re.match(r'layers\.(\d)\.downsample(.*)', key):
        return f'layers.{int(found[1]) - 1}.downsample{found[2]}'
    return key.replace('head.fc.', 'head.')


def levit_place(key: str) -> str:
    "One list of blocks: two places for each of ours, two more for a downsampling; stages of four blocks."
    if found := re.match(r'stages\.(\d)\.downsample\.(attn_downsample|mlp)(.*)', key):
        stage, part, rest = found.groups()
        return f'blocks.{10 * int(stage) - 2 + (part == "mlp")}{rest}'
    if found := re.match(r'stages\.(\d)\.blocks\.(\d)\.(attn|mlp)(.*)', key):
        stage, block, part, rest = found.groups()
        place = 10 * int(stage) + 2 * int(block)
        return f'blocks.{place}.m{rest}' if part == 'attn' else f'blocks.{place + 1}{rest}'
    return key


def levit_name(key: str) -> str:
    "The authors' name of a weight of LeViT."
    if found := re.match(r'stem\.conv(\d)\.(.*)', key):
        key = f'patch_embed.{2 * (int(found[1]) - 1)}.{found[2]}'
    key = key.replace('.linear.', '.l.' if key.startswith('head') else '.c.')
    key = re.sub(r'\.mlp\.ln(\d)\.', lambda found: f'.mlp.m.{2 * (int(found[1]) - 1)}.', key)
    key = levit_place(key)
    return key.replace('.proj.ln.', '.proj.1.').replace('.q.ln.', '.q.1.')


def anchor_state(anchor) -> dict:
    "An anchor's weights under the authors' names, with the buffers that their code keeps."
    own = anchor.model.state_dict()
    if anchor.name.startswith('swin'):
        mask = {'layers.0.blocks.1.attn_mask': torch.zeros(64, 49, 49)}
        return {swin_name(k): v for k, v in own.items()} | mask
    if anchor.name.startswith('levit'):
        index = torch.zeros(196, 196, dtype=torch.long)
        return {levit_name(k): v for k, v in own.items()} | {
            'blocks.0.m.attention_bias_idxs': index
        }
    return own


def official_state(net: SNNet, family: str) -> dict:
    "The network's weights under the names of the official code."
    state = {}
    for i, anchor in enumerate(net.anchors):
        state |= {f'anchors.{i}.{k}': v for k, v in anchor_state(anchor).items()}
    for key in net.space.layers:
        stage, front, _, index = key
        place = f'{front}.{index}'
        if family != 'deit':
            place = f'{stage - FIRST_STAGE[family]}.{place}'
        for k, v in net.stitching_layer(key).state_dict().items():
            convolution = family.startswith('resnet') and v.ndim == 2
            shaped = v[:, :, None, None] if convolution else v
            state[f'stitch_layers.{place}.transform.{k}'] = shaped
    return state


@pytest.mark.parametrize('family', FAMILIES)
def test_official_checkpoint(family, tmp_path):
    torch.manual_seed(5)
    named = find_family(family)
    anchors = [load_anchor(weights=None, **a) for a in named.anchors]
    net = SNNet(anchors, **named.rules | named.official).eval()
    state = official_state(net, family)
    assert sum(k.startswith('stitch_layers.') for k in state) == 2 * len(net.space.layers)
    plain = dict(args=argparse.Namespace(epochs=50), config=OrderedDict(a=1), epoch=49)
    torch.save(dict(model=state, **plain), tmp_path / 'official.pth')
    read = load_official(tmp_path / 'official.pth', family)
    assert read.family == family and not read.training
    assert read.space.stitches == net.space.stitches
    for k, v in net.state_dict().items():
        assert torch.equal(v, read.state_dict()[k]), k
    images = torch.randn(1, *net.anchors[0].size)
    last = len(net.space) - 1
    with torch.no_grad():
        assert torch.equal(read(images, last), net(images, last))
    same_stitches = [s.cuts for s in read.space]  # other layers
    assert [s.cuts for s in family_space(family)] == same_stitches


def test_a_checkpoint_of_another_family_is_named(tmp_path):
    resnet = find_family('resnet')
    net = SNNet([load_anchor(weights=None, **a) for a in resnet.anchors], **resnet.rules)
    torch.save(dict(state_dict=official_state(net, 'resnet')), tmp_path / 'resnet.pth')
    message = r'resnet\.pth does not fit the family levit: it lacks'
    with pytest.raises(ValueError, match=message):
        load_official(tmp_path / 'resnet.pth', 'levit')
