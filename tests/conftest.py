"""What tests share; and how three workers share the tests (`make pytest`): the slowest start first, and those that
share an expensive fixture stay together."""

import os

import browser
import forked_kernels
import pytest
from xdist.scheduler import LoadScopeScheduling

SLOWEST_FIRST = (
    'test_browser',
    'test_training',
    'test_lessons',
    'test_training_panel_browser',
    'test_site',
    'test_contract',
    'test_gpu',
    'test_page',
    'test_export',
    'test_official',
    'test_restore',
    'test_wheel',
)


def pytest_collection_modifyitems(items):
    items.sort(key=place)


def place(item) -> int:
    file = item.path.stem
    return SLOWEST_FIRST.index(file) if file in SLOWEST_FIRST else len(SLOWEST_FIRST)


def group_of(nodeid: str) -> str:  # one worker does a group, in its order
    "A file is a group, but for those that would keep one worker busy when the other has nothing left."
    file, _, name = nodeid.partition('::')
    if file.endswith(('test_contract.py', 'test_training.py', 'test_lessons.py')):
        return nodeid  # a test by itself
    if file.endswith('test_browser.py'):  # one open window a front end
        front_end = [f for f in ('JupyterLab', 'Voila') if f'[{f}]' in name]
        return f'{file} {front_end}'
    return file


class Grouped(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config, log):
    "In place of `--dist loadgroup`, whose groups pytest 9.2 does not let it name."
    return Grouped(config, log)


@pytest.fixture(scope='session')
def quick_kernels(tmp_path_factory):
    "Jupyter's kernels, of every server and notebook of this worker, have imported what they need."
    with (
        forked_kernels.prepared(tmp_path_factory.mktemp('kernels')) as folder,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv('JUPYTER_PATH', str(folder))
        yield


@pytest.fixture(scope='session')
def chromium(quick_kernels):
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
    browser.clear_outputs(lab)
    with browser.new_page(chromium, lab) as found:
        yield found
