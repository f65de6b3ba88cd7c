"The page without a kernel as a person meets it: from disk, in Chromium, with a real mouse and no network."

import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from window import lonely

from snnet_lab.window.state import ceil_step
from snnet_lab.window.workbench import Workbench
from snnet_lab.words import SENTENCES, short

SHIPPED = Path(__file__).parents[1] / 'data/workbench.html'


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    "A page with a second curve beside the shipped one; the state and the desk that it was made from."
    window = Workbench('fashion', name='page')
    window.body.complete()
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
    assert {url for url in asked if not url.startswith(('data:', 'blob:'))} == {path.as_uri()}
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
        check(page, desk, state.priced.opening)
        before = said(page)
        slide(page, 1)
        page.mouse.down()
        slide(page, 0.25)  # the button is still down: all follows at once
        assert abs(budget(page) - (0.75 * state.least + 0.25 * state.most)) < 0.02 * state.most
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
        at = state.best.index(state.priced.opening)
        for expected in (state.best[at - 1], state.best[at - 2]):
            page.keyboard.press('ArrowLeft')
            check(page, desk, expected)
        page.keyboard.press('ArrowUp')
        check(page, desk, state.best[at - 1])

        beaten = lonely(state)
        x, y = page.evaluate(WHERE, [state.costs[beaten], float(state.table.top1[beaten])])
        page.mouse.move(x, y - 40)
        page.mouse.move(x, y)
        # plotly clicks only on what it has hovered, and hovering is throttled
        page.wait_for_selector(f'.hoverlayer .hovertext:has-text("stitch {beaten}")')
        page.mouse.click(x, y)
        check(page, desk, beaten)
        assert abs(budget(page) - ceil_step(state.costs[beaten])) < 1e-6

        page.locator('[data-anchor="0"][data-block="5"]').click()
        there = state.card_of(beaten)['moves']['0-0-5']
        check(page, desk, there)
        assert desk.net.space[there].cuts[0][1] == (0, 5)  # it enters anchor 0 there
        page.locator('[data-anchor="1"][data-block="9"]').focus()
        page.keyboard.press('Enter')
        check(page, desk, state.card_of(there)['moves']['1-0-9'])


def test_first_view_is_a_stitch(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        first = ring(page)
        assert first in state.best and len(desk.net.space[first].anchors) == 2


NUMBERED = """blocks => blocks.map(b =>
    [b.dataset.block, b.querySelector("title").textContent.match(/block (\\d+)/)[1]])"""


def test_blocks_count_as_in_python(chromium, made):
    "From 0, as `cuts` of Python: in the words, in the titles and in the picture's data."
    path, _, desk = made
    with opened(chromium, path) as page:
        shown = page.locator('.wb-path [data-block]').evaluate_all(NUMBERED)
        assert len(shown) == 36 and all(block == title for block, title in shown)
        [[(_, leave), (_, enter)]] = desk.net.space[ring(page)].cuts
        words = page.locator('.wb-card').inner_text()
        assert f'to block {leave}, ' in words and f'from block {enter};' in words
        assert 'blocks count from 0' in words


def typed(page, text: str) -> tuple[float, str]:
    "The budget that comes of what is typed, and what is said of it."
    page.locator('.wb-number').fill(text)
    page.keyboard.press('Enter')
    page.keyboard.press('Tab')
    return budget(page), page.locator('.wb-hint').inner_text()


def test_budgets_as_people_write_them(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        for text in ('10.5', '10,5', '10.5M', '0.0105G', '10,5 MMACs'):
            assert typed(page, text) == (10.5, ''), text
            check(page, desk, bought(state, 'macs', 10.5))
        assert typed(page, 'abc') == (10.5, '“abc” is no number')
        least, most = (round(value, 3) for value in (state.least, state.most))
        assert typed(page, '-5') == (least, f'clamped to {least:g}')
        assert typed(page, '1e9') == (most, f'clamped to {most:g}')
        check(page, desk, state.best[-1])
        slide(page, 0.5)
        page.mouse.down()
        page.mouse.up()
        assert not page.locator('.wb-hint').inner_text()


PLACES = """() => {
    const bar = document.querySelector('.wb-slider').getBoundingClientRect();
    const line = document.querySelector('.wb-grip').getBoundingClientRect();
    const range = document.querySelector('.wb-slider');
    const share = (range.value - range.min) / (range.max - range.min);
    return [bar.left + 8 + share * (bar.width - 16), line.left + line.width / 2];
}"""


@pytest.mark.parametrize('width', [1200, 390])
def test_slider_is_the_axis(chromium, made, width):
    "The handle stands under the dashed line, along a linear and a logarithmic axis."
    path, state, desk = made
    with opened(chromium, path, width) as page:
        for log in (False, True):
            page.locator('.wb-log').set_checked(log)
            name = 'log' if log else 'linear'
            page.wait_for_function(
                f'() => document.querySelector(".wb-plot")._fullLayout.xaxis.type === "{name}"'
            )
            for share in (0.05, 0.5, 0.9):
                drag(page, 0.3, share)
                handle, line = page.evaluate(PLACES)
                assert abs(handle - line) < 2, (log, share)
                check(page, desk, bought(state, 'macs', budget(page)))
        low, high = state.least, state.most
        drag(page, 0.3, 0.5)  # half of a logarithmic axis is the geometric mean
        assert abs(budget(page) / (low * high) ** 0.5 - 1) < 0.03


def test_drag_the_line(chromium, made):
    path, state, desk = made
    with opened(chromium, path) as page:
        ranges = '() => document.querySelector(".wb-plot")._fullLayout.xaxis.range.map(Number)'
        whole = page.evaluate(ranges)
        typed(page, '15')
        low = float(state.table.top1.min())
        page.mouse.move(*page.evaluate(WHERE, [15, low]))
        page.mouse.down()
        page.mouse.move(*page.evaluate(WHERE, [30, low]), steps=6)
        assert abs(budget(page) - 30) < 0.2  # the button is still down
        check(page, desk, bought(state, 'macs', budget(page)))
        page.mouse.up()
        check(page, desk, bought(state, 'macs', budget(page)))
        assert page.evaluate(ranges) == whole, 'it draws no box'


ROOM_ABOVE = """term => {
    const frame = term.closest('.wb-root') ?? document.body;
    const says = term.querySelector('.wb-says');
    return says.getBoundingClientRect().top - frame.getBoundingClientRect().top;
}"""


def test_words_explain_themselves(chromium, made):
    "On hover and on focus, within the page; '?' lists steps, keys and words."
    for width in (1200, 390):
        with opened(chromium, made[0], width) as page:
            terms = page.locator('.wb-term')
            shown = {words.split('\n')[0] for words in terms.all_inner_texts()}
            assert {'anchors', '71 stitches', 'budget', 'frontier', 'intervals', 'R²'} <= shown
            for term in terms.all():
                term.focus()
                says = term.locator('.wb-says')
                assert says.is_visible()
                box = says.bounding_box()
                assert box['x'] >= 0 and box['x'] + box['width'] <= width, says.inner_text()
                assert term.evaluate(ROOM_ABOVE) >= 0, says.inner_text()
            assert page.evaluate('document.documentElement.scrollWidth') <= width
            terms.first.hover()
            assert terms.first.locator('.wb-says').is_visible()
            page.locator('.wb-help').click()
            help_box = page.locator('.wb-help-box')
            assert help_box.is_visible() and SENTENCES['frontier'] in help_box.inner_text()
            assert page.evaluate('document.documentElement.scrollWidth') <= width
            page.keyboard.press('Escape')
            assert help_box.is_hidden()


def rings(page) -> dict:
    "Around which stitches the rings are, by their letters; those that show."
    shown = page.locator('.wb-marker g[data-stitch]:not([style*="none"])')
    return dict(shown.evaluate_all('rings => rings.map(r => [r.textContent, +r.dataset.stitch])'))


def test_pin_and_compare(chromium, made):
    "A stitch is pinned, another is dragged to: two rings, and all costs side by side."
    path, state, _ = made
    with opened(chromium, path) as page:
        first = ring(page)
        assert rings(page) == dict(B=first)
        page.locator('.wb-pin').click()
        assert rings(page) == dict(A=first, B=first)
        assert page.locator('.wb-pinned').count() == 0
        drag(page, 0.5, 0.1)
        second = ring(page)
        assert second != first and rings(page) == dict(A=first, B=second)
        lines = page.locator('.wb-pinned tbody tr').all_inner_texts()
        known = [line.split('\t') for line in lines]
        assert [fact[0] for fact in known] == ['top-1', 'MACs', 'parameters', 'memory']
        macs, top1 = state.table.macs, state.table.top1
        assert known[1][1:3] == [short(macs[i], 'MACs') for i in (first, second)]
        assert known[1][3] == f'{100 * (macs[second] / macs[first] - 1):+.0f}%'.replace('-', '−')
        apart = f'{top1[second] - top1[first]:+.2f} points'.replace('-', '−')
        assert known[0][3] == apart
        page.locator('.wb-unit').select_option('params')
        assert rings(page) == dict(A=first, B=second)
        page.locator('.wb-pin-back').click()
        assert rings(page) == dict(A=first, B=first)
        page.locator('.wb-unpin').click()
        assert rings(page) == dict(B=first)


@pytest.mark.parametrize('width', [960, 390])
def test_pin_fits_a_narrow_page(chromium, made, width):
    with opened(chromium, made[0], width) as page:
        page.locator('.wb-pin').click()
        page.locator('.wb-slider').focus()
        page.keyboard.press('ArrowLeft')
        table = page.locator('.wb-pinned')
        assert table.evaluate('e => e.scrollWidth <= e.parentNode.clientWidth')


def test_tour(chromium, made):
    "Three steps at the first opening; not again, but under '?'."
    with opened(chromium, made[0]) as page:
        tour, words = page.locator('.wb-tour'), page.locator('.wb-tour-words')
        for step, part in enumerate(('.wb-track', '.wb-path', '.wb-pin-buttons'), 1):
            assert words.inner_text().startswith(f'{step} of 3: ')
            assert 'wb-toured' in page.locator(part).get_attribute('class')
            page.locator('.wb-tour-next').click()
        assert tour.is_hidden() and page.locator('.wb-toured').count() == 0
        page.reload()
        page.wait_for_selector('.wb-card[data-stitch]')
        assert tour.is_hidden()
        page.locator('.wb-help').click()
        page.locator('.wb-tour-again').click()
        assert words.inner_text().startswith('1 of 3: ')
        page.keyboard.press('Escape')
        assert tour.is_hidden()


def test_r2_in_the_picture_explains_itself(chromium, made):
    with opened(chromium, made[0]) as page:
        assert page.locator('.wb-path .r2 title').text_content() == SENTENCES['r2']


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


RING = """() => {
    const pixel = colour => {     // any CSS colour -> red, green, blue
        const brush = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
        brush.fillStyle = colour;
        brush.fillRect(0, 0, 1, 1);
        return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const style = getComputedStyle(document.activeElement);
    const page = matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#ffffff';
    return [pixel(style.outlineColor), pixel(page), parseFloat(style.outlineWidth)];
}"""


def luminance(pixel: list[int]) -> float:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_unit(pixel)]
    return sum(share * v for share, v in zip((0.2126, 0.7152, 0.0722), linear))


def to_unit(pixel: list[int]) -> list[float]:
    return [value / 255 for value in pixel]


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_focus_rings(chromium, made, scheme):
    "3:1 against the page, as WCAG 2.2 asks of them, at each stop of Tab."
    with opened(chromium, made[0], color_scheme=scheme) as page:
        stops = 0
        page.locator('.wb-slider').focus()
        for _ in range(14):
            page.keyboard.press('Tab')
            if not page.evaluate('() => document.activeElement.closest(".wb-root") !== null'):
                break
            ring_colour, ground, width = page.evaluate(RING)
            dark, light = sorted((luminance(ring_colour), luminance(ground)))
            assert (light + 0.05) / (dark + 0.05) >= 3 and width >= 2
            stops += 1
        assert stops > 8


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
