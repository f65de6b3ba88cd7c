"The contract of an anchor on one model of every family of timm that data/coverage.csv says is covered: the smallest."

import warnings
from pathlib import Path

import pandas as pd
import pytest
import timm
import torch

from snnet_lab.anchors import load_anchor
from snnet_lab.cost import cost_table
from snnet_lab.coverage import check_anchor, coverage_row
from snnet_lab.snnet import SNNet

TABLE = pd.read_csv(Path(__file__).parents[1] / 'data/coverage.csv', keep_default_na=False)
SMALLEST = TABLE[TABLE.covered & (TABLE.model == TABLE.checked)]


def test_coverage_is_what_the_project_promises():
    assert len(TABLE) >= 1300 and TABLE.covered.mean() >= 0.97, TABLE.covered.mean()
    assert (TABLE.covered == (TABLE.why == '')).all() and (TABLE[TABLE.covered].cuts >= 2).all()
    fine_tuned = (
        'vision_transformer/vit',
        'vision_transformer/deit',
        'deit/deit',
        'deit/deit3',
        'eva/eva',
        'beit/beit',
        'swin_transformer/swin',
        'swin_transformer_v2/swinv',
        'convnext/convnext',
        'resnet/resnet',
        'resnet/resnext',
        'regnet/regnety',
        'efficientnet/efficientnet',
        'mobilenetv3/mobilenetv',
        'maxxvit/maxvit',
        'maxxvit/coatnet',
        'pvt_v2/pvt',
        'metaformer/poolformer',
        'metaformer/caformer',
        'mlp_mixer/mixer',
        'levit/levit',
        'fastvit/fastvit',
        'efficientformer/efficientformer',
        'hiera/hiera',
        'xcit/xcit',
        'cait/cait',
    )
    known = set(TABLE.family)
    for f in fine_tuned:
        if f in known:
            assert TABLE[TABLE.family == f].covered.all(), f
    assert len(known & set(fine_tuned)) >= 22, set(fine_tuned) - known


@pytest.mark.parametrize('name', SMALLEST.model)
def test_contract(name):
    if not timm.is_model(name):
        pytest.skip(f'timm {timm.__version__} has no {name}')
    torch.manual_seed(0)
    facts = SMALLEST.set_index('model').loc[name]
    small = (
        dict(size=(3, 96, 96))
        if facts.layout == 'NCHW'
        else dict(img_size=224)
        if max(timm.get_pretrained_cfg(name).input_size[1:]) > 256
        else {}
    )
    if facts.params > 150e6:
        small['depth'] = 4  # of the very largest, a few blocks; the table was made with all
    try:
        report = check_anchor(name, most=2, compiled=False, **small)
    except Exception:
        report = check_anchor(
            name, most=2, compiled=False
        )  # a window or a position table of one image size
    assert report.passed.all(), report[~report.passed].to_string()


@pytest.mark.parametrize('name', ['crossvit_tiny_240', 'tnt_s_patch16_224'])
def test_what_cannot_be_cut_says_why_in_one_line(name):
    row = coverage_row(name)
    assert (
        not row['covered']
        and f'{name} cannot be cut: of no block does one tensor alone lead on to the logits'
        in row['why']
        and '\n' not in row['why']
    )


PAIRS = [
    ('convnext_atto', 'convnext_pico'),
    ('resnet18', 'resnet34'),
    ('resnet34', 'resnet50'),
    ('regnety_002', 'regnety_004'),
    ('poolformer_s12', 'poolformer_s24'),
    ('pvt_v2_b0', 'pvt_v2_b1'),
    ('mixer_s16_224', 'mixer_b16_224'),
    ('levit_128s', 'levit_192'),
    ('mobilenetv3_small_100', 'mobilenetv3_large_100'),
    ('resnet18', 'deit_tiny_patch16_224'),
    ('deit_tiny_patch16_224', 'cait_xxs24_224'),
    ('deit_tiny_patch16_224', 'deit_small_distilled_patch16_224'),
    ('pvt_v2_b0', 'convnext_atto'),
]


@pytest.mark.parametrize('front, back', PAIRS)
def test_any_two_that_meet_can_be_stitched(front, back):
    "Models of one family, and of unlike ones: a CNN and a ViT, class tokens that one lacks, tokens and feature maps."
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # not all pairs are in the order of their parameters
        net = SNNet(
            [load_anchor(n, weights=None, size=(3, 224, 224)) for n in (front, back)]
        ).eval()
    stitches = [s for s in net.space if s.cuts]
    assert stitches
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        for s in {s.cuts[0][0][0]: s for s in stitches}.values():
            assert net(images, s).shape == (1, 1000), s  # one of each stage
    costs = cost_table(net)
    assert costs.macs[2:].min() > min(costs.macs[:2]) / 2 and costs.macs[2:].max() < 2 * max(
        costs.macs[:2]
    )
