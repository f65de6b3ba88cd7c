// plotly's figure, in the colours of the page around it.

import { viewOf } from "./model.js";

const OVERLAYS = {
  published: ["published", "published frontier"],
  zoo: ["zoo"],
  other: ["other", "other frontier"],
}; // switch -> roles of its traces (`meta`)
const CLEAR = "rgba(0,0,0,0)";
const AXES = ["xaxis", "yaxis"];
const MARGIN = 0.05; // of the axis, beside the least
const PAUSE_MS = 20;
const ASK_MS = 3000;
const PATIENCE_MS = 30_000;
const CONFIG = {
  responsive: true,
  displaylogo: false,
  showSendToCloud: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  toImageButtonOptions: { format: "svg", filename: "snnet_lab" },
};

// plotly's script, which is there once in a page; see templates/plotly.js.
export function plotly() {
  return globalThis.snnetLabPlotly;
}

// A kernel sends it ahead, as a widget of its own. A page that was opened later may have missed
// it, and asks.
export async function untilPlotly(model) {
  for (let waited = 0; waited < PATIENCE_MS && !plotly(); waited += PAUSE_MS) {
    if (waited === ASK_MS && !globalThis.snnetLabAsked) {
      globalThis.snnetLabAsked = true;
      model.send({ wanted: "plotly" });
    }
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

// Fit a plot into its box; one in a tab that is not in front, or gone, has no size to fit.
export function fit(box) {
  if (box.data && box.offsetParent !== null) plotly().Plots.resize(box);
}

// The traces, those of an overlay visible when it is switched on.
export function visibleTraces(traces, shown) {
  const off = Object.keys(OVERLAYS).filter((overlay) => !shown.includes(overlay));
  const hidden = off.flatMap((overlay) => OVERLAYS[overlay]);
  return traces.map((trace) => {
    const visible = hidden.includes(trace.meta) ? false : (trace.visible ?? true);
    const drawn = { ...trace, visible };
    if (trace.error_y) {
      drawn.error_y = { ...trace.error_y, visible: shown.includes("intervals") };
    }
    return drawn;
  });
}

// 'rgb(1, 2, 3)' -> 'rgba(1, 2, 3, .15)'
export function faint(colour) {
  return colour.replace(/rgba?\(([^,]+,[^,]+,[^,)]+).*/, "rgba($1, .15)");
}

export function inkedLayout(layout, ink) {
  const grid = faint(ink);
  const colours = { gridcolor: grid, linecolor: ink, tickcolor: ink, zerolinecolor: grid };
  const inked = {
    ...layout,
    autosize: true,
    paper_bgcolor: CLEAR,
    plot_bgcolor: CLEAR,
    font: { ...layout.font, color: ink },
    legend: { ...layout.legend, bgcolor: CLEAR },
  };
  for (const axis of AXES) {
    inked[axis] = { ...layout[axis], ...colours, range: [...layout[axis].range] };
  }
  return inked;
}

// The x axis as a logarithm, from the least to the largest that a linear one shows.
export function logarithmic(layout, traces) {
  const seen = traces.filter((trace) => trace.meta !== "zoo");
  const least = Math.min(...seen.flatMap((trace) => [...trace.x]).filter((x) => x > 0));
  const [low, high] = [least, layout.xaxis.range[1]].map(Math.log10);
  const margin = MARGIN * (high - low);
  layout.xaxis = { ...layout.xaxis, type: "log", range: [low - margin, high] };
  layout.uirevision = `${layout.uirevision} log`;
}

// Returns a function that draws the present view; `select` hears of clicks on stitches.
export function plot(model, box, select) {
  let listening = false;
  let asked = {}; // uirevision and ranges of the last figure

  // Where the axes have other ranges than the last figure, somebody has zoomed: that stays.
  function keepZoom(layout) {
    const before = asked;
    asked = { uirevision: layout.uirevision };
    for (const axis of AXES) {
      asked[axis] = `${layout[axis].range}`;
      if (before.uirevision !== layout.uirevision) continue;
      const now = box._fullLayout[axis].range;
      if (`${now}` !== before[axis]) layout[axis].range = [...now];
    }
  }

  function listen() {
    listening = true;
    box.on("plotly_click", (event) => {
      const stitch = event.points[0].customdata;
      if (Number.isInteger(stitch)) select(stitch);
    });
  }

  return async () => {
    const { figure } = viewOf(model);
    const layout = inkedLayout(figure.layout, getComputedStyle(box).color);
    layout.height = box.clientHeight;
    if (model.get("log")) logarithmic(layout, figure.data);
    keepZoom(layout);
    await plotly().react(box, visibleTraces(figure.data, model.get("shown")), layout, CONFIG);
    if (!listening) listen();
  };
}
