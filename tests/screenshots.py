"""Make the README's pictures again, the moving one too: `make screenshots`.

With a folder as argument, the window at 800 px and other networks too, to look at.
"""

import io
import math
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import browser
from PIL import Image
from playwright.sync_api import sync_playwright
from window import choose_network, drag, hold, run, slide

from snnet_lab.families import FAMILIES, load_family
from snnet_lab.figures import curve_figure
from snnet_lab.words import anchor_labels

OUT = Path(__file__).parents[1] / 'data/pictures'
PAGE = OUT.parent / 'workbench.html'
FRAME_MS = 125
THEMES = {'': 'JupyterLab Light', '_dark': 'JupyterLab Dark'}


@contextmanager
def window(chromium, theme: str, width: int):
    "The window in JupyterLab, in one of its themes; the output is 170 px narrower than the page."
    settings = browser.SETTINGS | {'@jupyterlab/apputils-extension:themes': {'theme': theme}}
    view = dict(device_scale_factor=1.5, viewport=dict(width=width, height=1900))
    with (
        tempfile.TemporaryDirectory() as folder,
        browser.serve(Path(folder), settings=settings) as base,
        browser.new_page(chromium, base, **view) as page,
    ):
        browser.open_notebook(page, base)
        browser.run_all(page)
        page.locator('.wb-tour-skip').click()
        yield page


def take(page, path: Path):
    "The window alone, with nothing under the mouse."
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    page.locator('.wb-root').screenshot(path=path)


def workbench(chromium):
    "After a drag and a run, in light and dark."
    for suffix, theme in THEMES.items():
        with window(chromium, theme, 1370) as page:
            slide(page, 0.45)
            run(page)
            take(page, OUT / f'workbench{suffix}.png')


def looks(chromium, folder: Path):
    "What is not in the README."
    folder.mkdir(exist_ok=True, parents=True)
    for suffix, theme in THEMES.items():
        with window(chromium, theme, 800) as page:
            slide(page, 0.45)
            run(page)
            for tab in ('Run', 'Evaluate', 'Map', 'Train', 'Serve', 'Take away'):
                page.locator('.wb-tabs').get_by_role('tab', name=tab).click()
                take(page, folder / f'{tab.split()[0]}{suffix}.png')
            for name in ('deit', 'swin', 'resnet'):
                choose_network(page, FAMILIES[name].title)
                slide(page, 0.45)
                page.locator('.wb-show-zoo').check()
                take(page, folder / f'{name}{suffix}.png')
            page.locator('.wb-slider').focus()
            page.keyboard.press('Tab')
            page.keyboard.press('Shift+Tab')
            page.locator('.wb-root').screenshot(path=folder / f'focus{suffix}.png')


def eased(start: float, end: float, frames: int) -> list[float]:
    "Shares of the slider's length, slow at both ends."
    turns = [math.pi * i / frames for i in range(1, frames + 1)]
    return [start + (end - start) * (1 - math.cos(turn)) / 2 for turn in turns]


def motion(chromium):
    "Ten seconds of the page without a kernel: up the curve, pin, and down again."
    page = chromium.new_page(viewport=dict(width=960, height=720), color_scheme='light')
    page.goto(PAGE.as_uri())
    page.wait_for_selector('.wb-card[data-stitch]')
    page.locator('.wb-tour-skip').click()
    frames = []

    def look():
        view = page.locator('.wb-curve').screenshot()
        frames.append(Image.open(io.BytesIO(view)).convert('RGB'))

    def go(start: float, end: float, count: int):
        hold(page)
        for share in eased(start, end, count):
            drag(page, share, steps=1)
            look()
        page.mouse.up()

    slide(page, 0.02)
    go(0.02, 0.9, 34)
    page.locator('.wb-pin').click()
    look()
    page.locator('.wb-slider').scroll_into_view_if_needed()
    go(0.9, 0.1, 34)
    go(0.1, 0.02, 6)
    page.close()
    tallest = max(frame.height for frame in frames)
    padded = [Image.new('RGB', (frame.width, tallest), 'white') for frame in frames]
    for ground, frame in zip(padded, frames):
        ground.paste(frame)
    shown = dict(save_all=True, append_images=padded[1:], duration=FRAME_MS, loop=0)
    padded[0].save(OUT / 'slider.webp', **shown, quality=60, method=4)


def curve(chromium):
    "The shipped curve."
    net = load_family('fashion')
    figure = curve_figure(net.curve, net.space, anchor_labels(net))
    figure.update_layout(width=900, height=460)
    page = chromium.new_page(viewport=dict(width=920, height=480), device_scale_factor=1.5)
    page.set_content(figure.to_html())
    page.wait_for_selector('.scatterlayer .trace')
    page.locator('.js-plotly-plot').screenshot(path=OUT / 'curve.png')


if __name__ == '__main__':
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as p:
        chromium = p.chromium.launch(
            executable_path=browser.find_chromium(), args=browser.CHROMIUM_ARGS
        )
        curve(chromium)
        motion(chromium)
        workbench(chromium)
        for folder in sys.argv[1:]:
            looks(chromium, Path(folder))
