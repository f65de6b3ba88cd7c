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
PROBE = """() => {     // from the browser's own pointer event to the frame after the ring has moved
    const probe = window.probe = {moved: 0, painted: []};
    document.addEventListener('pointermove', e => { probe.moved = e.timeStamp; }, true);
    new MutationObserver(() => { const moved = probe.moved; requestAnimationFrame(() => { const frame = new MessageChannel();
        frame.port1.onmessage = () => probe.painted.push(performance.now() - moved); frame.port2.postMessage(0); }); })
        .observe(document.querySelector('.wb-ring'), {attributes: true, attributeFilter: ['data-stitch']}); }"""


def painted_ms(page) -> list[float]:
    "Milliseconds from the mouse to the painted ring, for moves that lead to another stitch, one at a time."
    rng, times = random.Random(0), []
    hold(page)
    while len(times) < MOVES + WARM_UP:
        stitch, before = (
            page.evaluate(f'() => {what}')
            for what in (
                'document.querySelector(".wb-ring").dataset.stitch',
                'window.probe.painted.length',
            )
        )
        drag(page, rng.random(), steps=1)
        page.wait_for_timeout(30)
        if page.evaluate('() => document.querySelector(".wb-ring").dataset.stitch') == stitch:
            continue
        page.wait_for_function('n => window.probe.painted.length > n', arg=before)
        times.append(page.evaluate('n => window.probe.painted[n]', before))
    page.mouse.up()
    return times[WARM_UP:]


def latency(what: str, times: list[float]) -> dict:
    p95 = quantiles(times, n=20)[-1]
    print(
        f'slider to painted ring, {what}: median {median(times):.1f} ms, 95th percentile {p95:.1f} ms',
        flush=True,
    )
    return dict(
        what=f'slider to painted ring, {what}',
        ratio=round(p95, 1),
        kind='ms at the 95th percentile',
        plain=f'median {median(times):.1f} ms of {len(times)} moves with a real mouse',
    )


def first_picture(page, base: str) -> float:
    "Seconds from the window's cell to the curve drawn with its card, imports done, in a fresh kernel."
    browser.stop_kernels(base)
    browser.open_notebook(page, base)
    page.evaluate(
        "() => { const notebook = window.jupyterapp.shell.currentWidget.content; notebook.activeCellIndex = notebook.widgets.findIndex(c => c.model.sharedModel.source.startsWith('Workbench(')); }"
    )
    browser.command(page, 'notebook:run-all-above')
    began = time.perf_counter()
    browser.command(page, 'notebook:run-cell')
    browser.wait_drawn(page)
    return time.perf_counter() - began


def bench_slider() -> list[dict]:
    "50 moves of the slider while nothing else goes on, during a run and during an evaluation; the first picture of fresh kernels."
    with (
        sync_playwright() as p,
        tempfile.TemporaryDirectory() as folder,
        browser.serve(Path(folder)) as base,
    ):
        chromium = p.chromium.launch(
            executable_path=browser.find_chromium(), headless=True, args=browser.CHROMIUM_ARGS
        )
        starts = []
        for _ in range(STARTS - 1):
            with browser.new_page(chromium, base) as page:
                starts.append(first_picture(page, base))
        with browser.new_page(chromium, base) as page:
            starts.append(first_picture(page, base))
            page.locator('.wb-run-count input').fill('1024')
            page.evaluate(PROBE)
            rows, stops = [latency('quiet', painted_ms(page))], []
            for panel, title, what in (
                ('run', 'Run', 'while a stitch runs'),
                ('evaluate', 'Evaluate', 'while the curve is evaluated'),
            ):
                open_tab(page, title)
                page.locator(f'.wb-{panel}-go').click()
                page.wait_for_selector(f'.wb-{panel}-stop:enabled')
                rows.append(latency(what, painted_ms(page)))
                stops.append(stop(page, panel))
    print(f'first picture: {", ".join(f"{s:.2f}" for s in starts)} s')
    print(f'stopped after {", ".join(f"{s:.0f}" for s in stops)} ms')
    return [
        *rows,
        dict(
            what='Stop to a window that can start again: the longest of a run and an evaluation',
            ratio=round(max(stops)),
            kind='ms',
            plain='one each, with a real browser',
        ),
        dict(
            what="the window's cell to its first picture, imports done",
            ratio=round(median(starts), 2),
            kind='s',
            plain=f'median of {STARTS} fresh kernels, {min(starts):.2f} to {max(starts):.2f} s',
        ),
    ]
