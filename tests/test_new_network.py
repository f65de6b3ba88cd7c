"A network of one's own, made in the window: names, space, folder, network; and what every control has."

import browser
import nbformat
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from window import open_tab

NAME = 'made.ipynb'
MOST_MS = 120_000


def write_images(root, classes: str, count: int):
    "So many small images a class, each class of a colour of its own."
    draws = torch.Generator().manual_seed(0)
    for i, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for k in range(count):
            pixels = torch.randint(100, (32, 32, 3), generator=draws, dtype=torch.uint8)
            pixels[..., i % 3] += 100
            Image.fromarray(pixels.numpy()).save(root / name / f'{k}.png')


@pytest.fixture(scope='module')
def page(lab, chromium):
    cells = [nbformat.v4.new_code_cell("from snnet_lab import Workbench\nWorkbench('fashion')")]
    kernel = dict(name='python3', display_name='python3', language='python')
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=dict(kernelspec=kernel))
    browser.stop_kernels(lab)
    content = dict(type='notebook', content=notebook)
    browser.api(lab, 'PUT', f'/api/contents/{NAME}', content)
    with browser.new_page(chromium, lab) as page:
        browser.open_notebook(page, lab, NAME)
        browser.run_all(page)
        page.locator('.wb-root').scroll_into_view_if_needed()
        yield page
    browser.stop_kernels(lab)


def fill(page, part: str, text: str):
    page.locator(f'.wb-new-{part} input').fill(text)
    page.keyboard.press('Tab')


def test_every_control_says_what_it_does(page):
    nameless = page.locator('.wb-root').evaluate(browser.js('helpless'))
    assert nameless == []


def test_copy_as_python(page):
    open_tab(page, 'Evaluate')
    panel = page.locator('.wb-evaluate-copy-python')
    panel.locator('.wb-copy').click()
    expect(panel.locator('.wb-python-lines')).to_contain_text("net = load_family('fashion')")


def test_make_a_network(page, tmp_path):
    write_images(tmp_path / 'photos/train', 'abc', 12)
    write_images(tmp_path / 'photos/test', 'abc', 4)
    open_tab(page, 'New network')
    says = page.locator('.wb-new-space')
    fill(page, 'first', 'test_vit')
    fill(page, 'second', 'vit_base_patch32_224')
    expect(says).to_contain_text('meet nowhere', timeout=MOST_MS)
    fill(page, 'second', 'test_vit3')
    fill(page, 'size', '32')
    expect(says).to_contain_text('10 stitches through 6 stitching layers', timeout=MOST_MS)
    fill(page, 'data', str(tmp_path / 'photos'))
    expect(says).to_contain_text('3 classes, 36 images to train on', timeout=MOST_MS)
    page.locator('.wb-expect-go').click()
    says_how_long = page.locator('.wb-expect-result')
    expect(says_how_long).to_contain_text('to train for 10 epochs', timeout=MOST_MS)
    fill(page, 'weights', 'none')
    fill(page, 'epochs', '1')
    fill(page, 'file', str(tmp_path / 'mine.safetensors'))
    page.locator('.wb-new-go').click()
    written = page.locator('.wb-train-result')
    expect(written).to_contain_text('mine.safetensors is written', timeout=MOST_MS)
    assert (tmp_path / 'mine.safetensors').exists()
    expect(page.locator('.wb-family select')).to_have_value('mine, made here')
    open_tab(page, 'Evaluate')
    page.locator('.wb-evaluate-go').click()
    expect(page.locator('.wb-evaluate-result')).to_contain_text(
        'All 10 stitches on 12 images', timeout=MOST_MS
    )
