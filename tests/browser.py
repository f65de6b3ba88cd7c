"A JupyterLab on loopback and a Chromium to look at it, for the browser tests and the README's pictures."
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

TOKEN = 'snnet-lab'
NOTEBOOKS = Path(__file__).parents[1]/'nbs'
SETTINGS = {
    '@jupyterlab/apputils-extension:notification': {'fetchNews': 'false', 'checkForUpdates': False},
    '@jupyterlab/docmanager-extension:plugin': {'autosave': False},
    '@jupyterlab/notebook-extension:tracker': {'windowingMode': 'none'},
    # widget messages on the kernel's main thread, as in front ends without subshells: a handler that blocks then shows
    '@jupyterlab/apputils-extension:kernels-settings': {'commsOverSubshells': 'disabled'},
}
CHROMIUM_ARGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1']
LAB_ARGS = ['--no-browser', '--ip=127.0.0.1', '--ServerApp.port_retries=0', '--allow-root', f'--IdentityProvider.token={TOKEN}', '--LabApp.news_url=None',
            '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', '--LabApp.extension_manager=readonly', '--LabApp.expose_app_in_browser=True',
            '--ServerApp.terminals_enabled=False']


def find_chromium() -> str | None:
    "The system's Chromium or Chrome, if there is one."
    return next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def api(base: str, method: str, path: str) -> bytes:
    request = urllib.request.Request(base + path, method=method, headers={'Authorization': f'token {TOKEN}'})
    return urllib.request.urlopen(request, timeout=10).read()


@contextmanager
def jupyterlab(folder: Path, settings: dict = SETTINGS):
    "Serve a copy of the notebooks, with a configuration of its own; yields the address."
    shutil.copytree(NOTEBOOKS, folder/'nbs', ignore=shutil.ignore_patterns('.ipynb_checkpoints'))
    (folder/'config/labconfig').mkdir(parents=True)
    (folder/'config/labconfig/default_setting_overrides.json').write_text(json.dumps(settings))
    own = dict(JUPYTER_CONFIG_DIR='config', JUPYTER_DATA_DIR='data', JUPYTER_RUNTIME_DIR='runtime', JUPYTERLAB_SETTINGS_DIR='settings',
               JUPYTERLAB_WORKSPACES_DIR='workspaces', IPYTHONDIR='ipython')
    env = dict(os.environ, JUPYTER_PREFER_ENV_PATH='1', **{k: str(folder/v) for k, v in own.items()})
    base = f'http://127.0.0.1:{(port := free_port())}'
    with open(folder/'lab.log', 'w') as log:
        lab = subprocess.Popen([sys.executable, '-m', 'jupyterlab', f'--port={port}', f'--ServerApp.root_dir={folder}/nbs', *LAB_ARGS], env=env, stdout=log, stderr=log)
        try:
            for _ in range(240):
                if lab.poll() is not None: raise RuntimeError((folder/'lab.log').read_text()[-2000:])
                try: api(base, 'GET', '/api/status'); break
                except OSError: time.sleep(.5)
            else: raise RuntimeError('JupyterLab did not come up')
            yield base
        finally:
            for _ in range(2): lab.send_signal(signal.SIGINT)      # twice: no question asked, kernels shut down
            try: lab.wait(15)
            except subprocess.TimeoutExpired: lab.kill()


@contextmanager
def new_page(browser, base: str, **context):
    "A page with a fresh kernel to come; `outside` and `errors` hold what must not happen."
    for s in json.loads(api(base, 'GET', '/api/sessions')): api(base, 'DELETE', f'/api/sessions/{s["id"]}')
    view = browser.new_context(**dict(viewport=dict(width=1280, height=1000), reduced_motion='reduce') | context)
    page = view.new_page()
    page.set_default_timeout(90_000)
    page.outside, page.errors = [], []
    view.on('request', lambda r: page.outside.append(r.url) if not r.url.startswith((base, f'blob:{base}', 'data:')) else None)
    page.on('pageerror', lambda e: page.errors.append(str(e)))
    page.on('console', lambda m: page.errors.append(m.text) if m.type == 'error' else None)
    yield page
    view.close()


def run_all(page, base: str, notebook: str = 'workbench.ipynb') -> float:
    "Open a notebook alone, wait for its kernel, run all cells; seconds from there until the curve is drawn."
    page.goto(f'{base}/doc/tree/{notebook}?token={TOKEN}&reset')
    page.wait_for_function('''() => { const w = window.jupyterapp?.shell.currentWidget, k = w?.sessionContext?.session?.kernel;
        return k && k.status === 'idle' && k.connectionStatus === 'connected'; }''', polling=100)
    began = time.perf_counter()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => true)")
    page.wait_for_selector('.wb-ring', state='attached')
    return time.perf_counter() - began
