"""The site: every notebook executed, the reference, the window as a page; readable from disk.

python docs/make_site.py [--to _site] [--only NOTEBOOK ...]
"""

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import nbformat
import yaml
from latex2mathml.converter import convert
from markupsafe import Markup
from mkdocs.commands.build import build
from mkdocs.config import load_config
from nbclient import NotebookClient
from plotly.offline import get_plotlyjs

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PICTURES_FIRST = ('lessons', 'paper')  # folders whose long plotting code is folded
LONG = 15  # lines of code
FOR_NBDEV = re.compile(r'^#\|\s*(default_exp|export)\b.*\n?', re.MULTILINE)
NOT_RUN = re.compile(r'^#\|\s*(slow|cuda|net|eval:\s*false)', re.MULTILINE)
ANSI = re.compile(r'\x1b\[[0-9;]*m')
WIDGET = 'application/vnd.jupyter.widget-view+json'
WIDGETS = 'application/vnd.jupyter.widget-state+json'
SETTINGS = ('SliderModel', 'DropdownModel', 'CheckboxModel')
FIGURE = 'application/vnd.plotly.v1+json'
TOP_PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'data/README.md']
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(DOCS / 'templates'),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values) -> Markup:
    return Markup(TEMPLATES.get_template(template).render(**values))


# --- A notebook, executed


def package_key() -> str:
    "A digest of the code that a notebook runs on."
    digest = hashlib.sha256()
    for path in sorted((ROOT / 'snnet_lab').rglob('*.*')):
        if path.suffix in ('.py', '.js', '.css', '.html'):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def execute(path: Path, cache: Path, key: str):  # -> the executed notebook
    "Run a notebook, or take what the same one gave before on the same code."
    kept = cache / f'{hashlib.sha256(path.read_bytes() + key.encode()).hexdigest()[:24]}.ipynb'
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == 'code' and NOT_RUN.search(cell.source):
            cell.metadata['tags'] = ['skip-execution']
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name='python3',
        skip_cells_with_tag='skip-execution',
        resources={'metadata': {'path': str(path.parent)}},
    )
    print(f'running {path.relative_to(ROOT)}', flush=True)
    client.execute()
    for model in widget_models(notebook).values():
        model['state'].pop('_esm', None)  # megabytes of script in each
    cache.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, kept)
    return notebook


def widget_models(notebook) -> dict:  # id -> model: its name and its state
    return notebook.metadata.get('widgets', {}).get(WIDGETS, {}).get('state', {})


# --- What a cell gave, as HTML


def figure_html(figure: dict) -> Markup:
    layout = figure.get('layout', {})
    text = json.dumps(dict(data=figure.get('data', []), layout=layout)).replace('</', '<\\/')
    return render('figure.html', figure=Markup(text), height=layout.get('height', 450))


def still_html(name: str, models: dict, root: str) -> Markup:
    "A widget as it stood when the notebook had run."
    model = models.get(name.removeprefix('IPY_MODEL_'))
    if model is None:
        return Markup('')
    state = model['state']
    if (state.get('layout') or '') and is_hidden(models, state['layout']):
        return Markup('')
    if 'wb-root' in state.get('_dom_classes', ()):
        return Markup('')  # its still picture is the next output
    if 'figure' in state:
        return figure_html(state['figure'])
    if 'view' in state and 'card' in state:
        return render('window.html', root=root)
    if model['model_name'] == 'HTMLModel':
        return Markup(state.get('value', ''))
    if 'children' in state:
        parts = [still_html(child, models, root) for child in state['children']]
        return Markup('').join(parts)
    if model['model_name'].endswith(SETTINGS) and state.get('description'):
        value = state.get('value', '')
        if 'index' in state:
            value = state['_options_labels'][state['index']]
        return render('setting.html', name=state['description'], value=value)
    return Markup('')


def is_hidden(models: dict, layout: str) -> bool:
    model = models.get(layout.removeprefix('IPY_MODEL_'), {})
    return model.get('state', {}).get('display') == 'none'


def output_html(output, models: dict, root: str) -> Markup:
    if output.output_type == 'stream':
        return pre(output.text)
    if output.output_type == 'error':
        return pre('\n'.join(output.traceback))
    data = output.data
    if WIDGET in data:
        return still_html(data[WIDGET]['model_id'], models, root)
    if FIGURE in data:
        return figure_html(data[FIGURE])
    for kind in ('text/html', 'image/svg+xml'):
        if kind in data:
            return Markup(''.join(data[kind]))
    if 'image/png' in data:
        return render('picture.html', data=data['image/png'].strip())
    return pre(data.get('text/plain', ''))


def shown_outputs(cell, models: dict, root: str) -> list[Markup]:
    "What a cell gave; a still picture only where there is no better one."
    found = [output_html(output, models, root) for output in cell.outputs]
    if any('data-figure' in html for html in found):
        found = [html for html in found if 'snnet-still' not in html]
    return [html for html in found if html.strip()]


def pre(text: str) -> Markup:
    return Markup('<pre>{}</pre>').format(ANSI.sub('', text))


# --- Pages


@dataclass
class Cell:
    kind: str
    source: str
    outputs: list = field(default_factory=list)
    folded: bool = False  # the picture is what is read first

    @property
    def lines(self) -> int:
        return self.source.count('\n') + 1


def with_formulas(text: str) -> str:
    "LaTeX as MathML, which browsers draw without a script."
    text = re.sub(r'\$\$(.+?)\$\$', lambda m: convert(m[1], display='block'), text, flags=re.DOTALL)
    return re.sub(r'\$([^$\n`]+)\$', lambda m: convert(m[1]), text)


def page_links(text: str) -> str:
    "Links to notebooks lead to their pages."
    text = re.sub(r'(\]\([^):]*)\.ipynb', r'\1.md', text)
    return text.replace('](workbench.html)', '](../data/workbench.html)')


def code_cell(cell, models: dict, root: str, fold: bool) -> Cell:
    "Code without what is for nbdev alone, and what it gave."
    outputs = shown_outputs(cell, models, root)
    found = Cell('code', Markup(FOR_NBDEV.sub('', cell.source)), outputs)
    draws = any('data-figure' in html for html in outputs)
    found.folded = fold and draws and found.lines > LONG
    return found


def notebook_page(
    notebook,
    root: str,  # the way up from the page
    fold: bool = False,  # the code of pictures
) -> str:  # Markdown
    models = widget_models(notebook)
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == 'markdown':
            cells.append(Cell('markdown', Markup(with_formulas(page_links(cell.source)))))
        elif FOR_NBDEV.sub('', cell.source).strip():
            cells.append(code_cell(cell, models, root, fold))
    return render('notebook.md', cells=cells)


def write(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')


def write_notebooks(run: list[Path], pages: Path, cache: Path):
    "A page for each notebook; those in `run` with what their cells give."
    os.environ.update(
        PYTHONPATH=str(ROOT),
        PLOTLY_RENDERER='plotly_mimetype',
        HF_HUB_OFFLINE='1',
        OMP_NUM_THREADS='1',
    )
    key = package_key()
    with ThreadPoolExecutor(2) as pool:
        executed = dict(zip(run, pool.map(lambda path: execute(path, cache, key), run)))
    for path in all_notebooks():
        notebook = executed.get(path) or nbformat.read(path, as_version=4)
        page = pages / path.relative_to(ROOT).with_suffix('.md')
        root = '../' * (len(page.relative_to(pages).parts) - 1)
        write(page, notebook_page(notebook, root, path.parent.name in PICTURES_FIRST))


def copy_pages(pages: Path):
    "The pages that are Markdown already, and what they show."
    beside_notebooks = (
        p for p in (ROOT / 'nbs').rglob('*.md') if '.ipynb_checkpoints' not in p.parts
    )
    for path in [*(ROOT / name for name in TOP_PAGES), *beside_notebooks]:
        text = page_links(path.read_text(encoding='utf-8'))
        text = re.sub(r'\]\(nbs/(window|core)\)', r'](nbs/index.md)', text)
        write(pages / path.relative_to(ROOT), text)
    for name in ('data/pictures', 'data/workbench.html'):
        source, target = ROOT / name, pages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    write(pages / 'workbench.md', render('window_page.md'))


def modules() -> list[str]:
    found = sorted((ROOT / 'snnet_lab').rglob('*.py'))
    names = ['.'.join(p.relative_to(ROOT).with_suffix('').parts) for p in found]
    return [name for name in names if not name.rpartition('.')[2].startswith('_')]


def purpose(module: str) -> str:
    "The line that a module begins with."
    path = ROOT.joinpath(*module.split('.')).with_suffix('.py')
    return ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''


def write_reference(pages: Path):
    names = modules()
    for name in names:
        write(pages / f'reference/{name}.md', f'# {name}\n\n::: {name}\n')
    found = [(name, purpose(name)) for name in names]
    write(pages / 'reference/index.md', render('reference.md', modules=found))


def title_of(page: Path) -> str:
    first = page.read_text(encoding='utf-8').lstrip().splitlines()[0]
    return first.lstrip('# ')


def group(pages: Path, folder: str) -> list[dict]:
    "The pages of a folder in their order; its README first."
    found = sorted((pages / folder).glob('*.md'), key=lambda p: (p.name != 'README.md', p.name))
    return [{title_of(p): str(p.relative_to(pages))} for p in found]


def navigation(pages: Path) -> list:
    parts = [{'Home': 'README.md'}, {'Map and tour': 'nbs/index.md'}]
    folders = sorted(p for p in (pages / 'nbs').iterdir() if p.is_dir())
    for folder in sorted(folders, key=lambda p: p.name != 'lessons'):
        parts.append({folder.name.capitalize(): group(pages, f'nbs/{folder.name}')})
    parts.append({'Workbench': ['workbench.md', {'Its notebook': 'nbs/workbench.md'}]})
    reference = [{name.removeprefix('snnet_lab.'): f'reference/{name}.md'} for name in modules()]
    parts.append({'Reference': ['reference/index.md', *reference]})
    more = [{title_of(pages / name): name} for name in TOP_PAGES[1:]]
    parts.append({'More': more})
    return parts


def make_site(to: Path, run: list[Path], work: Path):
    "Write the site, with these notebooks executed; `work` keeps what they gave."
    pages = work / 'pages'
    shutil.rmtree(pages, ignore_errors=True)
    write_notebooks(run, pages, work / 'executed')
    copy_pages(pages)
    write_reference(pages)
    write(pages / 'assets/plotly.min.js', get_plotlyjs())
    settings = yaml.safe_load((DOCS / 'mkdocs.yml').read_text(encoding='utf-8'))
    settings['theme']['custom_dir'] = str(DOCS / 'theme')
    settings['docs_dir'], settings['site_dir'] = str(pages), str(to.resolve())
    settings['plugins'][-1]['mkdocstrings']['handlers']['python']['paths'] = [str(ROOT)]
    settings['nav'] = navigation(pages)
    write(work / 'mkdocs.yml', yaml.safe_dump(settings, sort_keys=False))
    build(load_config(str(work / 'mkdocs.yml')))


def all_notebooks() -> list[Path]:
    found = (ROOT / 'nbs').rglob('*.ipynb')
    return sorted(p for p in found if '.ipynb_checkpoints' not in p.parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--to', type=Path, default=ROOT / '_site')
    parser.add_argument('--work', type=Path, default=ROOT / '.site')
    parser.add_argument(
        '--only', type=Path, nargs='+', help='notebooks to execute; all, if none is named'
    )
    given = parser.parse_args()
    run = [p.resolve() for p in given.only or all_notebooks()]
    make_site(given.to.resolve(), run, given.work.resolve())
    print(f'{given.to}/index.html')


if __name__ == '__main__':
    main()
