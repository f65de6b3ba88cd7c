"""`make gpu` in its small settings: every part works on the CPU, from a checkout, and leaves data/ alone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = dict(
    logits='fp32 against the CPU: 0 relative',
    start='start, fashion: weights against the CPU',
    latency='composed against timed whole',
    training='50 epochs of ImageNet, worked out',
    precision='change of the weights in parts',
    family='worst',
)


def gpu(*arguments: str) -> subprocess.CompletedProcess:
    "In a process that sees no GPU, also where there is one."
    return subprocess.run(
        [sys.executable, ROOT / 'tests/gpu.py', *arguments],
        env=os.environ | dict(CUDA_VISIBLE_DEVICES=''),
        cwd='/',
        capture_output=True,
        text=True,
    )


def data_files() -> dict[str, str]:
    found = (p for p in (ROOT / 'data').glob('*') if p.is_file())
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def test_every_part_works_on_the_cpu_and_writes_nothing():
    before = data_files()
    done = gpu()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith('no CUDA device here: small settings on the CPU')
    for part, words in PARTS.items():
        assert f'{part}: done' in done.stdout
        assert words in done.stdout
    assert data_files() == before


def test_a_part_that_does_not_exist_is_named():
    done = gpu('logit')
    assert done.returncode != 0
    assert "no part 'logit': one of logits, start, latency" in done.stderr


def test_one_failure_hides_no_other(monkeypatch):
    gpu = pytest.importorskip('gpu')
    seen = []

    def breaks(report):
        raise ValueError('on purpose')

    monkeypatch.setattr(gpu, 'PARTS', dict(first=breaks, second=lambda report: seen.append(report)))
    assert gpu.main([]) == 1
    assert len(seen) == 1


def test_rows_of_the_table(monkeypatch, tmp_path):
    gpu = pytest.importorskip('gpu')
    monkeypatch.setattr(gpu, 'CUDA', True)
    monkeypatch.setattr(gpu, 'TABLE', tmp_path / 'gpu.csv')
    for value in (2.0, 4.0):
        report = gpu.Report()
        report.add('start', value, 's', plain=8.0)
        report.add('training', 100.0, 'images/s', plain=50.0)
        report.save()
    table = gpu.pd.read_csv(tmp_path / 'gpu.csv')
    assert table.columns.tolist() == gpu.COLUMNS
    assert table.set_index('what').ratio.to_dict() == dict(start=2.0, training=2.0)
