"""How well `predict_curve` predicts: writes data/prediction.csv.

    python data/make_prediction.py

One row a family, number of known stitches and way to choose them. The curves are whole, three
published ones and the shipped one. Most stitches are hidden, predicted from the known ones, and
compared; many times, each time with other stitches known. `chosen`: 'at random' (seeds 0, 1, ...;
the anchors are always known), or 'half asked for': half of them at random, then one after the
other what the prediction asks for.
"""

import platform
import time
from pathlib import Path

import numpy as np
import pandas as pd

from snnet_lab.curves import frontier
from snnet_lab.families import family_space
from snnet_lab.files import data_dir, read_table, write_atomic
from snnet_lab.prediction import predict_curve, spread_stitches
from snnet_lab.published import published_curve

TABLE = Path(__file__).with_name('prediction.csv')
COUNTS = {
    'deit3_two_way': (12, 20, 30),
    'deit': (12, 20, 30),
    'fashion': (12, 20, 30),
    'swin': (12, 20),
}
DRAWS, ASKED_DRAWS = 40, 10


def whole_curve(family: str) -> pd.DataFrame:  # stitch, macs, top1, sorted by stitch
    if family == 'fashion':
        return read_table(data_dir() / 'fashion' / 'snnet.csv')
    return published_curve(family).rename(columns=dict(flops='macs'))


def predicted(space, curve, picks) -> pd.DataFrame:
    return predict_curve(space, curve, curve.loc[picks, ['stitch', 'top1']])


def plain_guess(curve, picks) -> np.ndarray:
    "Straight lines over MACs."
    known = curve.loc[picks].groupby('macs').top1.mean()
    return np.interp(curve.macs, known.index, known)


def frontier_loss(curve, table) -> float:  # points, mean over the costs of the true frontier
    "What is lost by taking the stitch that is predicted to be best within a budget."
    best = frontier(table.assign(macs=curve.macs))
    true = frontier(curve)
    taken = [best.stitch[best.macs <= macs].iloc[-1] for macs in true.macs]
    return float(np.mean(true.top1.to_numpy() - curve.top1[taken].to_numpy()))


def judge(curve, table, picks) -> dict:
    hidden = ~table.known
    held = curve.top1.between(table.low, table.high)
    return dict(
        error=(table.top1 - curve.top1).abs()[hidden].mean(),
        plain_error=np.abs(plain_guess(curve, picks) - curve.top1)[hidden].mean(),
        covered=held[hidden].mean(),
        width=(table.high - table.low)[hidden].mean(),
        frontier_loss=frontier_loss(curve, table),
    )


def at_random(space, curve, count: int, seed: int) -> dict:
    picks = spread_stitches(space, curve, count, np.random.default_rng(seed))
    return judge(curve, predicted(space, curve, picks), picks)


def half_asked(space, curve, count: int, seed: int) -> dict:
    begin = max(count // 2, len(space.depths) + 3)
    picks = spread_stitches(space, curve, begin, np.random.default_rng(seed))
    while len(picks) < count:
        picks.append(predicted(space, curve, picks).attrs['next'][0])
    return judge(curve, predicted(space, curve, picks), picks)


def row(family: str, known: int, chosen: str, found: list[dict]) -> dict:
    means = pd.DataFrame(found)
    facts = dict(family=family, stitches=len(family_space(family)), known=known, chosen=chosen)
    facts |= dict(draws=len(found), seeds=f'0 to {len(found) - 1}')
    facts |= means.mean().round(4).to_dict() | dict(error_std=round(means.error.std(), 4))
    print(facts, flush=True)
    return facts


def main():
    rows = []
    for family, counts in COUNTS.items():
        space, curve = family_space(family), whole_curve(family)
        for count in counts:
            found = [at_random(space, curve, count, seed) for seed in range(DRAWS)]
            rows.append(row(family, count, 'at random', found))
        sixth = -(-len(space) // 6)
        found = [half_asked(space, curve, sixth, seed) for seed in range(ASKED_DRAWS)]
        rows.append(row(family, sixth, 'half asked for', found))
    made = dict(
        machine=f'{platform.machine()}, cpu, python {platform.python_version()}',
        command='python data/make_prediction.py',
        date=time.strftime('%Y-%m-%d', time.gmtime()),
    )
    write_atomic(TABLE, pd.DataFrame(rows).assign(**made).to_csv(index=False).encode())


if __name__ == '__main__':
    main()
