"Training as a lab would run it: killed at any moment, in several processes, with workers that die."

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import bench
import pytest
import timm
import torch
import train_script
from torch import nn
from torch._dynamo.utils import counters
from torch.utils.data import DataLoader, Dataset

from snnet_lab.checkpoints import RunFolder, newest_checkpoint
from snnet_lab.recipes import Recipe
from snnet_lab.training import train

SCRIPT = Path(__file__).with_name('train_script.py')
THREADS = dict(OMP_NUM_THREADS='1', ACCELERATE_USE_CPU='true')
ENV = os.environ | THREADS


def launch(*words, processes: int = 1) -> subprocess.Popen:
    launcher = []
    if processes > 1:
        torchrun = '-m torch.distributed.run --standalone --nproc_per_node'
        launcher = [*torchrun.split(), str(processes)]
    return subprocess.Popen(
        [sys.executable, *launcher, str(SCRIPT), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENV,
    )


def result(process: subprocess.Popen) -> dict:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    return json.loads(out.strip().splitlines()[-1])


@pytest.fixture(scope='module')
def whole(tmp_path_factory) -> tuple[dict, Path]:
    folder = tmp_path_factory.mktemp('runs') / 'whole'
    return result(launch(folder)), folder


def check_one_run(one: tuple[dict, Path], two: tuple[dict, Path]):
    "A run in one process, and the same in two: what each said, and its folder."
    said, folder = one
    said_two, folder_two = two
    assert (said['processes'], said_two['processes']) == (1, 2)
    assert said_two['stitch'] == said['stitch']
    assert said_two['loss'] == pytest.approx(said['loss'], abs=1e-4)
    weights = torch.load(folder / 'final-0.pt', weights_only=True)
    first, second = (torch.load(folder_two / f'final-{i}.pt', weights_only=True) for i in range(2))
    for name, value in weights.items():
        assert torch.equal(first[name], second[name]), name
        assert (value - first[name]).abs().max() <= 1e-5, name


def test_two_processes_are_one_run(whole, tmp_path):
    two = tmp_path / 'two'
    check_one_run(whole, (result(launch(two, processes=2)), two))


@pytest.mark.parametrize('how', ['several', 'balanced'])
def test_several_stitches_in_two_processes_are_one_run(how, tmp_path):
    one, two = tmp_path / 'one', tmp_path / 'two'
    said = result(launch(one, how))
    assert {len(drawn) for drawn in said['stitch']} == {3 if how == 'several' else 4}
    check_one_run((said, one), (result(launch(two, how, processes=2)), two))


@pytest.mark.parametrize('how', [(), ('several',)])
def test_processes_hold_the_same_batch_norms(how, tmp_path):
    result(launch(tmp_path / 'norms', 'norms', *how, processes=2))
    first, second = (
        torch.load(tmp_path / f'norms/final-{i}.pt', weights_only=True) for i in range(2)
    )
    start = train_script.network_with_norms().state_dict()
    variances = [name for name in start if name.endswith('running_var')]
    moved = [name for name in variances if not torch.equal(first[name], start[name])]
    assert len(moved) >= 10, moved
    apart = [name for name in first if not torch.equal(first[name], second[name])]
    assert not apart, apart


NOTEBOOK = """
import json, os, sys, torch
from accelerate import Accelerator, PartialState
from snnet_lab.training import launch, train
from train_script import RECIPE, images, network

torch.ones(1 << 20).sum()       # starts OpenMP's threads; a fork has none of them
Accelerator(cpu=True)           # as an earlier run would have
net = network()

def run():
    train(net, images(), RECIPE, folder=sys.argv[1], progress=False)
    here = PartialState()
    # One call for the whole line: the two processes write to one pipe.
    os.write(1, f'process {here.process_index} of {here.num_processes}\\n'.encode())

launch(run, processes=2)
rows = train(net, images(), resume=sys.argv[1], progress=False)
torch.save(net.state_dict(), sys.argv[1] + '/final.pt')
print(json.dumps(rows.stitch.tolist()))
"""


def test_two_processes_from_a_notebook_are_one_run(whole, tmp_path):
    env = dict(
        ENV, OMP_NUM_THREADS='2', PYTHONPATH=os.pathsep.join([str(SCRIPT.parent), *sys.path])
    )
    process = subprocess.Popen(
        [sys.executable, '-c', NOTEBOOK, tmp_path / 'two'],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its forks too
        raise
    assert process.returncode == 0, err[-3000:]
    assert 'process 0 of 2' in out and 'process 1 of 2' in out, out
    assert json.loads(out.splitlines()[-1]) == whole[0]['stitch'], out
    one = torch.load(whole[1] / 'final-0.pt', weights_only=True)
    two = torch.load(tmp_path / 'two/final.pt', weights_only=True)
    for name, value in one.items():
        assert (value - two[name]).abs().max() <= 1e-5, name


def test_accelerate_launch_from_the_command_line():
    launcher = '-m accelerate.commands.launch --multi_gpu --num_processes 2 -m snnet_lab.cli'
    changes = '--set epochs=1 --set warmup_epochs=0 --set match_images=20'
    words = f'{launcher} train --images 256 {changes} --json'.split()
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=ENV, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found['processes'], found['steps']) == (2, 2), found


class StopAt:
    def __init__(self, step):
        self.step = step

    def before_step(self, t):
        if t.step == self.step:
            raise KeyboardInterrupt


def test_a_stream_in_two_processes_is_one_run(tmp_path):
    one, two = (result(launch(tmp_path / str(n), 'shards', processes=n)) for n in (1, 2))
    assert len(one['loss']) == 24
    assert two['stitch'] == one['stitch']
    assert two['loss'] == pytest.approx(one['loss'], abs=1e-4)


@pytest.mark.parametrize('workers, stop', [(0, 17), (2, 5)])
def test_a_stream_is_gone_on_with(workers, stop, tmp_path):
    net = train_script.network(3)
    loader = train_script.shards(tmp_path / 'shards', net, workers)
    how = dict(recipe=train_script.RECIPE, progress=False)
    whole = train(train_script.network(3), loader, **how).loss.tolist()
    train(net, loader, folder=tmp_path / 'run', callbacks=[StopAt(stop)], **how)
    with pytest.warns(UserWarning, match=f'going on at step {stop}, in the middle of an epoch'):
        rows = train(train_script.network(3), loader, resume=tmp_path / 'run', progress=False)
    assert rows.loss.tolist() == pytest.approx(whole, abs=1e-6)


def lines_of(folder: Path) -> int:  # metrics on disk
    file = folder / 'metrics.jsonl'
    return len(file.read_text().splitlines()) if file.exists() else 0


def wait_for_a_step(process: BaseProcess, folder: Path, before: int):
    "Until a step of this process is on disk, or it has come to its end."
    deadline = time.time() + 300
    while process.is_alive() and time.time() < deadline:
        if lines_of(folder) not in (0, before):
            return
        time.sleep(0.01)


@pytest.fixture
def forks(monkeypatch) -> BaseContext:
    "Processes that find torch and timm imported."
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(sys.path))
    for name, value in THREADS.items():
        monkeypatch.setenv(name, value)
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['train_script'])
    return context


def is_killed(context: BaseContext, folder: Path, seconds: float) -> bool:
    "Begin or go on with a run, kill it so long after its first step; False: it came to its end before."
    resume = ['resume'] if (folder / 'run.json').exists() else []
    before = lines_of(folder)
    process = context.Process(target=train_script.main, args=(folder, *resume, 'slow'))
    process.start()
    wait_for_a_step(process, folder, before)
    time.sleep(seconds)
    process.kill()  # SIGKILL
    process.join()
    assert process.exitcode in (-signal.SIGKILL, 0)
    return process.exitcode != 0


def count_kills(context: BaseContext, folder: Path, rng: random.Random) -> int:
    "Kill a run, and each time that it is gone on with: ten times, or until it comes to its end."
    for kills in range(10):
        if not is_killed(context, folder, rng.uniform(0, 0.25)):
            return kills
    return 10


def test_killed_at_ten_moments_it_goes_on_as_if_never_stopped(whole, forks, tmp_path):
    rng = random.Random(0)
    for attempt in range(5):  # on a busy machine a kill can come late, after many steps
        folder = tmp_path / str(attempt)
        kills = count_kills(forks, folder, rng)
        if kills >= 5:
            break
    assert kills >= 5
    resumed = result(launch(folder, 'resume'))
    assert resumed['stitch'] == whole[0]['stitch']
    assert resumed['loss'] == pytest.approx(whole[0]['loss'], abs=1e-6)


def test_a_second_run_on_the_folder_is_refused(whole):
    held = RunFolder(whole[1])
    second = launch(whole[1], 'resume')
    errors = second.communicate(timeout=300)[1]
    assert second.returncode
    assert f'is in use by process {os.getpid()} on' in errors
    held.close()


def test_compiled_blocks_are_compiled_once(monkeypatch):
    compiled, module_compile = [], nn.Module.compile
    # dynamo's graphs and guards, without the minute that code takes
    monkeypatch.setattr(
        nn.Module, 'compile', lambda self, backend: module_compile(self, backend='eager')
    )
    torch._dynamo.reset()
    counters.clear()

    class Count:
        def after_step(self, t):
            compiled.append(counters['stats']['unique_graphs'])

    def rows_of(recipe, callbacks=()):
        net = train_script.network(drop_path_rate=0.1)
        return train(net, train_script.images(), recipe, progress=False, callbacks=callbacks)

    rows = rows_of(replace(train_script.RECIPE, compile=True), [Count()])
    assert len(set(rows.stitch)) > 4
    # six blocks, each with its own rate of dropped paths
    assert compiled[-1] == compiled[9] == 6, compiled
    plain = rows_of(train_script.RECIPE)
    assert rows.loss.tolist() == pytest.approx(plain.loss.tolist(), abs=1e-4)


def test_the_bench_compares_the_same_training():
    teacher = timm.create_model('regnety_002', num_classes=10).eval()
    recipe = Recipe(
        epochs=1, warmup_epochs=0, batch_size=8, clip_grad=None, weight_decay=0.01, **bench.PLAIN
    )
    make = partial(train_script.network, 3)
    *seconds, own, plain = bench.training_seconds(make, teacher, 8, recipe, 6, 2)
    assert min(seconds) > 0
    assert own[0] == pytest.approx(plain[0], abs=1e-5)
    assert own == pytest.approx(plain, abs=0.1)


class Dying(Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, i):
        if i == 33:
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.zeros(1, 28, 28) + i / 40, i % 10


def test_a_worker_that_dies_leaves_a_checkpoint(tmp_path):
    net, loader = train_script.network(), DataLoader(Dying(), 10, num_workers=1, prefetch_factor=1)
    with pytest.raises(RuntimeError, match=r'killed by signal|exited unexpectedly'):
        train(
            net, loader, Recipe(epochs=1, warmup_epochs=0), folder=tmp_path / 'run', progress=False
        )
    assert 1 <= newest_checkpoint(tmp_path / 'run')[2]['step'] <= 3
