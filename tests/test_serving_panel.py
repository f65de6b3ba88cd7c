"A trace played in the window: the ring follows the stitch that serves, and goes back where it was."

from browser import open_notebook, run_all
from playwright.sync_api import expect
from window import open_tab, ring, settled, wait_ring


def test_a_trace_moves_the_ring_and_leaves_the_stitch_as_it_was(page, lab):
    open_notebook(page, lab)
    run_all(page)
    picked = settled(page)
    open_tab(page, 'Serve')
    page.locator('.wb-serve-go').click()
    page.wait_for_function(
        'id => +document.querySelector(".wb-ring").dataset.stitch !== id', arg=picked
    )
    table = page.locator('.wb-served tbody tr')
    expect(table.first).to_contain_text('slackfit')
    page.locator('.wb-serve-stop').click()
    expect(page.locator('.wb-serve-go button, button.wb-serve-go')).to_be_enabled()
    wait_ring(page, picked)
    page.locator('.wb-serve-speed select').select_option(label='at once')
    page.locator('.wb-serve-go').click()
    expect(table.nth(1)).to_contain_text('the largest anchor')
    cells = [float(words.rstrip('%')) for words in table.first.locator('td').all_inner_texts()[1:]]
    attainment, accuracy, drop, throughput, switches = cells
    assert attainment > 99
    assert 88 < accuracy < 92.4
    assert throughput > 300
    assert 0 <= drop < 3
    assert switches > 1
    expect(page.locator('.wb-serve-go button, button.wb-serve-go')).to_be_enabled()
    assert ring(page)['stitch'] == picked
