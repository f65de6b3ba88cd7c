"""What tests share; and how two workers share the tests (`make pytest`): the slowest start first, and those that
share an expensive fixture stay together."""

import os

import browser
import pytest

SLOWEST_FIRST = (
    'test_browser',
    'test_training',
    'test_contract',
    'test_gpu',
    'test_page',
    'test_export',
    'test_official',
    'test_restore',
    'test_wheel',
)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    items.sort(key=place)
    for item in items:
        if group := group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))


def place(item) -> int:
    file = item.path.stem
    return SLOWEST_FIRST.index(file) if file in SLOWEST_FIRST else len(SLOWEST_FIRST)


def group_of(item) -> str | None:  # one worker does a group; None: a test by itself
    "A file is a group, but for those that would keep one worker busy when the other has nothing left."
    file = item.path.stem
    if file == 'test_contract':  # each test makes its own model
        return None
    if file == 'test_browser':  # one open window a front end
        values = item.callspec.params if hasattr(item, 'callspec') else {}
        return f'{file} {values.get("window", "others")}'
    if file == 'test_training':  # one run that others are compared with
        return f'{file} {"compared" if "whole" in item.fixturenames else "others"}'
    return file


@pytest.fixture(scope='session')
def chromium():
    "A Chromium of this worker's own; where there is none the tests are skipped, in CI they fail."
    path = browser.find_chromium()
    if path is None:
        reason = 'no Chromium on this machine (apt-get install chromium)'
        if os.environ.get('CI'):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=browser.TIMEOUT_MS)
    with sync_playwright() as p:
        found = p.chromium.launch(executable_path=path, headless=True, args=browser.CHROMIUM_ARGS)
        yield found
        found.close()


@pytest.fixture(scope='session')
def lab(chromium, tmp_path_factory):
    "A JupyterLab of this worker's own: folder, port, settings and kernels are its own."
    with browser.serve(tmp_path_factory.mktemp('lab')) as base:
        yield base


@pytest.fixture
def page(lab, chromium):
    browser.stop_kernels(lab)
    with browser.new_page(chromium, lab) as found:
        yield found
