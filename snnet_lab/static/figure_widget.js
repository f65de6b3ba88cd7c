// Another figure beside the curve, as anywidget wants it.

import { make } from "./dom.js";
import { fit, plotly, untilPlotly } from "./plot.js";
import { watchTheme } from "./theme.js";

const QUIET = { responsive: true, displayModeBar: false };
const HEIGHT = 400; // pixels, where the figure has none of its own

// The traces, with the mark where it has moved since they were made; not all figures have one.
function withMark(traces, place) {
  if (!place?.x) return traces;
  return traces.map((trace) => (trace.meta === "mark" ? { ...trace, ...place } : trace));
}

async function render({ model, el }) {
  await untilPlotly(model);
  const box = make("div");
  let listening = false;
  el.append(box);

  function tell(event) {
    const picked = event.points[0].customdata;
    if (Number.isInteger(picked)) model.send({ picked });
  }

  async function draw() {
    const { data, layout } = model.get("figure");
    if (!data) return;
    box.style.height = `${layout.height ?? HEIGHT}px`; // else a resize would find it empty
    const font = { ...layout.font, color: getComputedStyle(el).color };
    const traces = withMark(data, model.get("marked"));
    await plotly().react(box, traces, { ...layout, autosize: true, font }, QUIET);
    if (listening) return;
    listening = true;
    box.on("plotly_click", tell);
  }

  await draw();
  model.on("change:figure change:marked", draw);
  const resized = new ResizeObserver(() => fit(box));
  resized.observe(el);
  const endTheme = watchTheme(draw);
  return () => {
    resized.disconnect();
    endTheme();
    model.off("change:figure change:marked", draw);
    plotly().purge(box);
  };
}

export default { render };
