"The window through mouse and keyboard, and what it shows, read from the picture itself."

from browser import js
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

THUMB = 16  # px, width of the native slider's handle


def ring(page) -> dict:
    "Which stitch the ring marks, and where it is drawn, in units of the plot."
    return page.evaluate(js('ring'))


def wait_card(page, stitch: int):
    page.wait_for_selector(f'.wb-card[data-stitch="{stitch}"]:not(.wb-stale)')


def wait_ring(page, stitch: int, **options):  # of `wait_for_selector`
    page.wait_for_selector(f'.wb-ring[data-stitch="{stitch}"]', state='attached', **options)


def settled(page) -> int:
    "The stitch under the ring, when its card is there."
    stitch = ring(page)['stitch']
    wait_card(page, stitch)
    return stitch


def budget(page) -> float:
    return float(page.locator('.wb-slider').input_value())


def _along(page, share: float) -> tuple[float, float]:
    bar = page.locator('.wb-slider').bounding_box()
    return bar['x'] + THUMB / 2 + share * (bar['width'] - THUMB), bar['y'] + bar['height'] / 2


def hold(page):
    "Press the mouse on the slider's handle."
    page.locator('.wb-slider').scroll_into_view_if_needed()
    share = page.locator('.wb-slider').evaluate('e => (e.value - e.min) / (e.max - e.min)')
    page.mouse.move(*_along(page, share))
    page.mouse.down()


def drag(page, share: float, steps: int = 12):
    "Pull the held handle to a share of the slider's length."
    page.mouse.move(*_along(page, share), steps=steps)


def slide(page, share: float):
    "Hold, drag, let go; returns the stitch when its card is there."
    hold(page)
    drag(page, share)
    page.mouse.up()
    return settled(page)


def type_budget(page, value: float):
    page.locator('.wb-number').fill(str(value))
    page.keyboard.press('Enter')


def hover_point(page, x: float, y: float):
    "The mouse on a place of the plot, in its own units."
    x, y = page.evaluate(js('place'), [x, y])
    page.mouse.move(x - 4, y - 4)
    page.mouse.move(x, y)
    page.wait_for_timeout(200)  # plotly clicks on what it has hovered, and hovering is throttled
    return x, y


def zoom(page, left: float, right: float):
    "Drag a box over the plot, from one share of its width to another."
    area = page.locator('.wb-plot .nsewdrag').bounding_box()

    def place(across: float, down: float) -> tuple[float, float]:
        return area['x'] + across * area['width'], area['y'] + down * area['height']

    page.mouse.move(*place(left, 0.1))
    page.mouse.down()
    page.mouse.move(*place(right, 0.9), steps=8)
    page.mouse.up()


def zoom_out(page, right: float):
    """Show the whole curve again, up to this cost.

    A picture drawn between the two clicks makes single ones of them: as people do, click again.
    """
    area = page.locator('.wb-plot .nsewdrag').bounding_box()
    corner = (
        area['x'] + 0.1 * area['width'],
        area['y'] + 0.15 * area['height'],
    )  # beside the budget's line
    for _ in range(10):
        page.mouse.dblclick(*corner)
        try:
            page.wait_for_function(js('zoomed_out'), arg=right, timeout=3000)
            return
        except NotInTime:
            continue
    raise AssertionError('ten double clicks, and the plot does not show the whole curve')


def shown_range(page) -> list[float]:
    return page.locator('.wb-plot').evaluate('e => e._fullLayout.xaxis.range.map(v => +v)')


def points(page) -> int:
    "Stitches drawn on the curve."
    return page.locator('.wb-plot').evaluate(js('points'))


def open_tab(page, title: str):
    page.locator('.wb-tabs').get_by_role('tab', name=title).click()


def run(page, panel: str = 'run', press: str = 'go'):
    "Press a panel's start button, or another that starts, and wait for what comes of it."
    page.evaluate(js('former'), panel)
    page.locator(f'.wb-{panel}-{press}').click()
    page.wait_for_selector(f'.wb-{panel}-result .wb-result:not(.former)')


def stop(page, panel: str) -> float:
    "Press a panel's stop button; milliseconds until it can be started again."
    return page.evaluate(js('stop'), panel)


def choose_network(page, title: str):
    "Another network of the drop-down; waits until its window is there."
    page.locator('.wb-view').evaluate('e => e.classList.add("former")')
    label = title.replace(' ', '\xa0')  # ipywidgets writes these
    page.locator('.wb-family select').select_option(label=label)
    page.wait_for_selector('.wb-view:not(.former) .wb-ring', state='attached')
    expect(page.locator('.wb-view.former')).to_have_count(0)
    expect(page.locator('.wb-family select')).to_be_enabled()


def lonely(state) -> int:
    "The stitch that no budget buys and that is drawn farthest from all others: a click hits it."
    table = state.table
    x, y = table.macs / table.macs.max(), table.top1 / (table.top1.max() - table.top1.min())

    def gap(stitch: int) -> float:  # squared, to the nearest other
        return sorted((x - x[stitch]) ** 2 + (y - y[stitch]) ** 2)[1]

    return max((i for i in table.stitch if i not in state.best), key=gap)
