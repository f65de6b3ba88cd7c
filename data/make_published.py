"""Write data/published.csv and data/timm_zoo.csv from the result tables of their authors.

    python data/make_published.py SNNET.csv TIMM.csv

SNNET.csv: the rows of the official repositories' result files (github.com/ziplab/SN-Net and SN-Netv2), by number of
configuration, with the columns family, cfg_id, flops, params, acc1, acc5. TIMM.csv: timm's results on ImageNet-1k
joined with its benchmark (github.com/huggingface/pytorch-image-models, folder results), with the columns model,
img_size, top1, top5, params_m, gmacs. Configurations are numbered there as the official code builds them; here each
becomes a stitch in our terms: anchors and cuts.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from snnet_lab.families import family_space
from snnet_lab.space import Stitch

HERE = Path(__file__).parent
SOURCE = 'SN-Net (arXiv 2302.06586), github.com/ziplab/SN-Net'
SOURCES = {'deit3_two_way': 'SN-Netv2 (arXiv 2307.00154), github.com/ziplab/SN-Netv2'}
# what the tags of timm's weights call data sets beside ImageNet-1k
IMAGENETS = ('in12k', 'in21k', 'in22k')
WEB = ('laion2b', 'laion400m', 'openai', 'yfcc100m', 'webli', 'cc12m', 'datacompxl', 'dfn2b')
MERGED = ('merged2b', 'merged38m', 'm30m', 'm38m')
CLOSED = ('jft', 'jft300m', 'ig', 'ig1b', 'lvd142m', 'lvd1689m')
IMAGES = {*IMAGENETS, *WEB, *MERGED, *CLOSED}


def official_order(stitch: Stitch) -> tuple:
    "Anchors, then stage by stage and pair by pair; then paths of three anchors, large-small-large first."
    stage = stitch.cuts[0][0][0] if stitch.cuts else -1
    round_trip = -stitch.anchors[0] if len(stitch.anchors) == 3 else 0
    return len(stitch.anchors), stage, round_trip, stitch.id


def published_row(family: str, stitch: Stitch, row) -> dict:
    "An author's row in our terms."
    return dict(
        family=family,
        anchors=json.dumps(stitch.anchors),
        cuts=json.dumps(stitch.cuts),
        flops=row.flops,
        params=row.params,
        top1=row.acc1,
        top5=row.acc5,
        source=SOURCES.get(family, SOURCE),
    )


def published(rows: pd.DataFrame) -> pd.DataFrame:
    "Every row with its stitch in our terms."
    found = []
    for family, own in rows.groupby('family', sort=False):
        stitches = sorted(family_space(family), key=official_order)
        if len(own) != len(stitches):
            sys.exit(f'{family}: {len(own)} rows for {len(stitches)} stitches')
        ordered = own.sort_values('cfg_id').itertuples()
        found += [published_row(family, s, row) for s, row in zip(stitches, ordered)]
    return pd.DataFrame(found).astype(dict(params='Int64'))


def pretraining(name: str) -> str:
    "The data sets that a weight's tag names beside ImageNet-1k."
    words = name.partition('.')[2].split('_')
    return '+'.join(dict.fromkeys(word for word in words if word in IMAGES)) or 'in1k'


def counts(column: pd.Series, factor: float) -> pd.Series:
    "Numbers such as 1,024.5 millions as whole numbers."
    return (pd.to_numeric(column.astype(str).str.replace(',', '')) * factor).round()


def zoo(rows: pd.DataFrame) -> pd.DataFrame:
    "timm's models in our columns."
    table = pd.DataFrame(
        dict(
            name=rows.model,
            image_size=rows.img_size,
            top1=rows.top1,
            top5=rows.top5,
            params=counts(rows.params_m, 1e6).astype(int),
            macs=counts(rows.gmacs, 1e9).astype('Int64'),
            pretraining=rows.model.map(pretraining),
        )
    )
    return table.sort_values(['name', 'image_size'])


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    _, snnet, timm = sys.argv
    published(pd.read_csv(snnet)).to_csv(HERE / 'published.csv', index=False)
    zoo(pd.read_csv(timm)).to_csv(HERE / 'timm_zoo.csv', index=False)
