"The window in JupyterLab and Chromium, measured from outside: the ring behind the mouse, and the first picture."

import random
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import browser
from playwright.sync_api import sync_playwright
from window import drag, hold, open_tab, stop

MOVES, WARM_UP, STARTS = 50, 5, 5
RING = 'document.querySelector(".wb-ring").dataset.stitch'


def painted_ms(page) -> list[float]:
    "Milliseconds from the mouse to the painted ring, for moves that lead to another stitch, one at a time."
    rng, times = random.Random(0), []
    hold(page)
    while len(times) < MOVES + WARM_UP:
        stitch = page.evaluate(RING)
        before = page.evaluate('window.probe.painted.length')
        drag(page, rng.random(), steps=1)
        page.wait_for_timeout(30)
        if page.evaluate(RING) == stitch:
            continue
        page.wait_for_function('n => window.probe.painted.length > n', arg=before)
        times.append(page.evaluate('n => window.probe.painted[n]', before))
    page.mouse.up()
    return times[WARM_UP:]


def latency(what: str, times: list[float]) -> dict:
    "A row of the benchmark: the slider while something goes on."
    what = f'slider to painted ring, {what}'
    middle, p95 = median(times), quantiles(times, n=20, method='inclusive')[-1]
    print(f'{what}: median {middle:.1f} ms, 95th percentile {p95:.1f} ms', flush=True)
    return dict(
        what=what,
        ratio=round(p95, 1),
        kind='ms at the 95th percentile',
        plain=f'median {middle:.1f} ms of {len(times)} moves with a real mouse',
    )


def first_picture(page, base: str) -> float:
    "Seconds from the window's cell to the curve drawn with its card, imports done, in a fresh kernel."
    browser.stop_kernels(base)
    browser.open_notebook(page, base)
    page.evaluate(browser.js('at_window_cell'))
    browser.command(page, 'notebook:run-all-above')
    began = time.perf_counter()
    browser.command(page, 'notebook:run-cell')
    browser.wait_drawn(page)
    return time.perf_counter() - began


WORKS = (('run', 'while a stitch runs'), ('evaluate', 'while the curve is evaluated'))  # of panels


def bench_slider() -> list[dict]:
    """50 moves of the slider while nothing else goes on, during a run and during an evaluation.

    And the first picture of fresh kernels.
    """
    starts, stops = [], []
    with (
        sync_playwright() as p,
        tempfile.TemporaryDirectory() as folder,
        browser.serve(Path(folder)) as base,
    ):
        chromium = p.chromium.launch(
            executable_path=browser.find_chromium(), args=browser.CHROMIUM_ARGS
        )
        for _ in range(STARTS - 1):
            with browser.new_page(chromium, base) as page:
                starts.append(first_picture(page, base))
        with browser.new_page(chromium, base) as page:
            starts.append(first_picture(page, base))
            page.locator('.wb-run-count input').fill('1024')
            page.evaluate(browser.js('probe'))
            rows = [latency('quiet', painted_ms(page))]
            for panel, what in WORKS:
                open_tab(page, panel.title())
                page.locator(f'.wb-{panel}-go').click()
                page.wait_for_selector(f'.wb-{panel}-stop:enabled')
                rows.append(latency(what, painted_ms(page)))
                stops.append(stop(page, panel))
    print(f'first picture: {", ".join(f"{s:.2f}" for s in starts)} s')
    print(f'stopped after {", ".join(f"{s:.0f}" for s in stops)} ms')
    stopped = dict(
        what='Stop to a window that can start again: the longest of a run and an evaluation',
        ratio=round(max(stops)),
        kind='ms',
        plain='one each, with a real browser',
    )
    opened = dict(
        what="the window's cell to its first picture, imports done",
        ratio=round(median(starts), 2),
        kind='s',
        plain=f'median of {STARTS} fresh kernels, {min(starts):.2f} to {max(starts):.2f} s',
    )
    return [*rows, stopped, opened]
