"""`make gpu` in its small settings: every part works on the CPU, from a checkout, and leaves data/ alone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import gpu
import pytest

ROOT = Path(__file__).parents[1]
PARTS = dict(
    logits='6 stitches, fp32 against the CPU: 0 relative',
    start="what the maps give against the CPU's: 0 relative",
    latency='composed against whole',
    training='50 epochs of ImageNet, worked out',
    precision='gradients in parts against the whole',
    family='worst stitch',
)


def gpu_command(*arguments: str) -> subprocess.CompletedProcess:
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
    done = gpu_command()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith('no CUDA device here: small settings on the CPU')
    for part, words in PARTS.items():
        assert f'{part}: done' in done.stdout
        assert words in done.stdout
    assert data_files() == before


def test_a_part_that_does_not_exist_is_named():
    for asked in ('logit', '0', '7'):
        words = f"^no part '{asked}': one of 1 logits, 2 start, 3 latency"
        with pytest.raises(SystemExit, match=words):
            gpu.main([asked])


def test_parts_by_number_and_name():
    assert [gpu.find_part(asked) for asked in ('3', 'family', '1')] == [
        'latency',
        'family',
        'logits',
    ]


def test_one_failure_hides_no_other(monkeypatch, capsys):
    done = []

    def breaks(report):
        with report.trying('the first half'):
            report.within('a difference', 2.0, 1.0)
        with report.trying('the second half'):
            report.within('no number', float('nan'), 1.0)
        done.append('first')

    monkeypatch.setattr(gpu, 'CUDA', False)
    monkeypatch.setattr(
        gpu, 'PARTS', dict(first=breaks, second=lambda report: done.append('second'))
    )
    assert gpu.main([]) == 2
    assert done == ['first', 'second']
    said = capsys.readouterr().out
    assert 'a difference: 2 relative' in said
    assert 'FAILED: the first half; the second half' in said


def test_rows_of_the_table(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, 'CUDA', True)
    monkeypatch.setattr(gpu, 'TABLE', tmp_path / 'gpu.csv')
    for value in (2.0, 4.0):  # the second report takes the place of the first
        report = gpu.Report()
        report.add('start', value, 's', plain=8.0)
        report.add('training', 100.0, 'images/s', plain=50.0)
        report.add('loss', 0.5, 'nats')
    table = gpu.pd.read_csv(tmp_path / 'gpu.csv')
    assert table.columns.tolist() == gpu.COLUMNS
    assert table.set_index('what').ratio.dropna().to_dict() == dict(start=2.0, training=2.0)


def test_the_largest_batch_that_fits_all_stitches(monkeypatch):
    tried = []

    def run(setting, batch, steps, clock):
        tried.append((batch, steps))
        if batch > 8 or (batch == 8 and steps > 2):
            raise gpu.torch.OutOfMemoryError
        for _ in range(steps):
            clock.after_step()

    sizes = gpu.replace(gpu.ON_CPU, train_batches=(2, 4, 8, 16, 32), train_steps=(1, 3))
    monkeypatch.setattr(gpu, 'SIZES', sizes)
    setting = gpu.Setting(gpu.random_family('fashion'), None, gpu.Recipe(), [0])
    batch, rate = gpu.rate_at_largest(setting, run)
    assert (batch, rate > 0) == (4, True)
    assert tried == [(2, 2), (4, 2), (8, 2), (16, 2), (8, 4), (4, 4)]
