"The rule of what a budget buys stands twice, in Python and in the browser's script: one must say what the other says."

import json
import random

import pytest

from snnet_lab.families import load_family
from snnet_lab.window.state import STEP, BudgetState, WorkbenchState
from snnet_lab.window.view import PICK_JS


@pytest.fixture(scope='module')
def family():
    return load_family('fashion')


@pytest.mark.parametrize('unit', ['macs', 'params', 'memory'])
@pytest.mark.parametrize('evaluated', [True, False])
def test_same_stitch(chromium, family, unit, evaluated):
    table = (
        family.curve
        if evaluated
        else family.curve.drop(columns=['top1', 'top5', 'n', 'ci_low', 'ci_high'])
    )
    state = WorkbenchState(
        family.space, table, ['a', 'b', 'c'], [a.widths for a in family.anchors], unit=unit
    )
    draw, asked, expected = random.Random(0), [], []
    for _ in range(400):
        selected = draw.choice(list(state.costs))
        near = state.costs[draw.choice([selected, draw.choice(list(state.costs))])] + draw.choice(
            [0, STEP, -STEP, 0.4 * STEP, 1.2 * STEP, 2 * STEP, draw.uniform(-3, 3)]
        )
        state.selected, state.budget = selected, near
        asked.append([state.budget, selected])
        expected.append(state.stitch)
    page = chromium.new_page()
    found = page.evaluate(
        f'([view, asked]) => {{ {PICK_JS}; return asked.map(([b, s]) => pick(view, b, s)); }}',
        [json.loads(json.dumps(state.view)), asked],
    )
    assert found == expected and len(set(expected)) > 10


def test_same_neighbours(chromium, family):
    state = BudgetState(family.curve)
    view = dict(ids=list(state.costs), costs=list(state.costs.values()), best=state.best)
    page, expected = chromium.new_page(), []
    for s in state.costs:
        for up in (True, False):
            state.select(s)
            state.step(up)
            expected.append(state.stitch)
    assert (
        page.evaluate(
            f'view => {{ {PICK_JS}; return view.ids.flatMap(i => [neighbour(view, i, true), neighbour(view, i, false)]); }}',
            view,
        )
        == expected
    )
