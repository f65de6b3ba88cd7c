"The training panel in JupyterLab: what a run will take is said before, what it did can be read."

from browser import open_notebook, run_all
from playwright.sync_api import expect
from window import open_tab


def fill(page, **answers: str):
    "Fill in the form."
    for name, value in answers.items():
        field = page.locator(f'.wb-train-{name} input')
        field.fill(value)
        field.press('Enter')


def test_a_run_is_timed_before_and_read_after(page, lab):
    open_notebook(page, lab)
    run_all(page)
    open_tab(page, 'Train')
    length = page.locator('.wb-train-length select option:checked')
    expect(length).to_have_text('a first look, some minutes')
    expect(page.locator('.wb-train-rates input')).to_have_value('0.3')
    fill(page, batch='8', steps='1')
    expect(length).to_have_text('so many steps')
    page.locator('.wb-train-start select').select_option(label='the weights as they are')
    page.locator('.wb-duration-go').click()
    expect(page.locator('.wb-duration-result')).to_contain_text('1 steps of')
    page.locator('.wb-train-go').click()
    result = page.locator('.wb-train-result')
    expect(result).to_contain_text('1 of 1 steps are done')
    expect(result).to_contain_text('Mean of 71 stitches')
    loss = page.locator('.wb-train-losses')
    expect(loss.locator('.heatmaplayer image')).to_have_count(1)
    expect(loss.locator('.scatterlayer .trace')).to_have_count(3)  # the loss, two rates
    before_and_now = page.locator('.wb-train-change .scatterlayer .trace')
    expect(before_and_now).to_have_count(3)  # lines, before, now
    expect(page.locator('.wb-train-go')).to_be_enabled()
    # A resize measures the box while it is empty: it must not be flat then.
    emptied = 'e => { e.replaceChildren(); return e.getBoundingClientRect().height }'
    for figure in ('losses', 'guard', 'change'):
        assert page.locator(f'.wb-train-{figure} .js-plotly-plot').evaluate(emptied) > 250
