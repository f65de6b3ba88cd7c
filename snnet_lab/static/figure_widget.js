// Another figure beside the curve, as anywidget wants it.
// It waits for the plotly that the curve brings along.

import { make } from "./dom.js";
import { fit, plotly } from "./plot.js";
import { watchTheme } from "./theme.js";

const QUIET = { responsive: true, displayModeBar: false };
const HEIGHT = 400; // pixels, where the figure has none of its own
const PAUSE_MS = 50;
const PATIENCE_MS = 30_000;

async function untilPlotly() {
  for (let waited = 0; waited < PATIENCE_MS && !plotly(); waited += PAUSE_MS) {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

async function render({ model, el }) {
  await untilPlotly();
  const box = make("div");
  el.append(box);

  function draw() {
    const { data, layout } = model.get("figure");
    if (!data) return null;
    box.style.height = `${layout.height ?? HEIGHT}px`; // else a resize would find it empty
    const font = { ...layout.font, color: getComputedStyle(el).color };
    return plotly().react(box, data, { ...layout, autosize: true, font }, QUIET);
  }

  await draw();
  model.on("change:figure", draw);
  const resized = new ResizeObserver(() => fit(box));
  resized.observe(el);
  const endTheme = watchTheme(draw);
  return () => {
    resized.disconnect();
    endTheme();
    model.off("change:figure", draw);
    plotly().purge(box);
  };
}

export default { render };
