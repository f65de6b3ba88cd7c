"""Write data/published.csv and data/timm_zoo.csv from the result tables of their authors.

    python data/make_published.py SNNET.csv TIMM.csv

SNNET.csv: the rows of the official repositories' result files (github.com/ziplab/SN-Net and SN-Netv2), by number of configuration,
with the columns family, cfg_id, flops, params, acc1, acc5. TIMM.csv: timm's results on ImageNet-1k joined with its benchmark
(github.com/huggingface/pytorch-image-models, folder results), with the columns model, img_size, top1, top5, params_m, gmacs.
Configurations are numbered there as the official code builds them; here each becomes a stitch in our terms: anchors and cuts.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from snnet_lab.families import family_space

HERE = Path(__file__).parent
SOURCES = {'deit3_two_way': 'SN-Netv2 (arXiv 2307.00154), github.com/ziplab/SN-Netv2'}
SOURCE = 'SN-Net (arXiv 2302.06586), github.com/ziplab/SN-Net'
PRETRAINING = (
    'in12k',
    'in21k',
    'in22k',
    'laion2b',
    'laion400m',
    'openai',
    'lvd142m',
    'lvd1689m',
    'jft300m',
    'jft',
    'ig1b',
    'ig',
    'yfcc100m',
    'webli',
    'merged2b',
    'merged38m',
    'm30m',
    'm38m',
    'cc12m',
    'datacompxl',
    'dfn2b',
)


def official_order(stitch):
    "Anchors, then stage by stage and pair by pair; paths of three anchors come last, large-small-large before small-large-small."
    stage = stitch.cuts[0][0][0] if stitch.cuts else -1
    round_trip = -stitch.anchors[0] if len(stitch.anchors) == 3 else 0
    return len(stitch.anchors), stage, round_trip, stitch.id


def published(rows: pd.DataFrame) -> pd.DataFrame:
    "Every row with its stitch in our terms."
    found = []
    for family, own in rows.groupby('family', sort=False):
        stitches = sorted(family_space(family), key=official_order)
        if len(own) != len(stitches):
            sys.exit(f'{family}: {len(own)} rows for {len(stitches)} stitches')
        for s, r in zip(stitches, own.sort_values('cfg_id').itertuples()):
            found.append(
                dict(
                    family=family,
                    anchors=json.dumps(s.anchors),
                    cuts=json.dumps(s.cuts),
                    flops=r.flops,
                    params=r.params,
                    top1=r.acc1,
                    top5=r.acc5,
                    source=SOURCES.get(family, SOURCE),
                )
            )
    return pd.DataFrame(found).astype(dict(params='Int64'))


def pretraining(name: str) -> str:
    "The data sets that a weight's tag names beside ImageNet-1k."
    words = name.partition('.')[2].split('_')
    return '+'.join(dict.fromkeys(w for w in words if w in PRETRAINING)) or 'in1k'


def zoo(rows: pd.DataFrame) -> pd.DataFrame:
    number = lambda column: pd.to_numeric(column.astype(str).str.replace(',', ''))
    table = pd.DataFrame(
        dict(
            name=rows.model,
            image_size=rows.img_size,
            top1=rows.top1,
            top5=rows.top5,
            params=(number(rows.params_m) * 1e6).round().astype(int),
            macs=(number(rows.gmacs) * 1e9).round().astype('Int64'),
            pretraining=rows.model.map(pretraining),
        )
    )
    return table.sort_values(['name', 'image_size'])


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    published(pd.read_csv(sys.argv[1])).to_csv(HERE / 'published.csv', index=False)
    zoo(pd.read_csv(sys.argv[2])).to_csv(HERE / 'timm_zoo.csv', index=False)
