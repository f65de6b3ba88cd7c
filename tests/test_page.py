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
    window.body.fits.wait(60)
    window.desk.state.beside(
        window.desk.state.table.reset_index(drop=True).assign(top1=lambda t: t.top1 - 1),
        'one point <less>',
    )
    yield (
        window.to_html(tmp_path_factory.mktemp('page') / 'page.html'),
        window.desk.state,
        window.desk,
    )
    window.close()


@contextmanager
def opened(chromium, path: Path, width: int = 1200, **context):
    "The page in a browser that is offline; it must ask for nothing and complain of nothing."
    view = chromium.new_context(
        viewport=dict(width=width, height=900), offline=True, reduced_motion='reduce', **context
    )
    page, asked, errors = view.new_page(), [], []
    view.on(
        'request', lambda r: None if r.url.startswith(('data:', 'blob:')) else asked.append(r.url)
    )
    page.on('pageerror', lambda e: errors.append(str(e)))
    page.on('console', lambda m: errors.append(m.text) if m.type in ('error', 'warning') else None)
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector('.wb-card[data-stitch]')
    print(f'{time.perf_counter() - began:.1f} s until the curve is there, {width} pixels wide')
    yield page
    view.close()
    assert (asked, errors) == ([path.as_uri()], [])


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
    assert ring(page) == card(page) == stitch
    assert page.locator('.wb-preview').inner_text().startswith(f'stitch {stitch}:')
    assert (
        page.locator('.wb-score').inner_text()
        == f'Stitch {stitch} is right on {right(desk, stitch)} of these 8 test images.'
    )
    assert (
        page.locator('.wb-thumb.right').count() == right(desk, stitch)
        and page.locator('.wb-thumb').count() == 8
    )


def slide(page, share: float, steps: int = 6):
    "Move the mouse to a share of the slider's length."
    bar = page.locator('.wb-slider').bounding_box()
    page.mouse.move(
        bar['x'] + 8 + (bar['width'] - 16) * share, bar['y'] + bar['height'] / 2, steps=steps
    )


def bought(state, unit: str, value: float) -> int:
    "What the rule in Python says to a budget of this many units of the plot."
    costs, best = state.view_in(unit)['costs'], state.view_in(unit)['best']
    return max((i for i in best if costs[i] <= value), key=lambda i: costs[i], default=best[0])


def test_drag(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        check(page, desk, state.best[-1])
        before = said(page)
        slide(page, 1)
        page.mouse.down()
        slide(page, 0.5)  # the button is still down: all follows at once
        first = bought(state, 'macs', budget(page))
        assert (
            first != state.best[-1]
            and abs(budget(page) - (state.least + state.most) / 2) < 0.02 * state.most
        )
        check(page, desk, first)
        assert (
            f'{state.table.top1[first]:.2f}%' in page.locator('.wb-card').inner_text()
            and said(page) != before
        )
        slide(page, 0.02)
        page.mouse.up()
        check(page, desk, bought(state, 'macs', budget(page)))
        assert ring(page) != first
        assert not [
            t
            for t in page.locator('.modebar-btn').evaluate_all(
                'buttons => buttons.map(b => b.dataset.title)'
            )
            if 'Share' in t
        ], 'plotly offers to upload the chart'
        assert page.locator('.wb-thumb img').evaluate_all(
            'images => images.every(i => i.naturalWidth === 28)'
        )


def test_keys_points_and_blocks(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        page.locator('.wb-slider').focus()
        for expected in (state.best[-2], state.best[-3]):
            page.keyboard.press('ArrowLeft')
            check(page, desk, expected)
        page.keyboard.press('ArrowUp')
        check(page, desk, state.best[-2])

        beaten = state.table[
            ~state.table.stitch.isin(state.best) & (state.table.anchors.map(len) == 2)
        ].macs.idxmax()
        x, y = page.evaluate(
            '''([x, y]) => { const plot = document.querySelector('.js-plotly-plot'), l = plot._fullLayout, r = plot.getBoundingClientRect();
            return [r.x + l._size.l + l.xaxis.d2p(x), r.y + l._size.t + l.yaxis.d2p(y)]; }''',
            [state.costs[beaten], float(state.table.top1[beaten])],
        )
        page.mouse.move(x - 3, y - 3)
        page.mouse.move(x, y)
        page.wait_for_timeout(
            200
        )  # plotly clicks only on what it has hovered, and hovering is throttled
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


def test_unit_and_overlays(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        slide(page, 1)
        page.mouse.down()
        slide(page, 0.4)
        page.mouse.up()
        stitch = ring(page)
        assert page.locator('.wb-unit option').all_inner_texts() == ['MACs', 'parameters', 'memory']
        page.locator('.wb-unit').select_option('params')
        page.wait_for_function(
            '() => /parameters/.test(document.querySelector(".xtitle").textContent)'
        )
        check(page, desk, stitch)
        assert abs(budget(page) - ceil_step(state.table.params[stitch] / 1e6)) < 1e-6
        slide(page, 0.1)
        page.mouse.down()
        slide(page, 0.7)
        page.mouse.up()
        check(page, desk, bought(state, 'params', budget(page)))

        drawn = lambda: (
            page.locator('.scatterlayer .trace').count(),
            page.locator('.errorbar').count(),
        )
        traces, bars = drawn()
        page.locator('.wb-show-other').set_checked(False)
        page.wait_for_function(
            f'() => document.querySelectorAll(".scatterlayer .trace").length === {traces - 2}'
        )
        page.locator('.wb-show-intervals').set_checked(False)
        page.wait_for_function('() => !document.querySelector(".errorbar")')
        page.locator('.wb-show-other').set_checked(True)
        page.locator('.wb-show-intervals').set_checked(True)
        page.wait_for_function(
            f'() => document.querySelectorAll(".errorbar").length === {bars} && document.querySelectorAll(".scatterlayer .trace").length === {traces}'
        )
        assert bars == 71 and 'one point <less>' in page.locator('.wb-overlays').inner_text()


@pytest.mark.parametrize('width, scheme', [(1200, 'dark'), (800, 'light'), (390, 'light')])
def test_looks(chromium, width, scheme):
    "The shipped page, as wide as a screen, half of it, and a phone; in the system's colours."
    with opened(chromium, SHIPPED, width, color_scheme=scheme) as page:
        assert page.evaluate('document.documentElement.scrollWidth') <= width
        for part in ('.wb-plot', '.wb-slider', '.wb-card svg', '.wb-thumbs'):
            box = page.locator(part).bounding_box()
            assert (
                box['width'] > 0.25 * width and box['x'] >= 0 and box['x'] + box['width'] <= width
            ), part
        ink = 'rgb(255, 255, 255)' if scheme == 'dark' else 'rgb(0, 0, 0)'
        colours = lambda: page.evaluate(
            '["h1", ".xtick text", ".wb-card h3"].map(s => { const c = getComputedStyle(document.querySelector(s)); return s.endsWith("text") ? c.fill : c.color; })'
        )
        assert colours() == [ink] * 3
        page.emulate_media(color_scheme='light' if scheme == 'dark' else 'dark')
        page.wait_for_function(
            f'() => getComputedStyle(document.querySelector(".xtick text")).fill !== "{ink}"'
        )
        assert ink not in colours()


def test_shipped_is_small():
    assert SHIPPED.stat().st_size < 6e6
