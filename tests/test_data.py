"What data/README.md says of the shipped files is true, and the shipped network is what the project promises."

import copy
import hashlib
import json
import re
import warnings
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from safetensors import safe_open

from snnet_lab.cost import cost_table
from snnet_lab.curves import anchor_line, frontier
from snnet_lab.data import load_data
from snnet_lab.evaluation import evaluate
from snnet_lab.families import FAMILIES, load_family
from snnet_lab.recipes import Recipe
from snnet_lab.training import train

DATA = Path(__file__).parents[1] / 'data'
ROW = r'^\| `([^`]+)` \|.*\| ([\d,]+) \| `([0-9a-f]{64})` \|$'  # name, size, digest
ROWS = re.findall(ROW, (DATA / 'README.md').read_text(), re.M)
SAME = 0.03  # points: another machine may round an image or two differently


def files() -> list[Path]:
    "All that lies in data/, but what a first use unpacks."
    return [p for p in DATA.rglob('*') if p.is_file() and 'unpacked' not in p.parts]


@pytest.fixture(scope='module')
def net():
    return load_family('fashion')


def test_readme_lists_every_large_file():
    assert len(ROWS) >= 9
    kinds = ('.gz', '.safetensors', '.png', '.webp', '.html')
    large = {str(p.relative_to(DATA)) for p in files() if p.suffix in kinds}
    assert large <= {name for name, _, _ in ROWS}


@pytest.mark.parametrize('name, size, digest', ROWS, ids=[row[0] for row in ROWS])
def test_size_and_sha256(name, size, digest):
    content = (DATA / name).read_bytes()
    assert len(content) == int(size.replace(',', ''))
    assert hashlib.sha256(content).hexdigest() == digest


def test_the_readme_opens_with_the_slider_in_motion():
    moving = DATA / 'pictures/slider.webp'
    assert '](data/pictures/slider.webp)' in (DATA.parent / 'README.md').read_text()[:2000]
    assert moving.stat().st_size < 2e6
    with Image.open(moving) as picture:
        assert picture.n_frames > 60


def test_data_stays_small():
    assert sum(p.stat().st_size for p in files()) < 60e6


def test_the_curve_is_whole_and_exact(net):
    curve = net.curve
    assert curve.stitch.tolist() == list(range(71)) and (curve.n == 10_000).all()
    columns = ['stitch', 'anchors', 'cuts', 'macs', 'params']
    pd.testing.assert_frame_equal(cost_table(net)[columns], curve[columns])
    few = evaluate(net, load_data(), [0, 5, 70], progress=False)
    off = few.top1 - curve.top1[few.stitch].to_numpy()
    assert off.abs().max() <= SAME, few


def test_the_anchors_of_the_family(net):
    made = json.loads((DATA / 'fashion/made.json').read_text())
    own = [made[f'anchor_{i}']['top1'] for i in range(3)]
    assert own[1] - own[0] >= 1.5 and own[2] - own[1] >= 1.5 and own[2] >= 91, own
    anchors = load_family('fashion', weights='anchors')
    exact = evaluate(anchors, load_data(), range(2), progress=False).top1
    assert (exact - own[:2]).abs().max() <= SAME, (exact, own)
    few = load_data(images=1000)  # the largest anchor is dear
    first = evaluate(anchors, few, [2], progress=False).top1.item()
    assert abs(first - own[2]) <= 2, (first, own)
    for i in range(3):
        fell = f'anchor {i} fell from {own[i]} to {net.curve.top1[i]}'
        assert net.curve.top1[i] >= own[i], fell


def test_the_frontier_holds_the_line(net):
    best = frontier(net.curve)
    over = best.top1 - anchor_line(net.curve)[best.index]
    pair = best.anchors.map(lambda path: tuple(sorted(path)))
    by_pair = over[best.cuts.map(len) > 0].groupby(pair).mean()
    assert len(best) >= 20 and len(by_pair) == 2 and (by_pair > 0.25).all(), by_pair


def group_of(stitch: int) -> str:  # as data/README.md calls it
    if stitch == 0:
        return 'the small anchor alone'
    if stitch == 1:
        return 'the large anchor alone'
    if stitch < 7:
        return 'leaving the small anchor in its first two stages (5)'
    return 'leaving it in its last two (7)'


def spread(gains: pd.Series) -> str:  # mean, and from least to largest
    text = f'{gains.mean():.2f}'
    return f'{text} ({gains.min():.2f} to {gains.max():.2f})' if len(gains) > 1 else text


def test_what_batch_norm_is_worth():
    table = pd.read_csv(DATA / 'batchnorm.csv')
    top1 = table.pivot(index=['epochs', 'seed', 'stitch'], columns='images', values='top1')
    assert len(top1) == 2 * 3 * 14 and top1.notna().all(axis=None) and (table.n == 10_000).all()
    gain = (top1[2000] - top1[0]).reset_index(name='gain')
    text = (DATA / 'README.md').read_text()
    for name, rows in gain.groupby(gain.stitch.map(group_of)):
        start = rows[(rows.epochs == 0) & (rows.seed == 0)].gain
        trained = rows[rows.epochs == 4].gain
        assert f'| {name} | {spread(start)} | {spread(trained)} |' in text, name
    assert (gain[gain.epochs == 4].groupby('seed').gain.mean() > 1).all()


def test_files_hold_no_code():
    for path in DATA.rglob('*.safetensors'):
        with safe_open(path, 'pt') as f:
            assert list(f.keys())
    assert not [p for p in DATA.rglob('*') if p.suffix in ('.pth', '.pt', '.pkl', '.bin')]
    assert FAMILIES['fashion'].file.exists()


def test_the_readme_trains_on_training_images():
    text = (DATA.parent / 'README.md').read_text()
    lines = text.partition('An SN-Net of your own')[2].partition('\n```\n')[0]
    (made,) = re.findall(r'train_loader = load_data\((.*)\)', lines)
    assert 'split="train"' in made and 'augment=True' in made and 'shuffle=True' in made


def test_training_on_test_images_warns(net):
    recipe = Recipe(epochs=1, warmup_epochs=0, teacher=None, distill=0)
    with pytest.warns(UserWarning, match='these are test images'):
        train(copy.deepcopy(net), load_data(images=8, batch_size=8), recipe, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        loader = load_data(split='train', augment=True, images=8, batch_size=8)
        train(copy.deepcopy(net), loader, recipe, progress=False)
