"""The window on the shipped network as a page without a kernel: writes data/workbench.html.

python data/make_page.py
"""

from pathlib import Path

from snnet_lab.window.workbench import Workbench

if __name__ == '__main__':
    window = Workbench('fashion')
    window.desk.device = 'cpu'
    window.body.complete()
    window.body.fits.wait()  # R² of the stitching layers, for the cards
    written = window.to_html(Path(__file__).with_name('workbench.html'))
    window.close()
    print(f'{written}: {written.stat().st_size:,} bytes')
