// Draw each figure of a page, in the colours of its theme; again, when the theme changes.

const dark = () => document.body.dataset.mdColorScheme === 'slate';

function themed(layout) {
  if (!dark()) return layout;
  const ink = '#d5d8e2';
  const clear = 'rgba(0,0,0,0)';
  const out = { ...layout, paper_bgcolor: clear, plot_bgcolor: clear, font: { ...layout.font, color: ink } };
  for (const name of Object.keys(layout).concat('xaxis', 'yaxis')) {
    if (!/^[xy]axis\d*$/.test(name)) continue;
    out[name] = { gridcolor: '#454a5c', zerolinecolor: '#5a6075', linecolor: '#8a90a5', ...layout[name] };
  }
  return out;
}

function draw(place) {
  const figure = JSON.parse(place.querySelector('script').textContent);
  const target = place.querySelector('.figure-plot');
  const narrow = target.clientWidth < (figure.layout.width ?? 0);
  const layout = themed({ ...figure.layout, autosize: true });
  if (narrow) delete layout.width;
  window.Plotly.react(target, figure.data, layout, { responsive: true, displaylogo: false });
}

function drawAll() {
  document.querySelectorAll('[data-figure]').forEach(draw);
}

drawAll();
new MutationObserver(drawAll).observe(document.body, { attributeFilter: ['data-md-color-scheme'] });
