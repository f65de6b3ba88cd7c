import assert from "node:assert/strict";
import { test } from "node:test";

import { faint, inkedLayout, logarithmic, visibleTraces } from "../../snnet_lab/static/plot.js";

const traces = [
  { meta: "anchors", error_y: { array: [1] } },
  { meta: "zoo" },
  { meta: "other" },
  { meta: "other frontier", visible: "legendonly" },
];
const seen = (shown) => visibleTraces(traces, shown).map((trace) => trace.visible);

test("overlays are seen when they are switched on", () => {
  assert.deepEqual(seen([]), [true, false, false, false]);
  assert.deepEqual(seen(["zoo"]), [true, true, false, false]);
  assert.deepEqual(seen(["other"]), [true, false, true, "legendonly"]);
});

test("intervals are a switch of their own", () => {
  assert.equal(visibleTraces(traces, [])[0].error_y.visible, false);
  assert.equal(visibleTraces(traces, ["intervals"])[0].error_y.visible, true);
  assert.deepEqual(traces[0].error_y, { array: [1] }, "the figure itself stays as it is");
});

test("the grid is the ink, faint", () => {
  assert.equal(faint("rgb(0, 10, 20)"), "rgba(0, 10, 20, .15)");
  assert.equal(faint("rgba(0, 10, 20, 0.9)"), "rgba(0, 10, 20, .15)");
});

test("the layout takes the page's ink and leaves the figure's ranges alone", () => {
  const layout = { font: { size: 12 }, xaxis: { range: [0, 1] }, yaxis: { range: [2, 3] } };
  const inked = inkedLayout(layout, "rgb(1, 2, 3)");
  assert.deepEqual(inked.font, { size: 12, color: "rgb(1, 2, 3)" });
  assert.equal(inked.yaxis.gridcolor, "rgba(1, 2, 3, .15)");
  inked.xaxis.range[0] = 9;
  assert.deepEqual(layout.xaxis.range, [0, 1]);
});

test("a logarithmic axis has room for all but the zoo, and a zoom of its own", () => {
  const layout = { xaxis: { range: [-2, 100], title: "t" }, uirevision: "curve macs" };
  const points = [
    { meta: "pair", x: [1, 90] },
    { meta: "zoo", x: [0.001] },
    { meta: "other", x: [0, 10] },
  ];
  logarithmic(layout, points);
  assert.equal(layout.xaxis.type, "log");
  assert.deepEqual(layout.xaxis.range, [-0.1, 2]);
  assert.deepEqual([layout.xaxis.title, layout.uirevision], ["t", "curve macs log"]);
});
