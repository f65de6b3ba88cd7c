"A saved notebook shows its last picture: opened again with a fresh kernel, trusted or not, and through nbconvert."

import json

import browser
import nbformat
import pytest
from nbconvert import HTMLExporter

CELLS = {
    'window': "from snnet_lab import Workbench\nwb = Workbench('fashion')\nwb",
    'explorer': """import plotly.graph_objects as go
from snnet_lab.window.teaching import Explorer, Scene

def line(x):
    figure = go.Figure(go.Scatter(x=[0, x], y=[0, x * x]))
    return Scene(figure, f'The square of {x} is {x * x}.', f'{x} ** 2')

explorer = Explorer(line, x=(0, 9))
explorer""",
    'changed': 'wb.desk.state.select(9)\nexplorer.controls["x"].value = 7',
}
NAME = 'saved.ipynb'
ALLOWED = ('model not found', 'widget', 'Widget')  # what JupyterLab writes of a lost model


def put(lab: str, notebook: dict):
    browser.api(lab, 'PUT', f'/api/contents/{NAME}', dict(type='notebook', content=notebook))


def get(lab: str) -> dict:
    return json.loads(browser.api(lab, 'GET', f'/api/contents/{NAME}'))['content']


@pytest.fixture(scope='module')
def saved(lab, chromium) -> dict:
    "The notebook as JupyterLab has saved it, after its widgets were changed."
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    kernel = dict(name='python3', display_name='python3', language='python')
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=dict(kernelspec=kernel))
    browser.stop_kernels(lab)
    put(lab, notebook)
    with browser.new_page(chromium, lab) as page:
        browser.open_notebook(page, lab, NAME)
        browser.run_all(page)
        page.locator('.jp-OutputArea-child:has(.snnet-still)').nth(1).wait_for(state='attached')
        stills = page.locator('.snnet-still')
        page.wait_for_function(browser.js('stills_say'), arg=['Stitch 9', 'The square of 7'])
        assert stills.count() == 2
        assert not stills.nth(0).is_visible() and not stills.nth(1).is_visible()
        browser.command(page, 'docmanager:save')
        page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
        page.wait_for_timeout(1000)
    browser.stop_kernels(lab)
    return get(lab)


def still_of(saved: dict, cell: int) -> str:
    outputs = saved['cells'][cell]['outputs']
    assert len(outputs) == 2
    return ''.join(outputs[1]['data']['text/html'])


def test_the_last_picture_is_in_the_file(saved):
    assert 'Stitch</span> 9<' in still_of(saved, 0) and 'wb-says' not in still_of(saved, 0)
    assert 'The square of 7 is 49.' in still_of(saved, 1)
    assert '<script' not in still_of(saved, 0) + still_of(saved, 1)


@pytest.mark.parametrize('trusted', [True, False])
def test_opened_with_a_fresh_kernel(saved, lab, chromium, trusted):
    notebook = json.loads(json.dumps(saved))
    for cell in notebook['cells']:
        cell['source'] += f'\n# {trusted=}'  # a notebook that was not signed before
        cell['metadata']['trusted'] = trusted
    put(lab, notebook)
    assert [c['metadata'].get('trusted') for c in get(lab)['cells'][:2]] == [trusted, trusted]
    with browser.new_page(chromium, lab, ALLOWED) as page:
        browser.open_notebook(page, lab, NAME)
        text = page.locator('.jp-OutputArea').get_by_text('Stitch 9', exact=True)
        text.wait_for()
        assert page.get_by_text('he square of 7 is 49.').is_visible()
        pictures = page.locator('.jp-OutputArea img')
        assert pictures.count() == 3  # curve, path, line
        for i in range(3):
            size = pictures.nth(i).evaluate('image => [image.naturalWidth, image.naturalHeight]')
            assert min(size) > 20
    browser.stop_kernels(lab)


def test_through_nbconvert(saved, chromium, tmp_path):
    page_file = tmp_path / 'saved.html'
    html, _ = HTMLExporter().from_notebook_node(nbformat.from_dict(saved))
    page_file.write_text(html, encoding='utf-8')
    view = chromium.new_context(offline=True)
    page = view.new_page()
    page.goto(page_file.as_uri(), wait_until='domcontentloaded')
    page.get_by_text('Stitch 9', exact=True).wait_for()
    assert page.locator('img[alt="Accuracy over cost"]').is_visible()
    view.close()
