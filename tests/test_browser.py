"The workbench as a person meets it: front ends of Jupyter, Chromium, a real mouse and real keys."

import io
import json
import re
from contextlib import contextmanager

import pytest
from browser import (
    NOTEBOOKS,
    TOKEN,
    api,
    clear_outputs,
    command,
    js,
    new_page,
    open_notebook,
    run_all,
    serve,
    stop_kernels,
    wait_complete,
    wait_drawn,
    wait_kernel,
)
from PIL import Image
from playwright.sync_api import expect
from window import (
    budget,
    choose_network,
    drag,
    hold,
    hover_point,
    lonely,
    open_tab,
    points,
    ring,
    run,
    settled,
    shown_range,
    slide,
    stop,
    type_budget,
    wait_card,
    zoom,
    zoom_out,
)

from snnet_lab.families import FAMILIES, load_family
from snnet_lab.published import published_curve
from snnet_lab.window.desk import make_state
from snnet_lab.window.state import ceil_step
from snnet_lab.words import describe


@pytest.fixture(scope='module')
def state():
    return make_state(load_family('fashion'))


@contextmanager
def opened(chromium, lab, notebook: str = 'workbench.ipynb', windows: int = 1):
    "A notebook after Run All, in a fresh kernel."
    stop_kernels(lab)
    clear_outputs(lab)
    with new_page(chromium, lab) as page:
        open_notebook(page, lab, notebook)
        print(f'{run_all(page, windows):.1f} s from Run All to the picture')
        page.locator('.wb-root').first.scroll_into_view_if_needed()
        yield page


@contextmanager
def app(chromium, folder):
    """The window in Voila.

    Its own template asks for fonts outside, and trips over Notebook's extension where that is installed.
    """
    allowed = ('cdn.jsdelivr.net/npm/@fortawesome/', '@jupyter-notebook/lab-extension')
    with serve(folder, 'voila') as base, new_page(chromium, base, allowed=allowed) as page:
        page.goto(f'{base}/?token={TOKEN}')
        wait_drawn(page)
        yield page


FRONT_ENDS = ('JupyterLab', 'Voila')
# what the browser does by itself is the same in Voila, and test_page.py sees it once more
in_lab = pytest.mark.parametrize('window', FRONT_ENDS[:1], indirect=True, scope='module')


@pytest.fixture(scope='module', params=FRONT_ENDS)
def window(request, chromium, tmp_path_factory):
    "One window that the tests go through; each leaves it with MACs as its unit and nothing at work."
    if request.param == 'JupyterLab':
        place = opened(chromium, request.getfixturevalue('lab'))
    else:
        place = app(chromium, tmp_path_factory.mktemp('voila'))
    with place as page:
        yield page


def bought(state, page) -> int:
    "What the rule in Python says to the budget shown; nobody has picked that by hand."
    state.selected, state.budget = state.best[-1], budget(page)
    return state.stitch


def budget_range(state) -> tuple[float, float]:
    "The least and the most that the slider can spend, in units of the plot."
    return state.view['least'], state.view['most']


def test_first_picture(window, state):
    assert ring(window)['stitch'] == settled(window) == state.priced.opening
    assert points(window) == len(state.table)
    ink, drawn = window.evaluate(js('inks'))
    assert ink == drawn, "the plot's words have the page's colour"


def test_drag_the_budget(window, state):
    hold(window)
    drag(window, 0.25)  # the button is still down: the ring follows at once, the card when let go
    marked = ring(window)
    chosen = marked['stitch']
    assert chosen == bought(state, window) != state.best[-1]
    least, most = budget_range(state)
    assert abs(budget(window) - (0.75 * least + 0.25 * most)) < 0.02 * most
    assert abs(marked['x'] - state.table.macs[chosen] / 1e6) < 0.05
    words = f'stitch {chosen}: {describe(state.space[chosen], state.names)}'
    assert words in window.locator('.wb-preview').inner_text()
    assert 'wb-stale' in window.locator('.wb-card').get_attribute('class')
    window.mouse.up()
    wait_card(window, chosen)
    assert f'{state.table.top1[chosen]:.2f}%' in window.locator('.wb-card').inner_text()
    assert slide(window, 0.15) == bought(state, window) != chosen


@in_lab
def test_budget_by_keys(window, state):
    window.locator('.wb-slider').focus()
    at = state.best.index(settled(window))
    steps = dict(ArrowRight=1, ArrowUp=1, ArrowLeft=-1, ArrowDown=-1)
    for key in ('ArrowRight', 'ArrowUp', 'ArrowLeft', 'ArrowDown', 'ArrowLeft'):
        window.keyboard.press(key)
        at += steps[key]
        wait_card(window, state.best[at])
    cells = '() => window.jupyterapp?.shell.currentWidget.content?.widgets.length'  # in Voila there are none
    before = window.evaluate(cells)
    for key in 'xab':
        window.keyboard.press(key)  # to JupyterLab: cut this cell, make others
    assert window.evaluate(cells) == before
    most = budget_range(state)[1]
    type_budget(window, most)
    wait_card(window, state.best[-1])
    type_budget(window, 1e6)  # too much: all that there is
    expect(window.locator('.wb-number')).to_have_value(f'{most:g}')


@in_lab
def test_units(window, state):
    type_budget(window, 10)
    stitch = settled(window)
    for unit, words in (('params', 'M parameters'), ('memory', 'MB'), ('ms', 'ms')):
        window.locator('.wb-unit').select_option(unit)
        window.wait_for_function(js('axis_ends'), arg=words)
        assert settled(window) == stitch, 'another unit, the same stitch'
        if unit != 'ms':
            assert abs(budget(window) - state.table[unit][stitch] / 1e6) < 0.002
    expect(window.locator('.wb-note')).to_contain_text('timed whole')
    assert window.locator('.wb-timing').is_visible()
    window.locator('.wb-unit').select_option('macs')
    window.wait_for_function(js('axis_ends'), arg='MMACs')
    expect(window.locator('.wb-timing')).to_be_hidden()
    assert not window.locator('.wb-note').inner_text() and settled(window) == stitch


@in_lab
def test_read_the_curve(window, state):
    beaten = lonely(state)
    cost = state.table.macs[beaten] / 1e6
    where = hover_point(window, cost, state.table.top1[beaten])
    expect(window.locator('.wb-plot .hoverlayer')).to_contain_text(f'stitch {beaten}')
    window.mouse.click(*where)
    wait_card(window, beaten)
    assert ring(window)['stitch'] == beaten
    assert abs(budget(window) - ceil_step(cost)) < 0.01
    whole = shown_range(window)
    zoom(window, 0.3, 0.8)
    part = shown_range(window)
    assert whole[0] < part[0] - 5 and part[1] < whole[1] - 5
    chosen = slide(window, 0.6)
    assert chosen != beaten and shown_range(window) == part, 'a change of budget leaves the zoom'
    assert abs(ring(window)['x'] - state.table.macs[chosen] / 1e6) < 0.05
    zoom_out(window, whole[1])


def block(page, anchor, stage, number):
    "A block of the picture."
    where = f'[data-anchor="{anchor}"][data-stage="{stage}"][data-block="{number}"]'
    return page.locator(f'.wb-path {where}')


@in_lab
def test_click_a_block(window, state):
    stitch = slide(window, 0.6)
    for name, press in (('1-0-3', 'click'), ('2-0-8', 'click'), ('0-0-5', 'Enter'), ('1-0-7', ' ')):
        target = block(window, *name.split('-'))
        if press == 'click':
            target.click()
        else:
            target.press(press)
        to = state.card_of(stitch)['moves'][name]
        assert to != stitch
        wait_card(window, to)
        assert ring(window)['stitch'] == to
        if press != 'click':
            stays = target.evaluate('e => e === document.activeElement')
            assert stays, 'whoever goes by keys stays at the block'
        stitch = to


@in_lab
def test_blocks_by_keys(window, state):
    block(window, 1, 0, 7).press(' ')
    expect(block(window, 1, 0, 7)).to_be_focused()
    assert window.locator('.wb-path [data-block]').count() == 36
    stops = window.locator('.wb-path [data-block][tabindex="0"]')
    assert stops.count() == 1, 'one stop of Tab'
    went = []
    for key in ('ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowUp', 'ArrowUp'):
        window.keyboard.press(key)
        went.append(window.evaluate(js('held_block')).split('-'))
    assert [anchor for anchor, _ in went] == list('122100'), went
    assert went[0] == ['1', '8'] and int(went[2][1]) == int(went[1][1]) - 1, went


def test_run(window, state):
    chosen = slide(window, 0.6)
    window.locator('.wb-run-count input').fill('64')
    window.keyboard.press('Tab')
    run(window)
    result = window.locator('.wb-ran')
    assert int(result.get_attribute('data-stitch')) == chosen
    assert '64 images' in result.inner_text()
    assert window.locator('.wb-ran > .wb-thumbs img').count() == 10
    assert window.locator('.wb-table tbody tr').count() in (2, 3)
    assert '%' in window.locator('.wb-table tr.chosen').inner_text()
    assert 'differ on' in window.locator('.wb-changed').inner_text()
    assert 0 < window.locator('.wb-changed img').count() <= 6


@in_lab
def test_move_on_during_a_run(window, state):
    "The result is of the stitch that was chosen when it began; the last one does not stay meanwhile."
    chosen = slide(window, 0.6)
    window.locator('.wb-run-count input').fill('512')
    window.keyboard.press('Tab')
    window.locator('.wb-run-go').click()
    moved = slide(window, 0.75)
    window.wait_for_selector('.wb-run-go:enabled')
    result = window.locator('.wb-ran')
    assert int(result.get_attribute('data-stitch')) == chosen != moved == settled(window)
    assert '512 images' in result.inner_text()
    window.locator('.wb-run-count input').fill('5000')
    window.keyboard.press('Tab')
    expect(window.locator('.wb-run-hint')).to_contain_text('5,000 test images: clamped to 1,024')
    window.locator('.wb-run-count input').fill('64')
    window.keyboard.press('Tab')
    expect(window.locator('.wb-run-hint')).to_be_empty()


@in_lab
def test_other_images(window):
    "The same images give the same numbers, until others are asked for."

    def numbers() -> list[str]:  # accuracies of the stitch and its anchors
        return window.locator('.wb-table td:nth-child(2)').all_inner_texts()

    run(window)
    first = numbers()
    run(window)
    assert numbers() == first
    run(window, 'run', press='others')
    assert numbers() != first


@in_lab
def test_pin_and_compare(window, state):
    "Two rings; the same images for both, what flipped as pictures, and the paired difference."
    first = slide(window, 0.6)
    window.locator('.wb-pin').click()
    window.wait_for_selector(f'.wb-pin-ring[data-stitch="{first}"]', state='attached')
    second = slide(window, 0.03)
    assert ring(window)['stitch'] == second != first
    assert window.locator('.wb-pinned tbody tr').count() >= 4
    window.locator('.wb-run-count input').fill('512')
    window.keyboard.press('Tab')
    run(window)
    named = window.locator('.wb-ran tbody td:first-child').all_inner_texts()
    assert named[:2] == [f'stitch {second}', f'stitch {first} (pinned)']
    verdict = window.locator('.wb-verdict').inner_text()
    assert '95% [' in verdict and f'stitch {first}' in verdict
    flipped = window.locator('.wb-changed .wb-thumb')
    assert 6 < flipped.count() <= 24
    window.locator('.wb-run-order select').select_option('won first')
    expect(flipped.first).to_have_class('wb-thumb right')
    window.locator('.wb-run-order select').select_option('lost first')
    expect(flipped.first).to_have_class('wb-thumb wrong')
    window.locator('.wb-unpin').click()
    expect(window.locator('.wb-pin-ring')).to_be_hidden()
    window.locator('.wb-run-count input').fill('64')
    window.keyboard.press('Tab')


@in_lab
def test_tour(window):
    "Once, in a browser that has not seen it; then under '?'."
    if window.locator('.wb-tour').is_visible():
        window.locator('.wb-tour-skip').click()
    expect(window.locator('.wb-tour')).to_be_hidden()
    window.locator('.wb-help').click()
    window.locator('.wb-tour-again').click()
    expect(window.locator('.wb-tour-words')).to_contain_text('1 of 3')
    window.locator('.wb-tour-skip').click()


def upload(page, files: dict):
    with page.expect_file_chooser() as chooser:
        page.locator('.wb-run-own').click()
    given = [dict(name=n, mimeType='image/png', buffer=b) for n, b in files.items()]
    chooser.value.set_files(given)
    expect(page.locator('.wb-run-own')).to_contain_text(f'({len(files)})')


@in_lab
def test_own_images(window):
    picture = io.BytesIO()
    Image.new('RGB', (90, 60), 'gray').save(picture, 'PNG')
    upload(window, {'mine.png': picture.getvalue(), 'broken.png': b'no picture'})
    run(window)
    said = window.locator('.wb-ran').inner_text()
    assert 'broken.png cannot be read as an image' in said and '1 image, ' in said
    assert window.locator('.wb-ran > .wb-thumbs .wb-thumb.unknown').count() == 1
    upload(window, {'broken.png': b'no picture'})
    run(window)
    assert (
        'broken.png cannot be read as an image'
        in window.locator('.wb-run-result .wb-error').inner_text()
    )
    window.locator('.wb-run-forget').click()
    window.locator('.wb-run-count input').fill('8')
    window.keyboard.press('Tab')
    run(window)
    assert window.locator('.wb-ran > .wb-thumbs img').count() == 8
    assert not window.locator('.wb-ran .unknown').count()


def test_evaluate(window, state):
    open_tab(window, 'Evaluate')
    whole = shown_range(window)
    zoom(window, 0.3, 0.8)
    part = shown_range(window)
    plot = window.locator('.wb-plot')
    plot.evaluate(js('watch_draws'))
    window.locator('.wb-evaluate-go').click()
    window.wait_for_function('() => new Set(document.querySelector(".wb-plot").drawn).size > 3')
    assert 'known before' in window.locator('.wb-plot .legend').text_content()
    assert shown_range(window) == part, 'a curve that grows leaves the zoom'
    assert slide(window, 0.3) == ring(window)['stitch']
    print(f'stopped after {stop(window, "evaluate"):.0f} ms')
    result, go = window.locator('.wb-evaluate-result'), window.locator('.wb-evaluate-go')
    assert 'Stopped after' in result.inner_text() and points(window) == len(state.table)
    seen = plot.evaluate('e => e.drawn.length')
    expect(go).to_have_text('Continue')
    go.click()
    grows = 'n => document.querySelector(".wb-plot").drawn.length > n + 2'
    window.wait_for_function(grows, arg=seen)
    window.locator('.wb-evaluate-stop').click()
    expect(go).to_be_enabled()
    assert 'Stopped after' in result.inner_text()
    hover_point(window, sum(part) / 2, state.table.top1.mean())
    zoom_out(window, whole[1])
    open_tab(window, 'Run')


@in_lab
def test_second_curve(window):
    "The message about a wrong path goes when a right one, or none, is given."
    open_tab(window, 'Evaluate')
    path, message = (window.locator(f'.wb-evaluate-{p}') for p in ('second input', 'message'))
    path.fill('/nowhere.csv')
    window.keyboard.press('Tab')
    expect(message).to_contain_text('/nowhere.csv does not exist')
    path.fill('')
    window.keyboard.press('Tab')
    expect(message).to_be_empty()
    open_tab(window, 'Run')


def words(page, panel: str) -> str:
    return page.locator(f'.wb-{panel}-words').inner_text()


def test_take_away(window, state):
    open_tab(window, 'Take away')
    stitch = slide(window, 0.3)
    path, result = (window.locator(f'.wb-take-{part}') for part in ('path input', 'result'))
    expect(path).to_have_value(f'fashion-stitch-{stitch}.pt2')
    window.locator('.wb-take-kind select').select_option('the curve')
    expect(path).to_have_value('fashion-curve.csv')
    run(window, 'take')
    assert 'fashion-curve.csv is written' in result.inner_text()
    with window.expect_download() as file:
        window.locator('.wb-take-download').click()
    assert file.value.suggested_filename == 'fashion-curve.csv'
    assert len(file.value.path().read_text().splitlines()) == 1 + len(state.table)
    expect(window.locator('.wb-take-use')).to_contain_text('import pandas')
    window.locator('.wb-take-copy').click()
    expect(window.locator('.wb-take-copy')).to_have_text('Copied')
    path.fill('/proc/no/curve.csv')
    window.keyboard.press('Tab')
    run(window, 'take')
    assert 'there is no folder /proc/no: tick "make the folder"' in result.inner_text()
    window.locator('.wb-take-make input').check()
    run(window, 'take')
    assert '/proc/no/curve.csv cannot be written (No such file' in result.inner_text()
    window.locator('.wb-take-python').click()
    lines = window.locator('.wb-take-lines textarea')
    expect(lines).to_have_value(re.compile(f'net.select\\({stitch}\\)'))
    with window.expect_download() as picture:
        window.locator('.wb-take-picture').click()
    assert '<svg' in picture.value.path().read_text()


def test_choose_the_network(window, state):
    choose_network(window, FAMILIES['deit'].title)
    published = published_curve('deit').set_index('stitch').top1
    expect(window.locator('.wb-status')).to_contain_text('published, not run here')
    assert points(window) == published.notna().sum()
    assert window.locator('.wb-run-go').is_disabled()
    chosen = slide(window, 0.4)
    assert f'{published[chosen]:.2f}%' in window.locator('.wb-card').inner_text()
    zoo, sentence = window.locator('.wb-show-zoo'), window.locator('.wb-sentence')
    zoo.check()
    expect(sentence).to_contain_text('timm models')
    expect(zoo).to_be_focused()  # drawn anew, it keeps the keyboard
    every = sentence.inner_text()
    window.locator('.wb-zoo-image_size').select_option('224')
    expect(sentence).not_to_have_text(every)
    window.locator('.wb-as-paper').click()
    expect(sentence).to_contain_text('1_curves')  # where all curves are
    expect(zoo).not_to_be_checked()
    choose_network(window, FAMILIES['fashion'].title)
    assert settled(window) == state.priced.opening and points(window) == len(state.table)
    assert window.locator('.wb-run-go').is_enabled()
    assert slide(window, 0.5) == bought(state, window)


def ask(page, **answers):
    "Fill in the training's form."
    for question, value in answers.items():
        page.locator(f'.wb-train-{question} input').fill(value)
    page.keyboard.press('Tab')


@in_lab
def test_train(window, state):
    "At the end, as it changes the network."
    open_tab(window, 'Train')
    ask(window, steps='300', batch='16', folder='runs/browser')
    start = window.locator('.wb-train-start select')
    start.select_option('the weights as they are')
    window.locator('.wb-train-go').click()
    expect(window.locator('.wb-train-words')).to_contain_text('loss')
    assert slide(window, 0.3) == ring(window)['stitch']
    pause = window.locator('.wb-train-pause')
    pause.click()
    expect(window.locator('.wb-train-words')).to_contain_text('paused')
    expect(pause).to_have_text('Go on')
    held = words(window, 'train')
    assert slide(window, 0.6) == ring(window)['stitch'], 'the card follows while a work goes on'
    assert words(window, 'train') == held
    pause.click()
    expect(window.locator('.wb-train-words')).not_to_have_text(held)
    expect(window.locator('.wb-train-losses .heatmaplayer image')).to_have_count(1)
    window.locator('.wb-train-stop').click()
    window.wait_for_selector('.wb-train-result .wb-result')
    assert 'of 300 steps are done' in window.locator('.wb-train-result').inner_text()
    expect(window.locator('.wb-train-go')).to_have_text('Continue')
    assert points(window) == len(state.table)


@in_lab
def test_train_again(window, state):
    "No way back while a run goes on; a folder that holds a run leaves form and Start."
    go, anew = window.locator('.wb-train-go'), window.locator('.wb-train-anew')
    go.click()
    expect(window.locator('.wb-train-words')).to_contain_text('loss')
    expect(anew).to_be_disabled()
    window.locator('.wb-train-stop').click()
    expect(window.locator('.wb-train-stop')).to_have_text('Skip measuring')
    window.locator('.wb-train-stop').click()
    expect(go).to_be_enabled()
    assert 'of 300 steps are done' in window.locator('.wb-train-result').inner_text()
    assert points(window) == len(state.table), 'the curve that was known is whole'
    anew.click()
    expect(go).to_have_text('Start')
    run(window, 'train')
    error = window.locator('.wb-train-result .wb-error')
    assert 'holds a run already: give another' in error.inner_text()
    expect(go).to_have_text('Start')
    expect(window.locator('.wb-train-folder input')).to_be_visible()


def run_again(page):
    "Run All where a window is there already; until the new one is drawn."
    page.locator('.wb-root').evaluate('e => e.classList.add("former")')
    command(page, 'notebook:run-all-cells')
    page.wait_for_selector('.wb-root:not(.former)')
    wait_drawn(page)


def test_run_all_again(chromium, lab, state):
    "The window replaces itself; a kernel that holds older ones, and a reload, bring it back right."
    with opened(chromium, lab) as page:
        run_again(page)
        run_again(page)
        wait_complete(page)
        assert slide(page, 0.5) == bought(state, page)
        command(page, 'docmanager:save')
        before = budget(page)
        open_notebook(page, lab)  # as a reload: nothing is run
        wait_drawn(page)
        assert settled(page) == bought(state, page) and budget(page) == before
        assert slide(page, 0.8) == bought(state, page)
        run(page)
        assert page.locator('.wb-ran').count() == 1
    with new_page(chromium, lab) as page:
        open_notebook(page, lab)
        wait_drawn(page)  # JupyterLab complains of a widget that ends while it brings it back
        wait_complete(page)
        run_again(page)
        wait_complete(page)
        assert page.locator('.wb-root').count() == 1 and settled(page) == state.priced.opening
        assert slide(page, 0.5) == bought(state, page)


def test_page_without_a_kernel(chromium, lab):
    "The first cell's link to it opens it, within the folder that is served."
    with opened(chromium, lab) as page:
        link = page.locator('.jp-RenderedMarkdown a', has_text='the same window as a page')
        address = link.evaluate('e => e.href')
        page.goto(address)
        page.wait_for_selector('.wb-card[data-stitch]')


def test_two_windows(chromium, lab, state):
    notebook = json.loads((NOTEBOOKS / 'workbench.ipynb').read_text())
    first = next(c for c in notebook['cells'] if c['source'][0].startswith('Workbench('))
    notebook['cells'].append(first | dict(id='second'))
    api(lab, 'PUT', '/api/contents/two.ipynb', dict(type='notebook', content=notebook))
    with opened(chromium, lab, 'two.ipynb', windows=2) as page:
        roots = page.locator('.wb-root')
        left, right = roots.nth(0), roots.nth(1)
        shown = []
        for root, other, value in ((left, right, 5), (right, left, 30)):
            still = other.locator('.wb-card').get_attribute('data-stitch')
            root.locator('.wb-number').fill(str(value))
            page.keyboard.press('Enter')
            state.selected, state.budget = state.best[-1], value
            root.locator(f'.wb-card[data-stitch="{state.stitch}"]:not(.wb-stale)').wait_for()
            assert other.locator('.wb-card').get_attribute('data-stitch') == still
            shown.append(state.stitch)
        assert shown[0] != shown[1]
        left.locator('.wb-run-go').click()
        left.locator('.wb-ran').wait_for()
        assert right.locator('.wb-ran').count() == 0


def use(page, state):
    "Drag, click, run."
    assert settled(page) == state.priced.opening
    assert slide(page, 0.5) == bought(state, page)
    beaten = lonely(state)
    where = hover_point(page, state.table.macs[beaten] / 1e6, state.table.top1[beaten])
    expect(page.locator('.wb-plot .hoverlayer')).to_contain_text(f'stitch {beaten}')
    page.mouse.click(*where)
    wait_card(page, beaten)
    run(page)
    assert int(page.locator('.wb-ran').get_attribute('data-stitch')) == beaten


def test_notebook_7(chromium, tmp_path, state):
    with (
        serve(tmp_path, 'notebook') as base,
        new_page(chromium, base, allowed=("(reading 'schema')",)) as page,
    ):
        page.goto(f'{base}/notebooks/workbench.ipynb?token={TOKEN}')
        wait_kernel(page, base)
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        for label in ('Run', 'Run All Cells'):
            page.locator('.lm-MenuBar-itemLabel, .lm-Menu-itemLabel').get_by_text(
                label, exact=True
            ).click()
        wait_drawn(page)
        use(page, state)
