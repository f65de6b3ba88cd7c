"House rules that can be read off the notebooks (CONTRIBUTING.md says why)."
import ast
import json
import re
from collections import Counter
from pathlib import Path

import pytest

NBS = Path(__file__).parents[1]/'nbs'
NOTEBOOKS = sorted(NBS.glob('*.ipynb'))
ORDER = {p.stem[3:]: i for i, p in enumerate(NOTEBOOKS) if re.match(r'\d\d_', p.stem)}      # as the folder lists them
JUPYTER_FREE = {p.stem[3:] for p in NOTEBOOKS if p.stem[:2] not in ('11', '12')}


def cells(path: Path) -> list[tuple[str, str, dict]]:
    return [(c['cell_type'], ''.join(c['source']), c) for c in json.loads(path.read_text())['cells']]


def exported(path: Path) -> list[str]:
    return [s for kind, s, _ in cells(path) if kind == 'code' and re.match(r'#\|\s*export\b', s)]


EXPORTING = [p for p in NOTEBOOKS if exported(p)]
each = pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
each_exporting = pytest.mark.parametrize('path', EXPORTING, ids=lambda p: p.stem)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 13 and len(EXPORTING) >= 11


@each
def test_clean(path):
    for _, _, cell in cells(path):
        assert cell.get('id'), 'a cell without id'
        assert not cell.get('outputs') and cell.get('execution_count') is None, 'outputs are not committed'


@each
def test_begins_with_name_and_purpose(path):
    kind, text, _ = cells(path)[0]
    assert kind == 'markdown' and text.startswith('# ') and len(text.splitlines()) >= 3


@each
def test_directives_come_first(path):
    for kind, text, _ in cells(path):
        lines = [i for i, line in enumerate(text.splitlines()) if kind == 'code' and re.match(r'\s*#\s*\|', line)]
        assert not lines or lines == list(range(len(lines))), f'a directive below the first line is ignored: {text[:80]}'
        assert not re.search(r'#\|\s*Export', text), 'directives are lower case'


@each_exporting
def test_short_exported_cells(path):
    lengths = [len(s.splitlines()) for s in exported(path)]
    assert max(lengths) <= 45, f'{path.stem}: an exported cell of {max(lengths)} lines'
    assert sum(lengths) <= 400, f'{path.stem}: {sum(lengths)} exported lines: two modules?'


@each_exporting
def test_tests_what_it_exports(path):
    tested = sum(len(re.findall(r'\bassert\b|\btest_\w+\(', s)) for kind, s, _ in cells(path) if kind == 'code')
    assert tested >= 2 * len([s for s in exported(path) if re.search(r'^(class|def) [a-z]|^def |^class [A-Z]', s, re.M)]), f'{path.stem}: {tested} asserts'


@each_exporting
def test_imports(path):
    tree = ast.parse('\n'.join(exported(path)))
    own = ORDER[path.stem[3:]]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert all(a.name != '*' for a in node.names), 'no star imports'
            if (node.module or '').startswith('snnet_lab.'): assert ORDER[node.module.split('.')[1]] < own, f'{path.stem} imports {node.module}: only from those that are listed before it'
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ''] if isinstance(node, ast.ImportFrom) else []
        for name in (n.split('.')[0] for n in names):
            assert name not in ('fastcore', 'nbdev'), 'development tools are not imported by the package'
            if path.stem[3:] in JUPYTER_FREE: assert name not in ('plotly', 'IPython', 'ipywidgets', 'anywidget'), f'{path.stem} imports {name}'


def test_one_notebook_a_module():
    names = Counter(m.group(1) for p in NOTEBOOKS for _, s, _ in cells(p) if (m := re.search(r'^#\|\s*default_exp\s+(\S+)', s, re.M)))
    assert names and max(names.values()) == 1, names
