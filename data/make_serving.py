"""How much of the best that can be had do the policies of `runtime` get? Writes data/serving.csv.

    python data/make_serving.py           # from data/serving_latency.csv
    python data/make_serving.py latency   # measures that table on this device first

Bursty traces (Gamma gaps) of 10 s for the shipped network, ten seeds each, at loads that the largest
anchor alone cannot follow. `gain` is the share of the oracle's gain in accuracy over the best single
stitch that answers at least as many in time (99.99% where a policy answers all); none is told where
a policy answers fewer than 98% in time, since then its accuracy is bought with requests, and none
where a single stitch does as well as the oracle. `anchors_` is what the same policy does that may
choose among the three anchors only.
"""

import argparse
import platform
import time

import pandas as pd
import torch
from tqdm.auto import tqdm

from snnet_lab import BudgetController, bursty_trace, data_dir, latency_grid, load_family, play
from snnet_lab.files import write_atomic

LOADS = (  # requests a second, burstiness, ms until the deadline
    (400, 4, 40),
    (400, 2, 35),
    (350, 8, 50),
    (600, 2, 40),
    (250, 8, 20),
    (200, 2, 15),
)
SEEDS = range(10)
SECONDS = 10
POLICIES = ('drain', 'slackfit', 'greedy')
LARGEST = 2  # the largest anchor alone


def measure_latency(net):
    "Milliseconds of each stitch at each batch size, on this device with one thread."
    torch.set_num_threads(1)
    grid = latency_grid(net).round(4)
    write_atomic(data_dir() / 'serving_latency.csv', grid.to_csv(index=False).encode())


def compare(
    net, latency: pd.DataFrame, rate: float, burstiness: float, within: float
) -> list[dict]:
    "One row a policy and seed."
    singles = net.curve.sort_values('top1', ascending=False).stitch.tolist()  # best first
    anchors = net.curve[net.curve.anchors.map(len) == 1]
    rows = []
    for seed in SEEDS:
        trace = bursty_trace(rate, SECONDS, within, burstiness, seed)

        def played(policy, curve=net.curve, trace=trace):
            own = latency[latency.stitch.isin(curve.stitch)]
            return play(BudgetController(curve, own, policy), trace)

        best, largest = played('oracle'), played(f'fixed:{LARGEST}')
        for policy in POLICIES:
            report, simple = played(policy), played(policy, anchors)
            enough = min(report.attainment, 99.99)
            alone = (played(f'fixed:{stitch}') for stitch in singles)
            fixed = next(r.accuracy for r in alone if r.attainment >= enough)
            is_told = report.attainment >= 98 and best.accuracy > fixed
            rows.append(
                dict(
                    rate=rate,
                    burstiness=burstiness,
                    within_ms=within,
                    seed=seed,
                    policy=policy,
                    attainment=report.attainment,
                    accuracy=report.accuracy,
                    worst_drop=report.worst_drop,
                    switches_per_s=report.switches_per_s,
                    largest_attainment=largest.attainment,
                    anchors_attainment=simple.attainment,
                    anchors_accuracy=simple.accuracy,
                    fixed_accuracy=fixed,
                    oracle_accuracy=best.accuracy,
                    oracle_attainment=best.attainment,
                    gain=(report.accuracy - fixed) / (best.accuracy - fixed) if is_told else None,
                )
            )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('what', nargs='?', choices=['latency'])
    net = load_family('fashion')
    if parser.parse_args().what == 'latency':
        measure_latency(net)
    latency = pd.read_csv(data_dir() / 'serving_latency.csv')
    rows = []
    for load in tqdm(LOADS):
        rows += compare(net, latency, *load)
    facts = dict(
        command='python data/make_serving.py',
        machine=f'simulated; latencies of one thread, {platform.machine()}',
        date=time.strftime('%Y-%m-%d'),
    )
    table = pd.DataFrame(rows).round(4).assign(**facts)
    write_atomic(data_dir() / 'serving.csv', table.to_csv(index=False).encode())
    columns = ['attainment', 'accuracy', 'anchors_attainment', 'anchors_accuracy', 'gain']
    print(table.groupby(['rate', 'burstiness', 'within_ms', 'policy'])[columns].mean().round(3))


if __name__ == '__main__':
    main()
