"""Which of timm's classifier architectures can be cut: writes data/coverage.csv, one row a registered name.

    python data/make_coverage.py           # what is already there is kept; delete the file to make it again

First every name is cut on shapes alone. Then the smallest member of each family runs `check_anchor` with real numbers,
at 12 cuts (3 of a large one), in eval and train mode; a family whose member fails is not covered. Then the smallest
member of each covered family is exported, cut in the middle; `exports` says "yes", or why it cannot be.
"""

import signal
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
import timm
import torch
from torch import nn

from snnet_lab.anchors import load_anchor
from snnet_lab.coverage import check_anchor, coverage_row
from snnet_lab.families import from_shapes
from snnet_lab.files import write_atomic

CUTS = 12  # of a model are checked, evenly spread
LARGE = 60e6  # parameters; of a model with more
FEW = 3  # cuts are checked
SECONDS = 300  # of one export at most
TABLE = Path(__file__).with_name('coverage.csv')


def save(rows: list[dict]):
    write_atomic(TABLE, pd.DataFrame(rows).to_csv(index=False).encode())


def cut_all(rows: list[dict]):
    "A row for each name that has none yet."
    known = {row['model'] for row in rows}
    for i, name in enumerate(n for n in timm.list_models() if n not in known):
        rows.append(coverage_row(name) | dict(checked=''))
        if i % 50 == 49:
            save(rows)
            print(f'{len(rows)} names cut', flush=True)


def smaller(name: str) -> dict:
    "Arguments for images of 224 x 224, where a model's own are larger and it can be built for smaller ones."
    if max(timm.get_pretrained_cfg(name).input_size[1:]) <= 256:
        return {}
    try:
        from_shapes(lambda: load_anchor(name, weights=None, img_size=224))
    except Exception:
        return {}
    return dict(img_size=224)


def check(row: dict) -> str:  # '' or why it fails
    "The contract, with real numbers, on one model."
    name = row['model']
    most = CUTS if row['params'] <= LARGE else FEW
    torch.manual_seed(0)
    try:
        report = check_anchor(name, most=most, **smaller(name))
    except Exception as e:
        return f'{type(e).__name__}: {e}'.splitlines()[0][:200]
    failed = report[~report.passed]
    return '; '.join(f'{r.check}: {r.detail}' for r in failed.itertuples())


def check_family(members: list[dict]) -> str:  # one line: what was found
    "Check the smallest member, and let the others stand on it."
    smallest = min(members, key=lambda row: row['params'])
    began = time.time()
    why = check(smallest)
    for row in members:
        row['checked'] = smallest['model']
        if why:
            row['covered'] = False
            row['why'] = why if row is smallest else f'as {smallest["model"]}: {why}'
    return f'{smallest["model"]} {why or "passed"}, {time.time() - began:.0f} s'


def check_families(rows: list[dict]):
    "Every family that can be cut and is not checked yet."
    for family in sorted({row['family'] for row in rows}):
        members = [row for row in rows if row['family'] == family and row['params']]
        if members and not any(row['checked'] for row in members):
            found = check_family(members)
            save(rows)
            print(f'{family}: {found}', flush=True)


class Cut(nn.Module):
    "An anchor that is left and entered again in the middle, as a stitch does."

    def __init__(self, anchor):
        super().__init__()
        self.anchor = anchor
        middle = len(anchor.cuts.ends) // 2
        front = anchor.segment(-1, middle)
        back = anchor.segment(middle, len(anchor.cuts.ends))
        self.logits = lambda images: back(front(images))  # the weights are those of `anchor`

    def forward(self, images):  # (B, C, H, W) -> (B, K)
        return self.logits(images)


def out_of_time(*_):
    raise TimeoutError(f'not exported within {SECONDS} s')


@torch.no_grad()
def export(name: str) -> str:  # 'yes', or why it cannot be exported
    "Record a cut model for batches of any size, and hold the record to the model."
    torch.manual_seed(0)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(SECONDS)
    try:
        anchor = load_anchor(name, weights=None, **smaller(name)).eval()
        cut = Cut(anchor).eval()
        images = torch.randn(7, *anchor.size)
        batch = ({0: torch.export.Dim('batch')},)
        recorded = torch.export.export(cut, (images[:2],), dynamic_shapes=batch, strict=False)
        for n in (1, 7):
            if not torch.allclose(recorded.module()(images[:n]), cut(images[:n]), atol=1e-4):
                return f'other logits for {n} images'
    except Exception as e:
        return f'{type(e).__name__}: {e}'.splitlines()[0][:200]
    finally:
        signal.alarm(0)
    return 'yes'


def export_families(rows: list[dict]):
    "The smallest member of every covered family that is not exported yet, small ones first."
    for row in rows:
        row.setdefault('exports', '')
    smallest = [row for row in rows if row['covered'] and row['checked'] == row['model']]
    for row in sorted(smallest, key=lambda row: row['params']):
        if row['exports']:
            continue
        began = time.time()
        found = export(row['model'])
        for member in rows:
            if member['covered'] and member['checked'] == row['model']:
                member['exports'] = found
        save(rows)
        print(f'{row["family"]}: {found}, {time.time() - began:.0f} s', flush=True)


if __name__ == '__main__':
    if len(sys.argv) > 1:
        sys.exit(f'no argument is taken, {sys.argv[1]!r} was given')
    rows = []
    if TABLE.exists():
        rows = pd.read_csv(TABLE, keep_default_na=False).to_dict('records')
    cut_all(rows)
    rows.sort(key=lambda row: row['model'])
    save(rows)
    check_families(rows)
    warnings.simplefilter('ignore')  # of torch.export's own code
    export_families(rows)
    covered = pd.DataFrame(rows).covered
    share = f'{covered.sum():,} of {len(rows):,} names covered ({100 * covered.mean():.1f}%)'
    print(f'timm {timm.__version__}: {share}')
