"What is given away is whole: a wheel, made from the sdist, opens the window in an empty environment."

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    str(p.relative_to(ROOT))
    for kind in ('static/*', 'templates/*')
    for p in sorted((ROOT / 'snnet_lab').glob(kind))
]
BUILD = 'import sys, setuptools.build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))'
OPEN = """
import sys
import snnet_lab
from snnet_lab.window.workbench import Workbench

assert snnet_lab.__file__.startswith(sys.prefix), snnet_lab.__file__
window = Workbench('fashion', name='wheel')
window.desk.state.budget = 10.0
assert window.desk.state.stitch == window.desk.net.set_budget(macs=10e6).id
assert '71 stitches' in repr(window.desk.net)
assert window.body.linked.view.card['stitch'] == window.desk.state.stitch
assert 'function pick(' in window.body.linked.view.get_state()['_esm']
assert '71 stitches' in window.to_html('page.html', 2).read_text()
window.close()
"""


def ran(*command: str, **options) -> str:
    "What a program printed last; if it fails, what it complained of."
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().rpartition('\n')[2]


def build(kind: str, source: Path) -> Path:
    "An sdist or a wheel, by the tools of this environment: no network."
    name = ran(sys.executable, '-c', BUILD, f'build_{kind}', str(source), cwd=source)
    return source / name


@pytest.fixture(scope='module')
def sdist(tmp_path_factory) -> Path:
    source = tmp_path_factory.mktemp('source')
    skip = shutil.ignore_patterns('__pycache__')
    shutil.copytree(ROOT / 'snnet_lab', source / 'snnet_lab', ignore=skip)
    for name in ('pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, source)
    return build('sdist', source)


@pytest.fixture(scope='module')
def wheel(sdist, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('sdist')
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter='data')
    (source,) = folder.iterdir()
    return build('wheel', source)


def test_sdist_holds_all_languages(sdist):
    with tarfile.open(sdist) as archive:
        held = {name.partition('/')[2] for name in archive.getnames()}
    assert len(FILES) > 20 and {*FILES, 'snnet_lab/window/view.py', 'LICENSE'} <= held


def test_wheel_holds_all_languages(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        assert {*FILES, 'snnet_lab/window/view.py'} <= held
        for name in FILES:
            assert archive.read(name) == (ROOT / name).read_bytes(), name
    assert not [name for name in held if name.startswith(('tests', 'nbs', 'data'))]


def test_wheel_opens_the_window(wheel, tmp_path):
    venv.create(tmp_path / 'empty')
    python = tmp_path / 'empty/bin/python'
    install = ['install', '--quiet', '--no-deps', '--no-index', '--no-compile', str(wheel)]
    ran(sys.executable, '-m', 'pip', '--python', str(python), *install)
    (packages,) = (tmp_path / 'empty/lib').glob('python*/site-packages')
    # what it depends on lies in the present environment
    (packages / 'others.pth').write_text(sysconfig.get_paths()['purelib'])
    assert (tmp_path / 'empty/bin/snnet-lab').exists()
    data = dict(SNNET_LAB_DATA=str(ROOT / 'data'), XDG_CACHE_HOME=str(tmp_path / 'cache'))
    ran(str(python), '-I', '-c', OPEN, cwd=tmp_path, env=os.environ | data)
    assert (tmp_path / 'page.html').stat().st_size > 1e6
