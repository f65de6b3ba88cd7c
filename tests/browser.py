"Jupyter's front ends on loopback and a Chromium to look at them, for the browser tests and the README's pictures."

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
TIMEOUT_MS = 180_000  # long: it ends only what hangs
NOTEBOOKS = Path(__file__).parents[1] / 'nbs'
SCRIPTS = Path(__file__).parent / 'js'
SETTINGS = {
    '@jupyterlab/apputils-extension:notification': {'fetchNews': 'false', 'checkForUpdates': False},
    '@jupyterlab/docmanager-extension:plugin': {'autosave': False},
    '@jupyterlab/notebook-extension:tracker': {'windowingMode': 'none'},
    # widget messages on the kernel's main thread, as in front ends without subshells:
    # a handler that blocks then shows
    '@jupyterlab/apputils-extension:kernels-settings': {'commsOverSubshells': 'disabled'},
}
CHROMIUM_ARGS = [
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--disable-gpu',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
]
SERVER_ARGS = [
    '--no-browser',
    '--ip=127.0.0.1',
    '--ServerApp.port_retries=0',
    '--allow-root',
    f'--IdentityProvider.token={TOKEN}',
    '--ServerApp.terminals_enabled=False',
]
QUIET = [
    'news_url=None',
    'check_for_updates_class=jupyterlab.NeverCheckForUpdate',
    'extension_manager=readonly',
    'expose_app_in_browser=True',
]
COMMANDS = {  # what is started, by name; {port} and {folder} are filled in
    'lab': [
        'jupyterlab',
        '--port={port}',
        '--ServerApp.root_dir={folder}',
        *SERVER_ARGS,
        *(f'--LabApp.{o}' for o in QUIET),
    ],
    'notebook': [
        'notebook',
        '--port={port}',
        '--ServerApp.root_dir={folder}',
        *SERVER_ARGS,
        *(f'--LabApp.{o}' for o in QUIET),
    ],
    'voila': [
        'voila',
        '{folder}/workbench.ipynb',
        '--no-browser',
        '--port={port}',
        '--Voila.ip=127.0.0.1',
        f'--token={TOKEN}',
    ],
}


def js(name: str) -> str:
    "A function for the page, of tests/js."
    return (SCRIPTS / f'{name}.js').read_text()


def find_chromium() -> str | None:
    "The system's Chromium or Chrome, if there is one."
    for name in ('chromium', 'chromium-browser', 'google-chrome'):
        if path := shutil.which(name):
            return path
    return None


def free_port() -> int:
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def api(base: str, method: str, path: str, data: dict | None = None) -> bytes:
    request = urllib.request.Request(
        base + path,
        json.dumps(data).encode() if data else None,
        {'Authorization': f'token {TOKEN}'},
        method=method,
    )
    return urllib.request.urlopen(request, timeout=TIMEOUT_MS / 1000).read()


@contextmanager
def serve(folder: Path, app: str = 'lab', settings: dict = SETTINGS):
    "Serve a copy of the notebooks, with a configuration and a cache of its own; yields the address."
    shutil.copytree(NOTEBOOKS, folder / 'nbs', ignore=shutil.ignore_patterns('.ipynb_checkpoints'))
    (folder / 'config/labconfig').mkdir(parents=True)
    (folder / 'config/labconfig/default_setting_overrides.json').write_text(json.dumps(settings))
    own = dict(
        JUPYTER_CONFIG_DIR='config',
        JUPYTER_DATA_DIR='data',
        JUPYTER_RUNTIME_DIR='runtime',
        JUPYTERLAB_SETTINGS_DIR='settings',
        JUPYTERLAB_WORKSPACES_DIR='workspaces',
        IPYTHONDIR='ipython',
        XDG_CACHE_HOME='cache',
    )
    env = dict(
        os.environ,
        JUPYTER_PREFER_ENV_PATH='1',
        HF_HUB_OFFLINE='1',
        **{k: str(folder / v) for k, v in own.items()},
    )
    port = free_port()
    base = f'http://127.0.0.1:{port}'
    with open(folder / 'server.log', 'w') as log:
        arguments = [a.format(port=port, folder=folder / 'nbs') for a in COMMANDS[app]]
        command = [sys.executable, '-m', *arguments]
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            for _ in range(240):
                if server.poll() is not None:
                    raise RuntimeError((folder / 'server.log').read_text()[-2000:])
                try:
                    socket.create_connection(('127.0.0.1', port), 1).close()
                    break
                except OSError:
                    time.sleep(0.5)
            else:
                raise RuntimeError(f'{app} did not come up')
            yield base
        finally:
            for _ in range(2):
                server.send_signal(signal.SIGINT)  # twice: no question asked, kernels shut down
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def stop_kernels(base: str):
    for s in json.loads(api(base, 'GET', '/api/sessions')):
        api(base, 'DELETE', f'/api/sessions/{s["id"]}')


def clear_outputs(base: str):
    """Take the outputs out of the notebooks in the served folder.

    A notebook that was saved, by a test or by JupyterLab itself every two minutes, shows widgets of a kernel
    that is gone.
    """
    for entry in json.loads(api(base, 'GET', '/api/contents'))['content']:
        if entry['type'] != 'notebook':
            continue
        address = f'/api/contents/{entry["path"]}'
        notebook = json.loads(api(base, 'GET', address))['content']
        for cell in notebook['cells']:
            if cell['cell_type'] == 'code':
                cell.update(outputs=[], execution_count=None)
        api(base, 'PUT', address, dict(type='notebook', content=notebook))


def wait_kernel(page, base: str):
    "Until a kernel is idle and a page is connected to it; what a page says of that itself can be too early."
    for _ in range(TIMEOUT_MS // 250):
        kernels = [s['kernel'] for s in json.loads(api(base, 'GET', '/api/sessions'))]
        if any(k['execution_state'] == 'idle' and k['connections'] for k in kernels):
            return
        page.wait_for_timeout(250)
    raise RuntimeError('no kernel came up')


@contextmanager
def new_page(browser, base: str, allowed: tuple = (), **context):
    """A page that asks for nothing outside and writes no error.

    `allowed`: parts of the front end's own addresses and messages.
    """
    settings = dict(viewport=dict(width=1280, height=1000), reduced_motion='reduce') | context
    view = browser.new_context(**settings)
    page, found = view.new_page(), []
    page.set_default_timeout(TIMEOUT_MS)

    def note(words: str):
        if not any(a in words for a in allowed):
            found.append(words)

    def on_request(request):
        if not request.url.startswith((base, f'blob:{base}', 'data:')):
            note(f'asked for {request.url}')

    def on_console(message):
        if message.type == 'error':
            note(f'{message.text} ({message.location["url"]})')

    view.on('request', on_request)
    page.on('pageerror', lambda e: note(f'{e}'))
    page.on('console', on_console)
    try:
        yield page
    finally:
        view.close()
    assert not found, found


def open_notebook(page, base: str, notebook: str = 'workbench.ipynb'):
    "Open a notebook alone in JupyterLab and wait for its kernel."
    page.goto(f'{base}/doc/tree/{notebook}?token={TOKEN}&reset')
    page.wait_for_function(js('kernel_idle'), polling=100)


def command(page, name: str):
    page.evaluate('name => window.jupyterapp.commands.execute(name).then(() => true)', name)


def wait_drawn(page, windows: int = 1):
    "Until so many windows show the curve and a stitch's card; a cell's error ends it."
    page.wait_for_function(js('drawn'), arg=windows)
    for cell in page.locator('[data-mime-type$="jupyter.error"]').all():
        raise RuntimeError(cell.inner_text())


def run_all(page, windows: int = 1) -> float:
    "Run all cells; seconds from there until the curves are drawn."
    began = time.perf_counter()
    command(page, 'notebook:run-all-cells')
    wait_drawn(page, windows)
    seconds = time.perf_counter() - began
    wait_complete(page)
    return seconds


def wait_complete(page):
    "Until what waits for the first picture is there too, the other tabs, and the kernel rests."
    page.wait_for_selector('.wb-new-go', state='attached')
    page.wait_for_function(js('kernel_idle'), polling=100)
