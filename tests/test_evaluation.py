"Several processes count what one counts, to the last answer."

import json
import os
import subprocess
import sys

ENV = dict(os.environ, OMP_NUM_THREADS='1', ACCELERATE_USE_CPU='true')
LAUNCHER = '-m accelerate.commands.launch --multi_gpu --num_processes 2'
COMMAND = '-m snnet_lab.cli evaluate --images 450 --stitches 0,1,30 --json'


def curve(*options: str) -> dict:
    command = [sys.executable, *' '.join(options).split()]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    line = done.stdout.splitlines()[-1]  # before it, what the launcher says
    return json.loads(line)


def test_two_processes_give_the_curve_of_one():
    one = curve(COMMAND)
    two = curve(LAUNCHER, COMMAND)
    assert two == one
    assert [row['n'] for row in two['stitches']] == [450] * 3
