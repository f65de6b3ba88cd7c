"Training as a lab would run it: killed at any moment, in several processes, with workers that die."

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
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
ENV = dict(os.environ, OMP_NUM_THREADS='1', ACCELERATE_USE_CPU='true')


def launch(*words, processes: int = 1) -> subprocess.Popen:
    several = (
        ['-m', 'torch.distributed.run', '--standalone', '--nproc_per_node', str(processes)]
        if processes > 1
        else []
    )
    return subprocess.Popen(
        [sys.executable, *several, str(SCRIPT), *map(str, words)],
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


def test_two_processes_are_one_run(whole, tmp_path):
    one, folder = whole
    two = result(launch(tmp_path / 'two', processes=2))
    assert (one['processes'], two['processes']) == (1, 2) and two['stitch'] == one['stitch']
    assert two['loss'] == pytest.approx(one['loss'], abs=1e-4)
    weights = [
        torch.load(f, weights_only=True)
        for f in (folder / 'final-0.pt', tmp_path / 'two/final-0.pt', tmp_path / 'two/final-1.pt')
    ]
    for k, v in weights[0].items():
        assert torch.equal(weights[1][k], weights[2][k]), k
        assert (v - weights[1][k]).abs().max() <= 1e-5, k


def test_processes_hold_the_same_batch_norms(tmp_path):
    result(launch(tmp_path / 'norms', 'norms', processes=2))
    first, second = (
        torch.load(tmp_path / f'norms/final-{i}.pt', weights_only=True) for i in range(2)
    )
    start = train_script.network_with_norms().state_dict()
    moved = [k for k in start if k.endswith('running_var') and not torch.equal(first[k], start[k])]
    assert len(moved) >= 10, moved
    assert not (
        apart := {
            k: (v - second[k]).abs().max()
            for k, v in first.items()
            if not torch.equal(v, second[k])
        }
    ), apart


NOTEBOOK = """
import json, sys, torch
from accelerate import Accelerator, PartialState
from snnet_lab.training import launch, train
from train_script import RECIPE, images, network

torch.ones(1 << 20).sum()       # starts OpenMP's threads; a fork has none of them
Accelerator(cpu=True)           # as an earlier run would have
net = network()

def run():
    train(net, images(), RECIPE, folder=sys.argv[1], progress=False)
    print('process', PartialState().process_index, 'of', PartialState().num_processes, flush=True)

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
    assert (
        'process 0 of 2' in out
        and 'process 1 of 2' in out
        and json.loads(out.splitlines()[-1]) == whole[0]['stitch']
    ), out
    one, two = (
        torch.load(f, weights_only=True)
        for f in (whole[1] / 'final-0.pt', tmp_path / 'two/final.pt')
    )
    assert all((v - two[k]).abs().max() <= 1e-5 for k, v in one.items())


def test_accelerate_launch_from_the_command_line():
    words = '-m accelerate.commands.launch --multi_gpu --num_processes 2 -m snnet_lab.cli train --images 256 --set epochs=1 --set warmup_epochs=0 --set match_images=20 --json'
    done = subprocess.run(
        [sys.executable, *words.split()], capture_output=True, text=True, env=ENV, timeout=300
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


def test_streams_in_two_processes_and_resumed(tmp_path):
    one, two = (result(launch(tmp_path / str(n), 'shards', processes=n)) for n in (1, 2))
    assert (
        len(one['loss']) == 24
        and two['stitch'] == one['stitch']
        and two['loss'] == pytest.approx(one['loss'], abs=1e-4)
    )
    for workers, stop in ((0, 17), (2, 5)):
        net = train_script.network(3)
        loader, folder = (
            train_script.shards(tmp_path / 'shards', net, workers),
            tmp_path / f'with {workers} workers',
        )
        whole = (
            one['loss']
            if not workers
            else train(
                train_script.network(3), loader, train_script.RECIPE, progress=False
            ).loss.tolist()
        )
        train(
            net,
            loader,
            train_script.RECIPE,
            folder=folder,
            progress=False,
            callbacks=[StopAt(stop)],
        )
        with pytest.warns(UserWarning, match=f'going on at step {stop}, in the middle of an epoch'):
            rows = train(train_script.network(3), loader, resume=folder, progress=False)
        assert rows.loss.tolist() == pytest.approx(whole, abs=1e-6)


def test_killed_at_ten_moments_it_goes_on_as_if_never_stopped(whole, tmp_path):
    folder, rng, kills = tmp_path / 'killed', random.Random(0), 0
    while kills < 10:
        begun = (folder / 'run.json').exists()
        lines = (
            len((folder / 'metrics.jsonl').read_text().splitlines())
            if (folder / 'metrics.jsonl').exists()
            else 0
        )
        process = launch(folder, *(['resume'] if begun else []), 'slow')
        deadline = time.time() + 300
        while (
            process.poll() is None and time.time() < deadline
        ):  # until a step of this process is on disk
            if (folder / 'metrics.jsonl').exists() and len(
                (folder / 'metrics.jsonl').read_text().splitlines()
            ) not in (0, lines):
                break
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.25))
        if process.poll() is not None:
            break  # it came to its end
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
    assert kills >= 5, process.stderr.read()[-2000:]
    resumed = result(launch(folder, 'resume'))
    assert resumed['stitch'] == whole[0]['stitch']
    assert resumed['loss'] == pytest.approx(whole[0]['loss'], abs=1e-6)


def test_a_second_run_on_the_folder_is_refused(whole):
    held = RunFolder(whole[1])
    second = launch(whole[1], 'resume')
    assert (
        f'is in use by process {os.getpid()} on' in second.communicate(timeout=300)[1]
        and second.returncode
    )
    held.close()


def test_compiled_blocks_are_compiled_once(monkeypatch):
    compiled, module_compile = [], nn.Module.compile
    monkeypatch.setattr(
        nn.Module, 'compile', lambda self: module_compile(self, backend='eager')
    )  # dynamo's graphs and guards, without the minute that code takes
    torch._dynamo.reset()
    counters.clear()

    class Count:
        def after_step(self, t):
            compiled.append(counters['stats']['unique_graphs'])

    rows = {
        c: train(
            train_script.network(drop_path_rate=0.1),
            train_script.images(),
            replace(train_script.RECIPE, compile=c),
            progress=False,
            callbacks=[Count()] if c else [],
        )
        for c in (True, False)
    }
    assert len(set(rows[True].stitch)) > 4 and compiled[-1] == compiled[9] == 6, (
        compiled
    )  # six blocks, each with its own rate of dropped paths
    assert rows[True].loss.tolist() == pytest.approx(rows[False].loss.tolist(), abs=1e-4)


def test_the_bench_compares_the_same_training():
    make = lambda: train_script.network(3)
    teacher = timm.create_model('regnety_002', num_classes=10).eval()
    recipe = Recipe(
        epochs=1, warmup_epochs=0, batch_size=8, clip_grad=None, weight_decay=0.01, **bench.PLAIN
    )
    ours, plain, *losses = bench.training_seconds(make, teacher, 8, recipe, 6, 2)
    assert (
        ours > 0
        and plain > 0
        and losses[0][0] == pytest.approx(losses[1][0], abs=1e-5)
        and losses[0] == pytest.approx(losses[1], abs=0.1)
    ), losses


class Dying(Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, i):
        if i == 33:
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.zeros(1, 28, 28) + i / 40, i % 10


def test_a_worker_that_dies_leaves_a_checkpoint(tmp_path):
    net, loader = train_script.network(), DataLoader(Dying(), 10, num_workers=1, prefetch_factor=1)
    with pytest.raises(RuntimeError, match='killed by signal|exited unexpectedly'):
        train(
            net, loader, Recipe(epochs=1, warmup_epochs=0), folder=tmp_path / 'run', progress=False
        )
    assert 1 <= newest_checkpoint(tmp_path / 'run')[2]['step'] <= 3
