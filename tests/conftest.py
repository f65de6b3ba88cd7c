import os

import browser
import pytest


@pytest.fixture(scope='session')
def chromium():
    path = browser.find_chromium()
    if path is None:
        reason = (
            'no Chromium on this machine: the browser tests did not run (apt-get install chromium)'
        )
        pytest.fail(reason) if os.environ.get('CI') else pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=browser.TIMEOUT_MS)
    with sync_playwright() as p:
        found = p.chromium.launch(executable_path=path, headless=True, args=browser.CHROMIUM_ARGS)
        yield found
        found.close()


@pytest.fixture(scope='session')
def lab(chromium, tmp_path_factory):
    with browser.serve(tmp_path_factory.mktemp('lab')) as base:
        yield base


@pytest.fixture
def page(lab, chromium):
    browser.stop_kernels(lab)
    with browser.new_page(chromium, lab) as found:
        yield found
