"The rule of what a budget buys stands twice, in Python and in the browser's script: one must say what the other says."

import json
import random

import pytest

from snnet_lab.families import load_family
from snnet_lab.window.state import STEP, PricedCurve, with_accuracy
from snnet_lab.window.view import bundle

ACCURACY = ['top1', 'top5', 'n', 'ci_low', 'ci_high']
ASK = """([view, asked]) => { %s
return asked.map(([rule, ...values]) => ({ pick, neighbour, priceOf })[rule](view, ...values)); }"""


@pytest.fixture(scope='module')
def curve():
    return load_family('fashion').curve


def answers(chromium, priced: PricedCurve, asked: list[list]) -> list:
    "What the browser says: to each rule's name and values, the stitch or the price."
    view = dict(
        ids=list(priced.costs), costs=list(priced.costs.values()), best=priced.best, step=STEP
    )
    page = chromium.new_page()
    found = page.evaluate(ASK % bundle('pick.js'), json.loads(json.dumps([view, asked])))
    page.close()
    return found


def priced_curve(curve, unit: str, evaluated: bool) -> PricedCurve:
    table = curve if evaluated else curve.drop(columns=ACCURACY)
    return PricedCurve(with_accuracy(table), unit)


units = pytest.mark.parametrize('unit', ['macs', 'params', 'memory'])
known = pytest.mark.parametrize('evaluated', [True, False])


@units
@known
def test_same_stitch(chromium, curve, unit, evaluated):
    priced = priced_curve(curve, unit, evaluated)
    draw = random.Random(0)
    stitches = list(priced.costs)
    asked, expected = [], []
    for _ in range(400):
        selected = draw.choice(stitches)
        near = priced.costs[draw.choice([selected, draw.choice(stitches)])]
        off = [0, STEP, -STEP, 0.4 * STEP, 1.2 * STEP, 2 * STEP, draw.uniform(-3, 3)]
        budget = near + draw.choice(off)
        asked.append(['pick', budget, selected])
        expected.append(priced.pick(budget, selected))
    assert answers(chromium, priced, asked) == expected
    assert len(set(expected)) > 10 and min(budget for _, budget, _ in asked) < priced.least


@units
@known
def test_same_neighbours_and_prices(chromium, curve, unit, evaluated):
    priced = priced_curve(curve, unit, evaluated)
    asked, expected = [], []
    for stitch in priced.costs:
        for up in (True, False):
            asked.append(['neighbour', stitch, up])
            expected.append(priced.step(stitch, up))
        asked.append(['priceOf', stitch])
        expected.append(priced.price(stitch))
    assert answers(chromium, priced, asked) == expected
    assert priced.best[0] in expected and priced.best[-1] in expected
