"The package below the plots needs no Jupyter, no plotly and no development tools."

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = (
    'anchors',
    'space',
    'cost',
    'matching',
    'snnet',
    'families',
    'data',
    'recipes',
    'samplers',
    'runs',
    'training',
    'batchnorm',
    'evaluation',
    'published',
    'comparison',
    'cli',
    'coverage',
    'official',
)
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
    barred = (
        f'import sys; sys.modules.update(dict.fromkeys({BARRED}))'  # any import of these raises
    )
    done = python(f'{barred}; import ' + ', '.join(f'snnet_lab.{m}' for m in CORE))
    assert done.returncode == 0, done.stderr
    assert 'plotly' in python(f'{barred}; import snnet_lab.plots').stderr, 'the bar works'


def test_import_prints_and_seeds_nothing():
    done = python(
        'import torch, random; s = torch.get_rng_state(), random.getstate(); import '
        + ', '.join(f'snnet_lab.{m}' for m in CORE)
        + '; assert torch.equal(s[0], torch.get_rng_state()) and s[1] == random.getstate()'
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
        'import sys\nfrom snnet_lab import SNNet, check_anchor, evaluate, load_family\nimport snnet_lab.snnet\nassert SNNet is snnet_lab.snnet.SNNet\n'
        f'assert not set({BARRED!r}) & set(sys.modules)\nfrom snnet_lab import Workbench\n'
        'try: snnet_lab.nothing\nexcept AttributeError as e: print(e)'
    )
    assert done.returncode == 0 and done.stdout.strip() == "snnet_lab has no 'nothing'", done.stderr
