"The notebooks are clean, and snnet_lab/ is just what they export."

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def nbdev(command: str, folder: Path):
    done = subprocess.run(
        [Path(sys.executable).with_name(command)], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def differing(ours: Path, theirs: Path, pattern: str) -> list[str]:
    names = {p.name for p in ours.glob(pattern)} | {p.name for p in theirs.glob(pattern)}
    return sorted(
        n
        for n in names
        if not (
            (ours / n).exists()
            and (theirs / n).exists()
            and filecmp.cmp(ours / n, theirs / n, shallow=False)
        )
    )


def test_clean_and_export_change_nothing(tmp_path):
    notebooks = list((ROOT / 'nbs').glob('*.ipynb'))
    assert len(notebooks) >= 13
    (tmp_path / 'nbs').mkdir()
    (tmp_path / 'snnet_lab').mkdir()
    for p in notebooks:
        shutil.copy(p, tmp_path / 'nbs')
    shutil.copy(ROOT / 'settings.ini', tmp_path)
    shutil.copy(ROOT / 'snnet_lab/__init__.py', tmp_path / 'snnet_lab')
    nbdev('nbdev_clean', tmp_path)
    nbdev('nbdev_export', tmp_path)
    assert not differing(ROOT / 'nbs', tmp_path / 'nbs', '*.ipynb'), 'not clean: make export'
    assert not differing(ROOT / 'snnet_lab', tmp_path / 'snnet_lab', '*.py'), (
        'not as exported: make export'
    )
