"""The lessons as a student meets them: they run as they stand, and the folded solutions are right.

A cell that is to be answered holds a line `name = ...` and ends with the check; its solution is the next ```python
block in a folded <details>."""

import ast
import json
import re
from pathlib import Path

import pytest

from snnet_lab.exercises import Answer
from snnet_lab.window.teaching import Explorer

LESSONS = sorted(Path(__file__).parents[1].glob('nbs/lessons/[0-9]*.ipynb'))
DOTS = re.compile(r'^\w+ = \.\.\..*$', re.M)
SOLUTION = re.compile(r'<details>.*?```python\n(.*?)```.*?</details>', re.S)


def run(code: str, names: dict):  # the value of the last line, if it has one
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, '<cell>', 'exec'), names)
    return eval(compile(ast.Expression(last.value), '<cell>', 'eval'), names) if last else None


def solution_after(cells: list[dict], i: int) -> str | None:
    for cell in cells[i + 1 :]:
        source = ''.join(cell['source'])
        if cell['cell_type'] == 'markdown' and (found := SOLUTION.search(source)):
            return found[1]
        if cell['cell_type'] == 'code' and DOTS.search(source):
            return None  # the next exercise begins
    return None


def try_exercise(source: str, solution: str, names: dict):
    "No answer, then the folded one."
    empty = run(source, names)
    assert isinstance(empty, Answer) and not empty.right
    assert 'no answer yet' in empty.words
    answered = run(DOTS.sub(lambda _: solution, source, count=1), names)
    assert answered.right, answered.words


def try_explorer(explorer: Explorer, names: dict):
    "Each control changes what is said, and the code runs and gives the number that is said."
    for name, widget in explorer.controls.items():
        said, before = explorer.words.value, widget.value
        if hasattr(widget, 'options'):
            widget.value = next(v for v in widget.options if v != before)
        elif isinstance(before, bool):
            widget.value = not before
        else:
            widget.value = widget.max if before != widget.max else widget.min
        assert explorer.words.value != said, f'{name} changes neither sentence nor code'
        widget.value = before
        assert explorer.words.value == said, f'{name} put back gives another sentence'
    scene = explorer.scene(**explorer.values)
    value = run(scene.code, dict(names))
    if isinstance(value, (int, float)):
        forms = f'{value:,}', f'{value:.1f}', f'{value:.2f}', f'{value:.3f}'
        assert any(form in scene.sentence for form in forms), (value, scene.sentence)


@pytest.mark.parametrize('path', LESSONS, ids=lambda p: p.stem)
def test_lesson(path):
    import torch

    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    assert len(cells) <= 40
    names, exercises, explorers = {'__name__': 'lesson'}, 0, []
    was = torch.is_grad_enabled()
    try:
        for i, cell in enumerate(cells):
            source = ''.join(cell['source'])
            if cell['cell_type'] != 'code' or '#| eval: false' in source:
                continue
            solution = solution_after(cells, i) if DOTS.search(source) else None
            if solution and 'check_' in source:
                try_exercise(source, solution, names)
                exercises += 1
                continue
            value = run(source, names)
            if isinstance(value, Explorer):
                try_explorer(value, names)
                explorers.append(value)
    finally:
        torch.set_grad_enabled(was)
    folded = sum(bool(SOLUTION.search(''.join(c['source']))) for c in cells)
    assert exercises == folded and 2 <= exercises <= 3
    assert explorers


def test_there_are_lessons():
    assert LESSONS
