"The package below the plots needs no Jupyter, no plotly and no development tools."

import pkgutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLOTTING = {'figures', 'pictures', 'claims', 'window'}  # may know plotly, and Jupyter
MODULES = {m.name for m in pkgutil.iter_modules([str(ROOT / 'snnet_lab')])} - {'_modidx'}
CORE = ', '.join(f'snnet_lab.{name}' for name in sorted(MODULES - PLOTTING))
BARRED = (
    'IPython',
    'ipywidgets',
    'plotly',
    'anywidget',
    'jupyterlab',
    'ipykernel',
    'fastcore',
    'nbdev',
)


def python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)


def test_core_imports_without_jupyter():
    assert PLOTTING < MODULES and len(MODULES) >= 25
    barred = f'import sys; sys.modules.update(dict.fromkeys({BARRED}))'  # importing them raises
    done = python(f'{barred}; import {CORE}')
    assert done.returncode == 0, done.stderr
    assert 'plotly' in python(f'{barred}; import snnet_lab.figures').stderr, 'the bar works'


def test_import_prints_and_seeds_nothing():
    done = python(
        'import random, torch\n'
        'before = torch.get_rng_state(), random.getstate()\n'
        f'import {CORE}\n'
        'assert torch.equal(before[0], torch.get_rng_state())\n'
        'assert before[1] == random.getstate()'
    )
    assert (done.returncode, done.stdout) == (0, ''), done.stdout + done.stderr


def test_readme_example_runs_as_printed():
    text = (ROOT / 'README.md').read_text()
    code = text.split('```python\n')[1].split('```')[0]
    done = python(code)
    assert done.returncode == 0, done.stderr
    printed = [
        line.split('# ', 1)[1].strip()
        for line in code.splitlines()
        if line.startswith('print(') and '# ' in line
    ]
    assert printed and done.stdout.splitlines() == printed, (done.stdout, printed)


def test_public_names_come_from_the_package_and_import_no_more_than_needed():
    done = python(
        'import sys\n'
        'from snnet_lab import SNNet, check_anchor, evaluate, load_family\n'
        'import snnet_lab.snnet\n'
        'assert SNNet is snnet_lab.snnet.SNNet\n'
        f'assert not set({BARRED!r}) & set(sys.modules)\n'
        'from snnet_lab import Workbench\n'
        'try: snnet_lab.nothing\n'
        'except AttributeError as e: print(e)'
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "snnet_lab has no 'nothing'"
