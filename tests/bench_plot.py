"""The ratios of data/bench.csv as a picture for the README: written by `make bench`."""

from pathlib import Path
from urllib.parse import unquote

import browser
import pandas as pd
import plotly.graph_objects as go
from playwright.sync_api import sync_playwright

DATA = Path(__file__).parents[1] / 'data'
FASTER, OVERHEAD = 'times faster', 'of the plain time'
SVG = '() => Plotly.toImage(document.querySelector(".js-plotly-plot"), {format: "svg"})'


def ratio_figure(table: pd.DataFrame) -> go.Figure:  # of data/bench.csv
    "Times faster than the plain way, on a logarithmic axis; an overhead is less than 1."
    rows = table[table.kind.isin([FASTER, OVERHEAD])].dropna(subset='ratio')
    faster = rows.ratio.where(rows.kind == FASTER, 1 / rows.ratio)
    rows = rows.assign(faster=faster).sort_values('faster')
    fig = go.Figure()
    fig.add_vline(1, line=dict(color='#7a7a7a', dash='dot', width=1.2))
    for kind, colour in ((FASTER, '#0072B2'), (OVERHEAD, '#D55E00')):
        own = rows[rows.kind == kind]
        fig.add_scatter(
            x=own.faster,
            y=own.what,
            mode='markers+text',
            name=kind,
            marker=dict(size=9, color=colour),
            text=[f'{ratio:.3g}' for ratio in own.ratio],
            textposition='middle right',
        )
    fig.update_layout(
        template='none',
        width=900,
        height=90 + 21 * len(rows),
        font=dict(size=12, color='#333'),
        margin=dict(l=20, r=40, t=30, b=45),
        legend=dict(orientation='h', x=0, y=1.0, xanchor='left', yanchor='bottom'),
        xaxis=dict(type='log', title='times as fast as the plain way', gridcolor='#ddd', dtick=1),
        yaxis=dict(categoryorder='array', categoryarray=rows.what, automargin=True),
        paper_bgcolor='white',
    )
    return fig.update_xaxes(range=[-0.35, 2.5])


def draw(to: Path = DATA / 'pictures/bench.svg'):
    figure = ratio_figure(pd.read_csv(DATA / 'bench.csv'))
    with sync_playwright() as p:
        chromium = p.chromium.launch(
            executable_path=browser.find_chromium(), args=browser.CHROMIUM_ARGS
        )
        page = chromium.new_page()
        page.set_content(figure.to_html())
        page.wait_for_selector('.scatterlayer .trace')
        found = page.evaluate(SVG)
    to.write_text(unquote(found.partition(',')[2]))


if __name__ == '__main__':
    draw()
