"The site as a reader meets it: from disk, in Chromium, without a network; built with three notebooks executed."

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import browser
import pytest

ROOT = Path(__file__).parents[1]
RUN = ['nbs/lessons/2_closed_form.ipynb', 'nbs/core/08_curves.ipynb', 'nbs/core/32_pictures.ipynb']
PAGES = [f'{Path(name).with_suffix(".html")}' for name in RUN]


@pytest.fixture(scope='module')
def site(tmp_path_factory) -> Path:
    for package in ('mkdocs', 'material', 'mkdocstrings', 'latex2mathml'):
        pytest.importorskip(package, reason='the extra `site` is not installed')
    folder = tmp_path_factory.mktemp('site')
    to, work = ['--to', folder / 'site'], ['--work', folder / 'work']
    command = [sys.executable, 'docs/make_site.py', *to, *work, '--only', *RUN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'not found' not in done.stdout + done.stderr
    return folder / 'site'


class Page(HTMLParser):
    "What a page links to, what it loads, and the places in it."

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.loads, self.places = [], [], set()
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.places.update(values[name] for name in ('id', 'name') if values.get(name))
        if tag == 'a' and 'href' in values:
            self.links.append(values['href'])
        elif tag == 'link' and values.get('rel') in ('stylesheet', 'icon'):
            self.loads.append(values['href'])
        elif tag in ('img', 'script', 'iframe') and values.get('src'):
            self.loads.append(values['src'])


@pytest.fixture(scope='module')
def pages(site) -> dict[Path, Page]:
    found = (path for path in site.rglob('*.html') if path.name != '404.html')  # a web host's own
    return {path: Page(path) for path in found}


def test_every_notebook_and_module_has_a_page(site):
    notebooks = [p.relative_to(ROOT) for p in (ROOT / 'nbs').rglob('*.ipynb')]
    notebooks = [p for p in notebooks if '.ipynb_checkpoints' not in p.parts]
    assert len(notebooks) >= 40
    for notebook in notebooks:
        assert (site / notebook.with_suffix('.html')).exists(), notebook
    for module in ('snnet_lab.snnet', 'snnet_lab.window.workbench'):
        assert (site / f'reference/{module}.html').exists()
    assert (site / 'index.html').exists()


def test_no_link_is_dead(pages):
    dead = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            where = urlsplit(link)
            if where.scheme or link in ('#', '.', '..', ''):
                continue
            target = (path.parent / unquote(where.path)).resolve() if where.path else path
            place = unquote(where.fragment)
            if not target.is_file():
                dead.append(f'{path.name}: {link}')
            elif place and target in pages and place not in pages[target].places:
                dead.append(f'{path.name}: {link} (no such place)')
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert not dead, dead[:20]


def test_nothing_is_loaded_from_elsewhere(pages):
    for path, page in pages.items():
        assert not [u for u in page.loads if u.startswith(('http', '//'))], path


@pytest.mark.parametrize('width', [1200, 390])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_pictures_are_there(site, chromium, width, scheme):
    size = dict(width=width, height=900)
    base = site.as_uri()
    with browser.new_page(chromium, base, viewport=size, color_scheme=scheme) as page:
        for name in PAGES:
            page.goto(f'{base}/{name}')
            figures = page.locator('[data-figure]').count()
            pictures = page.locator('.output img, .output svg, .output table').count()
            assert figures + pictures > 0, name
            for i in range(figures):
                plot = page.locator('.figure-plot').nth(i)
                plot.locator('.main-svg').first.wait_for()
                assert plot.bounding_box()['width'] <= width
            broken = 'all => all.filter(i => i.complete && !i.naturalWidth).length'
            assert page.locator('img').evaluate_all(broken) == 0
            assert page.evaluate('document.documentElement.scrollWidth') <= width, name
            theme = page.locator('body').get_attribute('data-md-color-scheme')
            assert theme == dict(light='default', dark='slate')[scheme]


def test_a_lesson_begins_with_its_picture(site, chromium):
    base = site.as_uri()
    with browser.new_page(chromium, base) as page:
        page.goto(f'{base}/{PAGES[0]}')
        code = page.locator('details.code').first
        assert not code.locator('pre').is_visible()
        code.locator('summary').click()
        assert 'boundary_features' in code.locator('pre').inner_text()


def test_what_is_for_nbdev_alone_is_left_out(site):
    text = (site / PAGES[1]).read_text(encoding='utf-8')
    assert 'default_exp' not in text and '#| export' not in text
    assert 'def frontier' in re.sub('<[^>]*>', '', text)


def test_formulas_are_drawn(site, chromium):
    base = site.as_uri()
    with browser.new_page(chromium, base) as page:
        page.goto(f'{base}/nbs/core/08_curves.html')
        box = page.locator('math').first.bounding_box()
        assert box['width'] > 100 and box['height'] > 25
        assert '$$' not in page.locator('article').inner_text()


def test_search_finds_a_name_from_disk(site, chromium):
    base = site.as_uri()
    with browser.new_page(chromium, base) as page:
        page.goto(f'{base}/index.html')
        page.locator('.md-search__input').first.click()
        page.keyboard.type('solve_stitch')
        page.locator('.md-search-result__link').first.wait_for()
        page.locator('.md-search-result__link').first.click()
        page.wait_for_url(lambda url: 'index.html' not in url)
        assert 'solve_stitch' in page.locator('article').inner_text()


def test_the_window_is_a_page(site, chromium):
    base = site.as_uri()
    with browser.new_page(chromium, base) as page:
        page.goto(f'{base}/workbench.html')
        frame = page.frame_locator('iframe.window-page')
        frame.locator('.wb-card[data-stitch]').wait_for()
        assert frame.locator('.wb-ring').count() == 1
