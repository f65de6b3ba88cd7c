"The map in the window: there at once, a click picks the stitch of a cell, the ring follows the slider."

from browser import js, open_notebook, run_all
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect
from window import open_tab, settled, slide, wait_card, wait_ring

from snnet_lab.families import family_space


def place(stitch: int) -> list[str]:  # blocks entered and left
    "Where a stitch of the shipped network lies on its map."
    return [str(block) for cut in family_space('fashion')[stitch].cuts for _, block in cut[::-1]]


def wait_mark(page, stitch: int):
    page.wait_for_function(js('map_mark'), arg=place(stitch), polling=100)


def pick_cell(page, stitch: int):
    "Click on a cell; a map that is drawn between hover and click swallows it: as people do, click again."
    page.locator('.wb-map-grid').scroll_into_view_if_needed()
    for _ in range(10):
        page.mouse.move(0, 0)
        page.mouse.click(*page.evaluate(js('map_cell'), place(stitch)))
        try:
            return wait_ring(page, stitch, timeout=5000)
        except NotInTime:
            continue
    raise AssertionError(f'ten clicks, and stitch {stitch} is not picked')


def choose_pair(page, words: str):
    label = words.replace(' ', '\xa0')  # ipywidgets writes these
    page.locator('.wb-map-pair select').select_option(label=label)


def test_the_map_picks_a_stitch_and_follows_the_slider(page, lab):
    open_notebook(page, lab)
    run_all(page)
    open_tab(page, 'Map')
    expect(page.locator('.wb-map-told')).to_contain_text('the anchors before stitching')
    expect(page.locator('.wb-map-grid .heatmaplayer image')).to_have_count(1)
    wait_mark(page, settled(page))
    choose_pair(page, 'ViT-128 to ViT-42')
    expect(page.locator('.wb-map-grid .ytitle')).to_have_text('leave ViT-128 after block')
    pick_cell(page, 40)
    wait_card(page, 40)
    wait_mark(page, 40)
    hover = page.locator('.wb-map-grid .hoverlayer')
    expect(hover).to_contain_text('stitch 40: top-1')
    expect(hover).to_contain_text('500 images')
    expect(hover).to_contain_text('95% interval')
    choose_pair(page, 'of the stitch picked')
    bought = slide(page, 0.05)
    assert bought != 40
    wait_mark(page, bought)
    expect(page.locator('.wb-map-grid .ytitle')).to_have_text('leave ViT-42 after block')
