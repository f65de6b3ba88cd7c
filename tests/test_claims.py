"The notebooks of the paper say what their tables say: each sentence about runs is made again."

import json
import re
import runpy
from pathlib import Path

import pytest
import torch
from test_lessons import run

from snnet_lab.claims import ablation
from snnet_lab.matching import GramAccumulator, solve_stitch

ROOT = Path(__file__).parents[1]
PAPER = sorted(ROOT.glob('nbs/paper/[0-9]*.ipynb'))
TABLES = sorted(p.stem for p in (ROOT / 'data/ablations').glob('*.csv'))
SENTENCE = re.compile(r'> .*\bseeds\.$', re.M)
ABOUT_RUNS = re.compile(r'95% interval|\d seeds\b|too few runs')  # only a made sentence says this


def cells(path: Path) -> list[tuple[str, str]]:  # kind, source
    found = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [(c['cell_type'], ''.join(c['source'])) for c in found]


CLAIMING = [path for path in PAPER if any('claim(' in source for _, source in cells(path))]


def test_there_are_claims():
    assert len(PAPER) >= 4 and len(CLAIMING) >= 3 and {'starts', 'trained'} <= {*TABLES}


@pytest.mark.parametrize('path', CLAIMING, ids=lambda p: p.stem)
def test_sentences_are_those_of_the_tables(path):
    names = {'__name__': 'paper'}
    made = None  # by the last cell of code
    said = 0
    for kind, source in cells(path):
        if kind == 'code':
            made = run(source, names)
            made = made if isinstance(made, str) else None
            continue
        found = [line.removeprefix('> ') for line in SENTENCE.findall(source)]
        assert found == ([made] if made else []), path.stem
        said += len(found)
        made = None
    assert made is None, f'no text says: {made}'
    assert said >= 1


@pytest.mark.parametrize('path', PAPER, ids=lambda p: p.stem)
def test_nothing_else_is_claimed(path):
    for kind, source in cells(path):
        if kind == 'markdown':
            rest = SENTENCE.sub('', source)
            assert not ABOUT_RUNS.search(rest), f'{path.stem} claims what no function made: {rest}'


@pytest.mark.parametrize('name', TABLES)
def test_tables_name_what_made_them(name):
    table = ablation(name)
    facts = ['variant', 'seed', 'steps', 'seconds', 'machine', 'command', 'date']
    assert table[facts].notna().all(axis=None)
    assert not table.duplicated(['variant', 'seed', 'anchors', 'cuts']).any()
    assert (table.n == 1000).all() and table.top1.between(0, 100).all()
    runs = table.groupby(['variant', 'seed'])
    assert (runs.top1.size() == runs.stitch.nunique()).all()


@pytest.fixture(scope='module')
def script():  # its names
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / 'data'))
        return runpy.run_path(str(ROOT / 'data/make_ablations.py'))


def test_every_run_has_its_turn_once(script):
    runs = [
        (name, variant) for name, made in script['MADE_BY'].items() for variant in made.variants
    ]
    assert sorted(script['ORDER']) == sorted(runs)
    for name in TABLES:
        made, table = script['MADE_BY'][name], ablation(name)
        assert {*table.variant} <= {*made.variants} and {*table.seed} <= {*made.seeds}
        assert (table.steps == made.steps).all()


def test_other_maps_are_what_they_are_called(script):
    rows = torch.Generator().manual_seed(0)
    x = torch.randn(200, 4, generator=rows).double()
    y = torch.randn(200, 6, generator=rows).double() + x.repeat(1, 2)[:, :6]
    moments = GramAccumulator(4, 6).update(x, y).moments
    plain, _ = solve_stitch(x, y)
    torch.testing.assert_close(script['ridge'](moments, 0.0), plain)
    assert script['ridge'](moments, 1.0).norm() < 0.8 * plain.norm()
    torch.testing.assert_close(script['low_rank'](moments, 1.0), plain)
    assert torch.linalg.matrix_rank(script['low_rank'](moments, 0.5)) == 2
    turned = script['orthogonal'](moments)  # (6, 4)
    scale = (turned.T @ turned)[0, 0]
    torch.testing.assert_close(turned.T @ turned, scale * torch.eye(4).double())
