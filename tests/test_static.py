"The scripts and style sheets of the package, by node: they parse, alone and bundled, and their own tests pass."

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from snnet_lab.window.view import CurveView, bundle, styles

ROOT = Path(__file__).parents[1]
STATIC = ROOT / 'snnet_lab/static'
SCRIPTS = sorted(STATIC.glob('*.js'))
WHOLE = (
    'copy_widget.js',
    'curve_widget.js',
    'figure_widget.js',
    'hover_widget.js',
    'page.js',
    'taken_widget.js',
)  # what a browser is given


@pytest.fixture(scope='module')
def node() -> str:
    path = shutil.which('node')
    if path is None:
        reason = (
            "no node on this machine: the scripts' own tests did not run (apt-get install nodejs)"
        )
        pytest.fail(reason) if os.environ.get('CI') else pytest.skip(reason)
    return path


def succeeds(*command: str, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda p: p.name)
def test_parses(node, script):
    succeeds(node, '--check', str(script))


@pytest.mark.parametrize('name', WHOLE)
def test_bundles_parse(node, name, tmp_path):
    "Two scripts that declare one name would not."
    (whole := tmp_path / 'whole.mjs').write_text(bundle(name))
    succeeds(node, '--check', str(whole))


def test_own_tests(node):
    tests = sorted(map(str, (ROOT / 'tests/js').glob('*.test.mjs')))
    assert len(tests) >= 4
    succeeds(node, '--test', *tests)


def test_every_script_is_used():
    def imported(name: str) -> set[str]:
        needed = re.findall(r'from "\./(.+?)"', (STATIC / name).read_text())
        return {name}.union(*map(imported, needed))

    assert set.union(*map(imported, WHOLE)) == {p.name for p in SCRIPTS}


def test_every_style_sheet_is_used():
    shown = styles('page.css') + CurveView._css
    for sheet in STATIC.glob('*.css'):
        assert sheet.read_text() in shown, sheet.name


def test_nothing_outside_is_asked_for():
    for text in (*map(bundle, WHOLE), styles('page.css')):
        assert not re.search(r'https?://(?!www\.w3\.org/2000/svg")', text)
        assert '@import' not in text and 'url(' not in text
