"The map in the window: there at once, a click picks the stitch of a cell, the ring follows the slider."

from browser import js, open_notebook, run_all
from playwright.sync_api import expect
from window import open_tab, settled, slide, wait_card, wait_ring

from snnet_lab.families import family_space


def place(stitch: int) -> list[str]:  # blocks entered and left; none: an anchor alone
    "Where a stitch of the shipped network lies on its map."
    return [str(block) for cut in family_space('fashion')[stitch].cuts for _, block in cut[::-1]]


def wait_mark(page, stitch: int):
    page.wait_for_function(
        f'([x, y]) => `${{({js("map_mark")})()}}` === `${{x}},${{y}}`', arg=place(stitch)
    )


def test_the_map_picks_a_stitch_and_follows_the_slider(page, lab):
    open_notebook(page, lab)
    run_all(page)
    open_tab(page, 'Map')
    expect(page.locator('.wb-map-told')).to_contain_text('the anchors before stitching')
    expect(page.locator('.wb-map-grid .heatmaplayer image')).to_have_count(1)
    first = settled(page)
    wait_mark(page, first)
    page.locator('.wb-map-grid').scroll_into_view_if_needed()
    other = 40 if first != 40 else 41
    choose_pair(page, 'ViT-42 to ViT-128')
    page.mouse.click(*page.evaluate(js('map_cell'), place(other)))
    wait_ring(page, other)
    wait_card(page, other)
    wait_mark(page, other)
    hover = page.locator('.wb-map-grid .hoverlayer')
    expect(hover).to_contain_text(f'stitch {other}: top-1')
    expect(hover).to_contain_text('500 images')
    choose_pair(page, 'of the stitch picked')
    bought = slide(page, 0.1)
    assert bought != other
    wait_mark(page, bought)
    expect(page.locator('.wb-map-grid .ytitle')).to_have_text('block of ViT-20 that is left')
