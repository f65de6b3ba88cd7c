"""Kernels that have imported torch, timm and plotly before they start: forked from a process that has.

A kernel's imports take three CPU seconds, the same in each browser test. `prepared` starts one process that has
them, and yields a folder for JUPYTER_PATH in which `python3` means a fork of it.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

IMPORTS = (
    'IPython.core.completer',
    'ipykernel.kernelapp',
    'ipykernel.ipkernel',
    'anywidget',
    'ipywidgets',
    'pandas',
    'plotly.graph_objects',
    'scipy.stats',
    'timm',
    'torchvision.transforms.v2',
    'snnet_lab.window.workbench',
)


@contextmanager
def prepared(folder: Path):
    "Yield a folder for JUPYTER_PATH; the prepared process lives as long."
    address = folder / 'socket'
    command = [sys.executable, '-S', '-E', __file__]
    spec = dict(
        argv=[*command, 'start', str(address), '-f', '{connection_file}'],
        display_name='Python 3 (ipykernel)',
        language='python',
        metadata=dict(debugger=True),
    )
    (folder / 'kernels/python3').mkdir(parents=True)
    (folder / 'kernels/python3/kernel.json').write_text(json.dumps(spec))
    process = subprocess.Popen([sys.executable, __file__, 'prepare', str(address)])
    try:
        yield folder
    finally:
        process.terminate()
        process.wait()


# --- The prepared process


def prepare(address: str):
    "Import, then fork a kernel for each that asks."
    here = str(Path(__file__).parent)
    sys.path[:] = [p for p in sys.path if p != here]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        for name in IMPORTS:
            __import__(name)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel
        while True:
            asking, _ = listening.accept()
            if os.fork():
                asking.close()
                continue
            listening.close()
            become_kernel(asking)


def become_kernel(asking: socket.socket):
    "Be as the process that asks: its files, folder, environment; and end with it."
    asked, files, _, _ = socket.recv_fds(asking, 1 << 20, 3)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    asked = json.loads(asked)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(asked['folder'])
    os.environ.clear()
    os.environ.update(asked['environment'])
    asking.send(str(os.getpid()).encode())
    threading.Thread(target=end_with, args=(asking,), daemon=True).start()
    sys.argv = ['ipykernel_launcher', *asked['arguments']]
    runpy.run_module('ipykernel_launcher', run_name='__main__', alter_sys=True)
    os._exit(0)


def end_with(asking: socket.socket):
    asking.recv(1)  # nothing comes but the end
    os._exit(1)


# --- The process that Jupyter starts


def start(address: str, *arguments: str):
    "Ask for a kernel, hand on signals, end with it or with the server."
    server = os.getppid()
    with socket.socket(socket.AF_UNIX) as kernel:
        kernel.connect(address)
        asked = dict(arguments=arguments, folder=os.getcwd(), environment=dict(os.environ))
        socket.send_fds(kernel, [json.dumps(asked).encode()], [0, 1, 2])
        number = int(kernel.recv(20))
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda came, _: os.kill(number, came))
        kernel.settimeout(1)
        while os.getppid() == server and not has_ended(kernel):
            pass


def has_ended(kernel: socket.socket) -> bool:  # after a second at most
    try:
        return not kernel.recv(1)
    except TimeoutError:
        return False


if __name__ == '__main__':
    dict(prepare=prepare, start=start)[sys.argv[1]](*sys.argv[2:])
