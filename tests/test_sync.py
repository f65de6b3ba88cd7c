"""The notebooks are clean, and snnet_lab/ is just what they export."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def nbdev(command: str, folder: Path):
    program = Path(sys.executable).with_name(command)
    done = subprocess.run([program], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def files(folder: Path, pattern: str) -> dict[str, bytes]:  # path within the folder -> content
    found = (p for p in folder.rglob(pattern) if '.ipynb_checkpoints' not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


def test_clean_and_export_change_nothing(tmp_path):
    committed = files(ROOT / 'nbs', '*.ipynb')
    assert len(committed) >= 40
    for name, content in committed.items():
        copy = tmp_path / 'nbs' / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    (tmp_path / 'snnet_lab').mkdir()
    shutil.copy(ROOT / 'settings.ini', tmp_path)
    shutil.copy(ROOT / 'snnet_lab/__init__.py', tmp_path / 'snnet_lab')
    nbdev('nbdev_clean', tmp_path)
    nbdev('nbdev_export', tmp_path)
    for folder, pattern in (('nbs', '*.ipynb'), ('snnet_lab', '*.py')):
        ours, theirs = files(ROOT / folder, pattern), files(tmp_path / folder, pattern)
        differing = sorted(n for n in {*ours, *theirs} if ours.get(n) != theirs.get(n))
        assert not differing, f'{folder}/{differing[0]} and others: make export'
