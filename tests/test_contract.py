"""The contract of an anchor, on the smallest model of each family of timm that data/coverage.csv says is covered.

`make test` takes a spread of them, `make contract` all.
"""

import warnings
from functools import reduce
from operator import add
from pathlib import Path

import pandas as pd
import pytest
import timm
import torch
from torch.utils._pytree import tree_leaves

from snnet_lab.anchors import load_anchor
from snnet_lab.cost import cost_table, part_costs
from snnet_lab.coverage import check_anchor, coverage_row
from snnet_lab.snnet import SNNet

TABLE = pd.read_csv(Path(__file__).parents[1] / 'data/coverage.csv', keep_default_na=False)
SMALLEST = TABLE[TABLE.covered & (TABLE.model == TABLE.checked)].set_index('model')
SPREAD = [
    'coat_tiny',
    'convit_tiny',
    'convnext_zepto_rms',
    'cs3darknet_focus_s',
    'densenet121',
    'efficientnet_lite0',
    'efficientvit_m0',
    'eva02_tiny_patch14_224',
    'fastvit_t8',
    'ghostnet_050',
    'gmlp_ti16_224',
    'levit_128s',
    'mambaout_femto',
    'maxvit_pico_rw_256',
    'mobilevit_xxs',
    'pit_ti_224',
    'pvt_v2_b0',
    'resnet10t',
    'vit_tiny_patch16_224',
    'xcit_nano_12_p8_224',
]


def pytest_generate_tests(metafunc):
    "All families where the contract is asked for by name, else the spread."
    if 'smallest' not in metafunc.fixturenames:
        return
    names = SPREAD
    if metafunc.config.getoption('markexpr') == 'contract':
        names = [pytest.param(name, marks=pytest.mark.contract) for name in SMALLEST.index]
    metafunc.parametrize('smallest', names)


def test_spread_is_of_twenty_families():
    assert len(SPREAD) == len(set(SPREAD)) == SMALLEST.loc[SPREAD].family.nunique() == 20
    assert not SMALLEST.family.duplicated().any(), 'one model a family'
    assert len(SMALLEST) >= 180
    assert {'NCHW', 'NHWC', 'NLC'} <= set(SMALLEST.loc[SPREAD].layout), 'every layout'


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


def test_contract(smallest):
    if not timm.is_model(smallest):
        pytest.skip(f'timm {timm.__version__} has no {smallest}')
    torch.manual_seed(0)
    report = check_small(smallest)
    assert report.passed.all(), report[~report.passed].to_string()


def check_small(name: str) -> pd.DataFrame:
    "Check a model on the smallest images, and with the fewest blocks, that it can be built for."
    for arguments in small_arguments(name):
        try:
            return check_anchor(name, most=2, compiled=False, **arguments)
        except Exception as e:  # a window or a position table of one size, a depth of its own
            why = e
    raise why


def small_arguments(name: str) -> list[dict]:
    "Ways to build a model, the quickest first; of large ones a few blocks (the table has all)."
    few = dict(depth=4) if SMALLEST.params[name] > 60e6 else {}
    ways = []
    for side in (64, 128, 224):
        ways += [dict(img_size=side), dict(size=(3, side, side))]
    return [*(way | few for way in ways if few), *ways, {}]


# they keep their attention biases, gathered, between forwards in eval mode
CACHING = [
    'efficientformer_l1',
    'efficientformerv2_s0',
    'efficientvit_m0',
    'levit_128s',
    'tiny_vit_5m_224',
]


@pytest.mark.parametrize('name', [*CACHING, 'resnet10t', 'pit_ti_distilled_224'])
def test_every_parameter_that_the_logits_depend_on_is_counted(name):
    "By the gradients of a forward in train mode, in which nothing is kept."
    with torch.device('meta'):  # shapes without values
        anchor = load_anchor(name, weights=None)
        images = torch.zeros(2, *anchor.size)
        with torch.no_grad():
            anchor(images)
    counted = reduce(add, part_costs(anchor)).parameters
    weights = dict(anchor.model.train().named_parameters())
    logits = sum(y.sum() for y in tree_leaves(anchor.model(images)))
    gradients = torch.autograd.grad(logits, list(weights.values()), allow_unused=True)
    used = {n: p.numel() for (n, p), g in zip(weights.items(), gradients) if g is not None}
    assert counted == used
    biases = {n for n in weights if n.endswith('attention_biases')}
    assert bool(biases) == (name in CACHING) and biases <= counted.keys()


@pytest.mark.parametrize('name', ['crossvit_tiny_240', 'tnt_s_patch16_224'])
def test_what_cannot_be_cut_says_why_in_one_line(name):
    row = coverage_row(name)
    assert not row['covered']
    why = f'{name} cannot be cut: of no block does one tensor alone lead on to the logits'
    assert why in row['why'] and '\n' not in row['why']


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
    anchors = [load_anchor(name, weights=None, size=(3, 224, 224)) for name in (front, back)]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # not all pairs are in the order of their parameters
        net = SNNet(anchors).eval()
    one_of_each_stage = {s.cuts[0][0][0]: s for s in net.space if s.cuts}
    assert one_of_each_stage
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        for stitch in one_of_each_stage.values():
            assert net(images, stitch).shape == (1, 1000), stitch
    macs = cost_table(net).macs
    assert macs[2:].min() > min(macs[:2]) / 2
    assert macs[2:].max() < 2 * max(macs[:2])
