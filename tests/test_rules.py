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
UNSHOWN = 2  # exported cells in a row, at most, before a cell shows them
TOGETHER = 3  # assignments in one statement, at most
MARKUP = (
    re.compile(  # a tag, not "<a file of yours>"; plotly's own words know <br>, <b> and <extra>
        r'</(?!b>|extra>)[a-z]|<(?!br?>|extra>)[a-z][\w-]*( [\w-]+=|/?>|$)'
    )
)
PLOTS_FROM, WINDOW_FROM, COMMAND_LINE = (
    31,
    39,
    60,
)  # numbers from which plotly, then Jupyter, may be imported
DEVELOPMENT = {'fastcore', 'nbdev', 'execnb'}
JUPYTER = {'IPython', 'ipywidgets', 'anywidget', 'traitlets'}


def cells(path: Path) -> list[tuple[str, str, dict]]:  # kind, source, the cell
    found = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [(c['cell_type'], ''.join(c['source']), c) for c in found]


def exported(path: Path) -> list[str]:
    return [s for s in code_cells(path) if is_exported(s)]


def is_exported(source: str) -> bool:
    return bool(re.match(r'#\|\s*export\b', source))


def code_cells(path: Path) -> list[str]:
    return [source for kind, source, _ in cells(path) if kind == 'code']


def shown(path: Path) -> list[str]:  # what is not exported: drafts, demonstrations, tests
    return [s for s in code_cells(path) if not is_exported(s)]


def is_imports_only(source: str) -> bool:
    return {type(node) for node in ast.parse(source).body} <= {ast.Import, ast.ImportFrom}


def exported_nodes(path: Path) -> list[ast.AST]:
    return [node for source in exported(path) for node in ast.walk(ast.parse(source))]


def module(path: Path) -> str | None:  # dotted, as after `default_exp`
    for source in code_cells(path):
        if found := re.match(r'#\|\s*default_exp\s+(\S+)', source):
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
    ruff('check')


def test_ruff_formats_nothing():
    ruff('format', '--check')


def ruff(*words: str):
    command = [sys.executable, '-m', 'ruff', *words, '--no-cache', '.']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]


def test_no_wide_line_in_any_file():
    "Also where ruff does not look: generated modules, scripts, styles, templates."
    files = [
        *(ROOT / 'snnet_lab').rglob('*.*'),
        *(ROOT / 'tests').rglob('*.*'),
        *(ROOT / 'data').glob('*.py'),
    ]
    languages = ('.py', '.js', '.mjs', '.css', '.html')
    wide = []
    for path in files:
        if path.suffix not in languages or path.name == '_modidx.py':
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
    for source in code_cells(path):
        lines = [i for i, line in enumerate(source.splitlines()) if re.match(r'\s*#\s*\|', line)]
        first = source[:80]
        assert lines == list(range(len(lines))), f'ignored below the first line: {first}'
        assert not re.search(r'#\|\s*Export', source), f'directives are lower case: {first}'


@each_exporting
def test_first_exported_cell_is_imports_only(path):
    assert is_imports_only(exported(path)[0])


@each_exporting
def test_tests_what_it_exports(path):
    ideas = sum(len(re.findall(r'^(?:def [a-z]|class )', s, re.M)) for s in exported(path))
    tested = sum(len(re.findall(r'\bassert\b|\btest_\w+\(', s)) for s in shown(path))
    assert tested >= 2 * ideas, f'{path.stem}: {tested} asserts for {ideas} public names'


@each_exporting
def test_shows_what_it_exports(path):
    "A cell that is not exported, and more than a directive, stands behind every exported one or two."
    waiting = 0
    for source in code_cells(path):
        if not is_exported(source):
            waiting = 0 if ast.parse(source).body else waiting
        elif not is_imports_only(source):
            waiting += 1
            assert waiting <= UNSHOWN, f'{waiting} in a row that nothing shows: {source[:80]}'
    assert waiting == 0, 'nothing shows the last exported cell'


@each
def test_failures_are_tested_by_their_message(path):
    for source in shown(path):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == 'test_fail':
                named = {k.arg for k in node.keywords}
                assert named & {'contains', 'exc'}, f'any error passes: {ast.unparse(node)[:80]}'


@each_exporting
def test_no_text_builds_markup(path):
    for node in exported_nodes(path):
        if isinstance(node, ast.JoinedStr):
            texts = [v.value for v in node.values if isinstance(v, ast.Constant)]
            built = [t for t in texts if MARKUP.search(t)]
            assert not built, f'a template or ElementTree builds markup: {built[0][:80]}'


@each_exporting
def test_a_line_says_one_thing(path):
    for node in exported_nodes(path):
        words = ast.unparse(node)[:80] if isinstance(node, ast.stmt | ast.IfExp) else ''
        if isinstance(node, ast.Expr):
            dressed = isinstance(node.value, ast.BoolOp | ast.IfExp)
            assert not dressed, f'a statement dressed as an expression: {words}'
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            together = isinstance(node.targets[0], ast.Tuple) and len(node.value.elts) > TOGETHER
            assert not together, f'many assignments in one: {words}'
        if isinstance(node, ast.IfExp):
            assert node.lineno == node.end_lineno, f'an if over several lines: {words}'


@each_exporting
def test_imports_go_downward(path):
    for node in exported_nodes(path):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path.stem}: in notebooks, from snnet_lab.x import y'
            assert all(a.name != '*' for a in node.names), f'{path.stem}: no star imports'
            if node.module == 'snnet_lab':
                assert [a.name for a in node.names] == ['__version__'], 'name the module'
            submodules = node.module == 'importlib'
            names = [f'importlib.{a.name}' for a in node.names] if submodules else [node.module]
            for name in names:
                check_import(path, name)
        elif isinstance(node, ast.Import):
            for a in node.names:
                check_import(path, a.name)


def check_import(path: Path, name: str):  # dotted
    own, says = number(path), f'{path.stem} imports {name}'
    top, _, rest = name.partition('.')
    assert top not in DEVELOPMENT, f'{says}: a development tool'
    if top == 'importlib':  # whose import_module hides a circle
        assert rest in ('resources', 'util', 'metadata'), f'{says}: imports are static'
    if top == 'snnet_lab' and rest:
        assert NUMBER_OF[rest] < own, f'{says}: only lower numbers'
    if top == 'plotly':
        assert PLOTS_FROM <= own < COMMAND_LINE, f'{says}: plots begin at {PLOTS_FROM}'
    elif top in JUPYTER:
        assert WINDOW_FROM <= own < COMMAND_LINE, f'{says}: the window begins at {WINDOW_FROM}'


def test_every_number_once():
    numbers = Counter(number(p) for p in NOTEBOOKS if p.parent.name in ('core', 'window'))
    assert None not in numbers, 'notebooks in core/ and window/ have a number'
    assert numbers and max(numbers.values()) == 1, numbers


def test_one_notebook_a_module():
    modules = Counter(module(p) for p in EXPORTING)
    assert max(modules.values()) == 1, modules
    for path in EXPORTING:
        name = module(path).rpartition('.')[2]
        assert path.stem[3:] == name, f'{path.stem} exports {name}'


def test_contributing_lists_them():
    table = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    for path in EXPORTING:
        purpose = cells(path)[0][1].partition('> ')[2].strip()
        row = f'| `{path.relative_to(NBS)}` | `{module(path)}` | {purpose} |'
        assert row in table, f'CONTRIBUTING.md lacks the row\n{row}'


def test_no_class_is_the_first_half_of_another():
    "A class with one subclass, in its own module, is one idea cut in two."
    for file in (ROOT / 'snnet_lab').rglob('*.py'):
        tree = ast.parse(file.read_text(encoding='utf-8'))
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        names = {c.name for c in classes}
        bases = Counter(ast.unparse(base) for c in classes for base in c.bases)
        halves = [base for base, count in bases.items() if base in names and count == 1]
        assert not halves, f'{file.name}: {halves}'


def test_index_maps_every_notebook():
    text = '\n'.join(source for kind, source, _ in cells(NBS / 'index.ipynb') if kind == 'markdown')
    linked = {(NBS / target).resolve() for target in re.findall(r'\]\(([^)]+\.ipynb)\)', text)}
    assert linked == {p.resolve() for p in NOTEBOOKS} - {(NBS / 'index.ipynb').resolve()}
    for path in EXPORTING:
        assert cells(path)[0][1].partition('> ')[2].strip() in text, f'the purpose of {path.stem}'


def test_a_public_name_means_one_thing():
    "`from snnet_lab import name` finds the first module that has it: there may be no second."
    owners = {}
    for file in sorted((ROOT / 'snnet_lab').rglob('*.py')):
        names = re.search(r'^__all__ = (\[.*?\])', file.read_text(encoding='utf-8'), re.M | re.S)
        for name in ast.literal_eval(names[1]) if names else ():
            owners.setdefault(name, []).append(file.stem)
    assert len(owners) > 300
    doubled = {name: files for name, files in owners.items() if len(files) > 1}
    assert not doubled


@each
def test_leaves_no_switch_behind(path):
    "nbdev_test runs several notebooks in one process: what one switches off, the next would lack."
    code = '\n'.join(source for kind, source, _ in cells(path) if kind == 'code')
    assert not re.search(r'set_grad_enabled|set_default_dtype|set_default_device', code)
