"The workbench as a person meets it: JupyterLab, Chromium, a real mouse."
import pytest
from browser import run_all

from snnet_lab.families import load_family
from snnet_lab.workbench import WorkbenchState, ceil_step

SECONDS = 15    # from Run All in a fresh kernel to the curve, on two quiet cores


@pytest.fixture(scope='module')
def state(): return WorkbenchState(load_family('fashion').curve)


def ring(page) -> dict:
    "Which stitch the ring marks, and where it is drawn, in units of the plot (read from the picture, not from the data)."
    return page.evaluate('''() => { const r = document.querySelector('.wb-ring'), axis = r.closest('.js-plotly-plot')._fullLayout.xaxis;
        return {stitch: +r.dataset.stitch, x: axis.p2d(+/translate\\(([-\\d.]+)/.exec(r.getAttribute('transform'))[1])}; }''')


def card(page) -> int: return int(page.locator('.wb-card[data-stitch]').get_attribute('data-stitch'))


def wait_card(page, stitch: int): page.wait_for_selector(f'.wb-card[data-stitch="{stitch}"]')


def drag(page, share: float, steps: int = 12):
    "Pull the held slider to a share of its length."
    bar = page.locator('.wb-budget .noUi-base').bounding_box()
    page.mouse.move(bar['x'] + bar['width'] * share, bar['y'] + bar['height'] / 2, steps=steps)


def hold(page):
    handle = page.locator('.wb-budget .noUi-handle').bounding_box()
    page.mouse.move(handle['x'] + handle['width'] / 2, handle['y'] + handle['height'] / 2)
    page.mouse.down()


def click_point(page, state, stitch: int):
    x, y = page.evaluate('''([x, y]) => { const plot = document.querySelector('.js-plotly-plot'), l = plot._fullLayout, r = plot.getBoundingClientRect();
        return [r.x + l._size.l + l.xaxis.d2p(x), r.y + l._size.t + l.yaxis.d2p(y)]; }''', [state.costs[stitch], float(state.curve.top1[stitch])])
    page.mouse.move(x - 4, y - 4)
    page.mouse.move(x, y)
    page.wait_for_timeout(200)      # plotly clicks only on what it has hovered, and hovering is throttled
    page.mouse.click(x, y)


def lonely(state) -> int:
    "The stitch that no budget buys and that is drawn farthest from all others, so that a click cannot miss it."
    x, y = state.curve.macs / state.curve.macs.max(), state.curve.top1 / (state.curve.top1.max() - state.curve.top1.min())
    gap = {i: sorted((x - x[i]) ** 2 + (y - y[i]) ** 2)[1] for i in state.costs if i not in state.best}
    return max(gap, key=gap.get)


def bought(state, page, share: float) -> int:
    "Wait until the number box shows the slider's share of the range; what the rule in Python says to that budget."
    page.wait_for_function('([v, near]) => Math.abs(document.querySelector(".wb-number input").value - v) < near',
                           arg=[state.least + share * (state.most - state.least), .02 * state.most])
    state.selected, state.budget = state.best[-1], float(page.locator('.wb-number input').input_value())
    return state.stitch


def test_drag_click_run(page, lab, state, tmp_path):
    took = run_all(page, lab)
    print(f'{took:.1f} s from Run All to the curve (aim: {SECONDS} s)')
    page.locator('.wb-root').scroll_into_view_if_needed()
    assert ring(page)['stitch'] == card(page) == state.best[-1]
    assert page.locator('.wb-curve .scatterlayer .trace').count() == 5

    hold(page); drag(page, .5)      # the button is still down: the marker follows at once, the card after it
    chosen = ring(page)
    assert chosen['stitch'] == bought(state, page, .5) != state.best[-1]
    assert abs(chosen['x'] - state.costs[chosen['stitch']]) < .05
    wait_card(page, chosen['stitch'])
    assert f'{state.curve.top1[chosen["stitch"]]:.2f}%' in page.locator('.wb-card[data-stitch]').inner_text()
    drag(page, .15); page.mouse.up()
    wait_card(page, ring(page)['stitch'])
    assert ring(page)['stitch'] == bought(state, page, .15) != chosen['stitch']

    page.locator('.wb-number input').fill(str(state.most)); page.keyboard.press('Enter')
    wait_card(page, state.best[-1])

    beaten = lonely(state)
    click_point(page, state, beaten)
    wait_card(page, beaten)
    assert ring(page)['stitch'] == beaten
    assert abs(float(page.locator('.wb-number input').input_value()) - ceil_step(state.costs[beaten])) < .01

    page.evaluate("""() => { const seen = window.seen = {}, root = document.querySelector('.wb-root'), first = root.querySelector('.wb-card[data-stitch]').dataset.stitch;
        new MutationObserver(() => { const now = performance.now();
            if (root.querySelector('.wb-card[data-stitch]')?.dataset.stitch !== first) seen.card ??= now;
            if (root.querySelector('.wb-table')) seen.table ??= now; }).observe(root, {subtree: true, childList: true}); }""")
    page.locator('button.wb-run').click()
    page.wait_for_selector('button.wb-run:disabled')
    hold(page); drag(page, .7, steps=4); page.mouse.up()
    wait_card(page, ring(page)['stitch'])
    page.wait_for_selector('.wb-table')
    seen = page.evaluate('() => window.seen')
    assert seen['card'] < seen['table'], 'the kernel followed the slider only after the run: the run blocks it'
    page.wait_for_selector('button.wb-run:enabled')
    assert int(page.locator('.wb-result[data-stitch]').get_attribute('data-stitch')) == beaten
    assert page.locator('.wb-thumb img').count() == 14
    assert page.locator('.wb-table tbody tr').count() in (2, 3) and '%' in page.locator('.wb-table tr.chosen').inner_text()
    page.screenshot(path=tmp_path/'workbench.png', full_page=True)
    assert not page.outside and not page.errors, (page.outside, page.errors)


def test_run_twice_replaces_the_window(page, lab):
    run_all(page, lab)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => true)")
    page.wait_for_selector('.wb-ring', state='attached')
    page.wait_for_function("() => document.querySelectorAll('.wb-ring').length === 1 && document.querySelector('.wb-card[data-stitch]')")
    before = ring(page)['stitch']
    hold(page); drag(page, .1); page.mouse.up()
    assert ring(page)['stitch'] != before
    wait_card(page, ring(page)['stitch'])
    assert page.locator('.wb-root').count() == 1 and not page.errors, page.errors
