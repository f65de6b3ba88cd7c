"""House rules that can be read off the files (CONTRIBUTING.md says why); ruff holds what it can of them."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NBS = ROOT / 'nbs'
NOTEBOOKS = sorted(p for p in NBS.rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts)
MOST = 120  # columns
PLOTS_FROM, WINDOW_FROM = 29, 31  # numbers from which plotly, then Jupyter, may be imported
DEVELOPMENT = {'fastcore', 'nbdev', 'execnb'}
JUPYTER = {'plotly', 'IPython', 'ipywidgets', 'anywidget', 'traitlets'}


def cells(path: Path) -> list[tuple[str, str, dict]]:  # kind, source, the cell
    found = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [(c['cell_type'], ''.join(c['source']), c) for c in found]


def exported(path: Path) -> list[str]:
    return [s for kind, s, _ in cells(path) if kind == 'code' and re.match(r'#\|\s*export\b', s)]


def module(path: Path) -> str | None:  # dotted, as after `default_exp`
    for kind, source, _ in cells(path):
        if kind == 'code' and (found := re.match(r'#\|\s*default_exp\s+(\S+)', source)):
            return found[1]
    return None


def number(path: Path) -> int | None:
    return int(path.stem[:2]) if re.match(r'\d\d_', path.stem) else None


EXPORTING = [p for p in NOTEBOOKS if exported(p)]
NUMBER_OF = {module(p): number(p) for p in EXPORTING}
each = pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
each_exporting = pytest.mark.parametrize('path', EXPORTING, ids=lambda p: p.stem)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 40 and len(EXPORTING) >= 38


def test_ruff_finds_nothing():
    done = subprocess.run(
        [sys.executable, '-m', 'ruff', 'check', '--no-cache', '.'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]


def test_ruff_formats_nothing():
    done = subprocess.run(
        [sys.executable, '-m', 'ruff', 'format', '--no-cache', '--check', '.'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]


def test_no_wide_line_in_any_file():
    "Also where ruff does not look: generated modules, scripts, styles, templates."
    places = [
        *(ROOT / 'snnet_lab').rglob('*'),
        *(ROOT / 'tests').glob('*.*'),
        *(ROOT / 'data').glob('*.py'),
    ]
    wide = []
    for path in places:
        if path.suffix not in ('.py', '.js', '.css', '.html', '.mjs') or path.name == '_modidx.py':
            continue
        for i, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            if len(line) > MOST and '__all__' not in line:
                wide.append(f'{path.relative_to(ROOT)}:{i}: {len(line)} columns')
    assert not wide, wide


@each
def test_clean(path):
    ids = [cell.get('id') for _, _, cell in cells(path)]
    assert all(ids) and len(ids) == len(set(ids)), 'every cell has an id of its own'
    for _, _, cell in cells(path):
        assert not cell.get('outputs'), 'outputs are not committed'
        assert cell.get('execution_count') is None


@each
def test_begins_with_name_and_purpose(path):
    kind, text, _ = cells(path)[0]
    assert kind == 'markdown' and text.startswith('# ') and len(text.splitlines()) >= 3


@each
def test_directives_come_first(path):
    for kind, text, _ in cells(path):
        if kind != 'code':
            continue
        lines = [i for i, line in enumerate(text.splitlines()) if re.match(r'\s*#\s*\|', line)]
        assert lines == list(range(len(lines))), (
            f'a directive below the first line is ignored: {text[:80]}'
        )
        assert not re.search(r'#\|\s*Export', text), 'directives are lower case'


@each_exporting
def test_first_exported_cell_is_imports_only(path):
    first, *_ = exported(path)
    kinds = {type(node) for node in ast.parse(first).body}
    assert kinds <= {ast.Import, ast.ImportFrom}, path.stem


@each_exporting
def test_tests_what_it_exports(path):
    ideas = sum(len(re.findall(r'^(?:def [a-z]|class )', s, re.M)) for s in exported(path))
    code = [s for kind, s, _ in cells(path) if kind == 'code']
    tested = sum(len(re.findall(r'\bassert\b|\btest_\w+\(', s)) for s in code)
    assert tested >= 2 * ideas, f'{path.stem}: {tested} asserts for {ideas} public names'


@each_exporting
def test_imports_go_downward(path):
    own = number(path)
    for node in ast.walk(ast.parse('\n'.join(exported(path)))):
        if isinstance(node, ast.ImportFrom):
            assert all(a.name != '*' for a in node.names), 'no star imports'
            names = [node.module or '']
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition('.')
            assert top not in DEVELOPMENT, 'development tools are not imported by the package'
            assert top != 'importlib' or rest in ('resources', 'util', 'metadata'), (
                'imports are static'
            )
            if top == 'snnet_lab' and rest:
                assert NUMBER_OF[rest] < own, f'{path.stem} imports {name}: only lower numbers'
            if top in JUPYTER:
                from_number = PLOTS_FROM if top == 'plotly' else WINDOW_FROM
                assert from_number <= own < 50, f'{path.stem} imports {name}'


def test_every_number_once():
    numbers = Counter(
        n for p in NOTEBOOKS if p.parent.name in ('core', 'window') and (n := number(p)) is not None
    )
    assert numbers and max(numbers.values()) == 1, numbers


def test_one_notebook_a_module():
    modules = Counter(module(p) for p in EXPORTING)
    assert max(modules.values()) == 1, modules
    for path in EXPORTING:
        assert path.stem[3:] == module(path).rpartition('.')[2], (
            f'{path.stem} exports {module(path)}'
        )


def test_contributing_lists_them():
    table = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    for path in EXPORTING:
        purpose = cells(path)[0][1].partition('> ')[2].strip()
        row = f'| `{path.relative_to(NBS)}` | `{module(path)}` | {purpose} |'
        assert row in table, f'CONTRIBUTING.md lacks the row\n{row}'


def test_no_class_is_the_first_half_of_another():
    "A public class with one subclass, in its own module, is one idea cut in two."
    for file in (ROOT / 'snnet_lab').rglob('*.py'):
        classes = [
            n
            for n in ast.walk(ast.parse(file.read_text(encoding='utf-8')))
            if isinstance(n, ast.ClassDef)
        ]
        names = {c.name for c in classes}
        bases = Counter(
            b.id for c in classes for b in c.bases if isinstance(b, ast.Name) and b.id in names
        )
        assert not [b for b, count in bases.items() if count == 1], f'{file.name}: {bases}'


def test_index_maps_every_notebook():
    text = '\n'.join(source for kind, source, _ in cells(NBS / 'index.ipynb') if kind == 'markdown')
    linked = {(NBS / target).resolve() for target in re.findall(r'\]\(([^)]+\.ipynb)\)', text)}
    assert linked == {p.resolve() for p in NOTEBOOKS} - {(NBS / 'index.ipynb').resolve()}
    for path in EXPORTING:
        assert cells(path)[0][1].partition('> ')[2].strip() in text, f'the purpose of {path.stem}'
