"Make the README's pictures again: `make screenshots`."
import tempfile
from pathlib import Path

import browser
from playwright.sync_api import sync_playwright
from test_browser import drag, hold, wait_card, ring

from snnet_lab.families import load_family
from snnet_lab.plots import curve_figure
from snnet_lab.workbench import anchor_labels

OUT = Path(__file__).parents[1]/'data/pictures'


def workbench(chromium, folder: Path):
    "The window after a drag and a run, as it stands in JupyterLab."
    with browser.jupyterlab(folder/'lab') as base, browser.new_page(chromium, base, device_scale_factor=1.5) as page:
        browser.run_all(page, base)
        page.locator('.wb-root').scroll_into_view_if_needed()
        hold(page); drag(page, .45); page.mouse.up()
        wait_card(page, ring(page)['stitch'])
        page.locator('button.wb-run').click()
        page.wait_for_selector('.wb-table')
        page.mouse.move(5, 5)
        page.wait_for_timeout(500)
        page.locator('.wb-root').screenshot(path=OUT/'workbench.png')


def curve(chromium, folder: Path):
    "The shipped curve."
    net = load_family('fashion')
    (folder/'curve.html').write_text(curve_figure(net.curve, net.space, anchor_labels(net)).update_layout(width=900, height=460).to_html())
    page = chromium.new_page(viewport=dict(width=920, height=480), device_scale_factor=1.5)
    page.goto(f'file://{folder}/curve.html')
    page.wait_for_selector('.scatterlayer .trace')
    page.locator('.js-plotly-plot').screenshot(path=OUT/'curve.png')


if __name__ == '__main__':
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as p, tempfile.TemporaryDirectory() as d:
        chromium = p.chromium.launch(executable_path=browser.find_chromium(), headless=True, args=browser.CHROMIUM_ARGS)
        curve(chromium, Path(d))
        workbench(chromium, Path(d))
