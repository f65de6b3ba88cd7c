"""Map the shipped family's anchors as they are before stitching: writes data/similarity.csv.

    python data/make_similarity.py

One row a control and pair of blocks. `control`: 'none' (training images), 'shuffled' (the back
anchor sees them in another order), 'noise images', 'random weights'.
"""

import platform
import time
from pathlib import Path

import pandas as pd
import torch

from snnet_lab.data import load_data
from snnet_lab.families import load_family
from snnet_lab.files import write_atomic
from snnet_lab.similarity import likeness, stitching_map, with_interval

TABLE = Path(__file__).with_name('similarity.csv')
IMAGES = 500


def shuffled(table: pd.DataFrame, net, images) -> pd.DataFrame:
    "CKA and neighbours with the back anchor's images in another order."
    alike = likeness(net, images, shuffle=True)
    found = table.drop(columns=[c for c in table if c.startswith(('r2', 'kl', 'penalty'))])
    for i, r in table.iterrows():
        own = alike[r.front, r.back]
        at = r.front_block + 1, r.back_block
        columns = with_interval('cka', own.cka[at].item(), own.cka_error[at].item())
        columns |= with_interval('knn', own.knn[at].item(), own.knn_error[at].item())
        found.loc[i, list(columns)] = list(columns.values())
    return found


def main():
    began = time.time()
    images, labels = next(iter(load_data(split='train', batch_size=IMAGES)))
    net = load_family('fashion', weights='anchors')
    own = stitching_map(net, images, labels)
    print(f'{time.time() - began:.0f} s', flush=True)
    torch.manual_seed(0)
    blank = load_family('fashion', weights=None)
    noise = torch.randn_like(images) * images.std() + images.mean()
    tables = {
        'none': own,
        'shuffled': shuffled(own, net, images),
        'noise images': stitching_map(net, noise, tries=False),
        'random weights': stitching_map(blank, images, tries=False),
    }
    made = dict(
        seconds=round(time.time() - began),
        machine=f'{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}',
        command='python data/make_similarity.py',
        date=time.strftime('%Y-%m-%d', time.gmtime()),
    )
    whole = pd.concat([t.assign(control=name) for name, t in tables.items()])
    whole = whole.assign(**made).round(6)
    write_atomic(TABLE, whole.to_csv(index=False).encode())


if __name__ == '__main__':
    main()
