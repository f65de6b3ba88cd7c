"A kernel that dies while its window trains: another one opens the run again and goes on."

import signal
import subprocess
import sys

from snnet_lab.checkpoints import RunFolder
from snnet_lab.data import load_data
from snnet_lab.window.workbench import Workbench

DIES = """
import os, signal, sys, time
from snnet_lab.data import load_data
from snnet_lab.window.workbench import Workbench

test_set = load_data(images=60).dataset
train_set = load_data(split='train', augment=True, images=200).dataset
wb = Workbench('fashion', dataset=test_set, train_set=train_set)
panel = wb.panels['Train']
for question, value in dict(steps=1000, batch=20, folder=sys.argv[1]).items():
    panel.ask[question].value = value
panel.go.click()

def has_begun():
    control = panel.job.control
    return control.total == 1000 and control.done >= 5

while panel.job.running and not has_begun():
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_restore_after_the_kernels_death(tmp_path):
    run = tmp_path / 'run'
    died = subprocess.run(
        [sys.executable, '-c', DIES, run], capture_output=True, text=True, timeout=300
    )
    assert died.returncode == -signal.SIGKILL, died.stderr[-3000:]
    test_set = load_data(images=60).dataset
    train_set = load_data(split='train', augment=True, images=200).dataset
    wb = Workbench.restore(run, dataset=test_set, train_set=train_set)
    panel = wb.panels['Train']
    assert panel.go.description == 'Continue'
    before = len(RunFolder(run, hold=False).rows())
    panel.go.click()
    while panel.job.running and len(RunFolder(run, hold=False).rows()) < before + 5:
        panel.job.control.going.wait(0.01)
    panel.halt.click()
    panel.job.wait(300)
    assert 'of 1000 steps' in panel.result.value.replace(',', ''), panel.result.value
    steps = [r['step'] for r in RunFolder(run, hold=False).rows()]
    assert len(steps) >= 10 and steps == list(range(len(steps)))
    wb.close()
