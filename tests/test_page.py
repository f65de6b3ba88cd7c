"The page without a kernel as a person meets it: from disk, in Chromium, with a real mouse and no network."

import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from snnet_lab.window.state import ceil_step
from snnet_lab.window.workbench import Workbench

SHIPPED = Path(__file__).parents[1] / 'data/workbench.html'


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    "A page with a second curve beside the shipped one; the state and the desk that it was made from."
    window = Workbench('fashion', name='page')
    window.body.fits.wait()
    state = window.desk.state
    lower = state.table.reset_index(drop=True).assign(top1=lambda t: t.top1 - 1)
    state.beside(lower, 'one point <less>')
    yield window.to_html(tmp_path_factory.mktemp('page') / 'page.html'), state, window.desk
    window.close()


@contextmanager
def opened(chromium, path: Path, width: int = 1200, **context):
    "The page in a browser that is offline; it must ask for nothing and complain of nothing."
    size = dict(width=width, height=900)
    view = chromium.new_context(viewport=size, offline=True, reduced_motion='reduce', **context)
    page = view.new_page()
    asked, errors = [], []
    view.on('request', lambda request: asked.append(request.url))
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.on('console', lambda message: errors.append((message.type, message.text)))
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector('.wb-card[data-stitch]')
    print(f'{time.perf_counter() - began:.1f} s until the curve is there, {width} pixels wide')
    yield page
    view.close()
    assert [url for url in asked if not url.startswith(('data:', 'blob:'))] == [path.as_uri()]
    assert not errors


def ring(page) -> int:
    return int(page.locator('.wb-ring').get_attribute('data-stitch'))


def card(page) -> int:
    return int(page.locator('.wb-card').get_attribute('data-stitch'))


def budget(page) -> float:
    return float(page.locator('.wb-number').input_value())


def said(page) -> list[str]:
    return page.locator('.wb-thumb').all_inner_texts()


def right(desk, stitch: int, count: int = 8) -> int:
    "On how many of the page's images the network itself is right."
    images, labels = next(iter(desk.loader(count, count)))
    with torch.no_grad():
        return (desk.net(images, stitch).argmax(-1) == labels).sum().item()


def check(page, desk, stitch: int):
    "Ring, card, words and predictions are of this stitch."
    known = right(desk, stitch)
    assert ring(page) == card(page) == stitch
    assert page.locator('.wb-preview').inner_text().startswith(f'stitch {stitch}:')
    score = page.locator('.wb-score').inner_text()
    assert score == f'Stitch {stitch} is right on {known} of these 8 test images.'
    assert page.locator('.wb-thumb.right').count() == known
    assert page.locator('.wb-thumb').count() == 8


def slide(page, share: float, steps: int = 6):
    "Move the mouse to a share of the slider's length."
    bar = page.locator('.wb-slider').bounding_box()
    x = bar['x'] + 8 + (bar['width'] - 16) * share
    page.mouse.move(x, bar['y'] + bar['height'] / 2, steps=steps)


def drag(page, start: float, end: float):
    "Hold the slider at one share of its length and let go at another."
    slide(page, start)
    page.mouse.down()
    slide(page, end)
    page.mouse.up()


def bought(state, unit: str, value: float) -> int:
    "What the rule in Python says to a budget of this many units of the plot."
    view = state.view_in(unit)
    costs = dict(zip(view['ids'], view['costs']))
    affordable = [stitch for stitch in view['best'] if costs[stitch] <= value]
    return affordable[-1] if affordable else view['best'][0]


def test_drag(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        check(page, desk, state.best[-1])
        before = said(page)
        slide(page, 1)
        page.mouse.down()
        slide(page, 0.5)  # the button is still down: all follows at once
        assert abs(budget(page) - (state.least + state.most) / 2) < 0.02 * state.most
        first = bought(state, 'macs', budget(page))
        assert first != state.best[-1]
        check(page, desk, first)
        assert f'{state.table.top1[first]:.2f}%' in page.locator('.wb-card').inner_text()
        assert said(page) != before
        slide(page, 0.02)
        page.mouse.up()
        check(page, desk, bought(state, 'macs', budget(page)))
        assert ring(page) != first


def test_what_is_drawn(chromium, made):
    with opened(chromium, made[0]) as page:
        titles = 'buttons => buttons.map(b => b.dataset.title)'
        buttons = page.locator('.modebar-btn').evaluate_all(titles)
        assert buttons and not [t for t in buttons if 'Share' in t], 'plotly offers to upload'
        images = page.locator('.wb-thumb img')
        assert images.evaluate_all('images => images.map(i => i.naturalWidth)') == [28] * 8


WHERE = """([x, y]) => {
    const plot = document.querySelector('.js-plotly-plot');
    const { _size, xaxis, yaxis } = plot._fullLayout;
    const { left, top } = plot.getBoundingClientRect();
    return [left + _size.l + xaxis.d2p(x), top + _size.t + yaxis.d2p(y)];
}"""


def test_keys_points_and_blocks(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        page.locator('.wb-slider').focus()
        for expected in (state.best[-2], state.best[-3]):
            page.keyboard.press('ArrowLeft')
            check(page, desk, expected)
        page.keyboard.press('ArrowUp')
        check(page, desk, state.best[-2])

        pairs = state.table.anchors.map(len) == 2
        beaten = state.table[pairs & ~state.table.stitch.isin(state.best)].macs.idxmax()
        x, y = page.evaluate(WHERE, [state.costs[beaten], float(state.table.top1[beaten])])
        page.mouse.move(x - 3, y - 3)
        page.mouse.move(x, y)
        # plotly clicks only on what it has hovered, and hovering is throttled
        page.wait_for_selector('.hoverlayer .hovertext')
        page.mouse.click(x, y)
        check(page, desk, beaten)
        assert abs(budget(page) - ceil_step(state.costs[beaten])) < 1e-6

        page.locator('[data-anchor="0"][data-block="5"]').click()
        there = state.card_of(beaten)['moves']['0-0-5']
        check(page, desk, there)
        assert desk.net.space[there].cuts[0][0] == (0, 5)
        page.locator('[data-anchor="1"][data-block="9"]').focus()
        page.keyboard.press('Enter')
        check(page, desk, state.card_of(there)['moves']['1-0-9'])


def wait_count(page, selector: str, count: int):
    "Until so many of these are drawn."
    counted = '([selector, n]) => document.querySelectorAll(selector).length === n'
    page.wait_for_function(counted, arg=[selector, count])


def test_unit(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        drag(page, 1, 0.4)
        stitch = ring(page)
        assert page.locator('.wb-unit option').all_inner_texts() == ['MACs', 'parameters', 'memory']
        page.locator('.wb-unit').select_option('params')
        page.wait_for_selector('.xtitle:has-text("parameters")')
        check(page, desk, stitch)
        assert abs(budget(page) - ceil_step(state.table.params[stitch] / 1e6)) < 1e-6
        drag(page, 0.1, 0.7)
        check(page, desk, bought(state, 'params', budget(page)))


def test_overlays(chromium, made):
    with opened(chromium, made[0]) as page:
        assert 'one point <less>' in page.locator('.wb-overlays').inner_text()
        traces = page.locator('.scatterlayer .trace').count()
        wait_count(page, '.errorbar', 71)
        page.locator('.wb-show-other').set_checked(False)
        wait_count(page, '.scatterlayer .trace', traces - 2)
        page.locator('.wb-show-intervals').set_checked(False)
        wait_count(page, '.errorbar', 0)
        page.locator('.wb-show-other').set_checked(True)
        page.locator('.wb-show-intervals').set_checked(True)
        wait_count(page, '.errorbar', 71)
        wait_count(page, '.scatterlayer .trace', traces)


INK = """() => {
    const colour = (selector, property) =>
        getComputedStyle(document.querySelector(selector))[property];
    return [colour('h1', 'color'), colour('.xtick text', 'fill'), colour('.wb-card h3', 'color')];
}"""
DARK, LIGHT = 'rgb(0, 0, 0)', 'rgb(255, 255, 255)'


@pytest.mark.parametrize('width, scheme', [(1200, 'dark'), (800, 'light'), (390, 'light')])
def test_looks(chromium, width, scheme):
    "The shipped page, as wide as a screen, half of it, and a phone; in the system's colours."
    with opened(chromium, SHIPPED, width, color_scheme=scheme) as page:
        assert page.evaluate('document.documentElement.scrollWidth') <= width
        for part in ('.wb-plot', '.wb-slider', '.wb-card svg', '.wb-thumbs'):
            box = page.locator(part).bounding_box()
            assert box['width'] > 0.25 * width, part
            assert box['x'] >= 0 and box['x'] + box['width'] <= width, part
        before, after = (LIGHT, DARK) if scheme == 'dark' else (DARK, LIGHT)
        assert page.evaluate(INK) == [before] * 3
        page.emulate_media(color_scheme='light' if scheme == 'dark' else 'dark')
        page.wait_for_function(f'() => ({INK})()[1] === "{after}"')
        assert page.evaluate(INK) == [after] * 3


def test_touch(chromium, made):
    "A finger on the slider and on a block."
    path, state, desk = made
    with opened(chromium, path, 390, has_touch=True) as page:
        bar = page.locator('.wb-slider').bounding_box()
        page.touchscreen.tap(bar['x'] + bar['width'] / 2, bar['y'] + bar['height'] / 2)
        there = bought(state, 'macs', budget(page))
        assert there != state.best[-1]
        check(page, desk, there)
        page.locator('[data-anchor="1"][data-block="4"]').tap()
        check(page, desk, state.card_of(there)['moves']['1-0-4'])


def test_shipped_is_small():
    assert SHIPPED.stat().st_size < 6e6
