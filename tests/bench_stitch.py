"What spending the budget at run time costs: decisions, compiled blocks, processes, and a curve known early."

import os
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import torch

from snnet_lab.cost import cost_table
from snnet_lab.curves import within_budget
from snnet_lab.evaluation import evaluate
from snnet_lab.families import load_family
from snnet_lab.files import data_dir
from snnet_lab.prediction import PredictedOrder, predict_curve
from snnet_lab.runtime import BudgetController, worth_choosing

LAUNCHER = '-m accelerate.commands.launch --multi_gpu --num_processes 2'
COMMAND = '-m snnet_lab.cli evaluate --json --images'


def decision_seconds(count: int = 5000) -> tuple[float, float]:  # ours, the plain way's
    "A decision by SlackFit, and one that looks through the choices each time."
    net = load_family('fashion')
    latency = pd.read_csv(data_dir() / 'serving_latency.csv')
    controller = BudgetController(net.curve, latency)
    alone = pd.DataFrame(worth_choosing(net.curve, latency)[1])
    slacks = np.random.default_rng(0).uniform(0.5, 100, count).tolist()
    began = time.perf_counter()
    for slack in slacks:
        controller.choose(slack, 5)
    ours = (time.perf_counter() - began) / count
    few = slacks[:200]
    began = time.perf_counter()
    for slack in few:
        within_budget(alone, ms=max(slack, alone.ms.min()))
    return ours, (time.perf_counter() - began) / len(few)


def processes_seconds(images: int) -> tuple[float, float]:  # of two processes, of one
    "An evaluation on the command line, start and all, one thread a process."
    env = os.environ | dict(OMP_NUM_THREADS='1', ACCELERATE_USE_CPU='true')
    found = []
    for words in (f'{LAUNCHER} {COMMAND} {images}', f'{COMMAND} {images}'):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words.split()], env=env, check=True, capture_output=True)
        found.append(time.perf_counter() - began)
    return found[0], found[1]


@torch.no_grad()
def compiled_forwards(net, images: torch.Tensor, stitch: int):  # ours, plain: () -> logits
    "The same stitch of two copies, one of them compiled block by block and warmed up."
    fast = load_family(net.family, weights=None).eval().to(images.device)
    fast.load_state_dict(net.state_dict())
    fast.compiled()
    ours, plainly = partial(fast, images, stitch), partial(net, images, stitch)
    torch.testing.assert_close(ours(), plainly(), atol=1e-3, rtol=1e-3)
    return torch.no_grad()(ours), torch.no_grad()(plainly)


def predicted_seconds(batches: list) -> tuple[float, float]:  # a sixth as asked for, all
    "The curve from a sixth of the stitches, prediction included, and the whole."
    net = load_family('fashion')
    order = PredictedOrder(net.space, cost_table(net))
    began = time.perf_counter()
    evaluate(net, batches, progress=False, order=order)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    evaluate(net, batches, progress=False)
    return ours, time.perf_counter() - began


def prediction_errors() -> tuple[float, float]:  # points: of the prediction, of a line over cost
    "The shipped curve from the sixth of its stitches that the prediction asks for."
    net = load_family('fashion')
    curve = net.curve
    order = PredictedOrder(net.space, curve)
    known = curve.assign(top1=np.nan)
    while asked := order(known):
        known.loc[asked, 'top1'] = curve.top1[asked]
    table = predict_curve(net.space, curve, known)
    hidden = ~table.known
    line = known.dropna(subset='top1').sort_values('macs').groupby('macs').top1.mean()
    drawn = np.interp(curve.macs, line.index, line)
    ours = (table.top1 - curve.top1).abs()[hidden].mean()
    return ours, float(np.abs(drawn - curve.top1)[hidden].mean())
