// The ring around the stitch, and the line at the budget. They lie over plotly's picture, which is
// not drawn again.

import { makeSvg, setAttributes } from "./dom.js";
import { costOf } from "./pick.js";

const COLOUR = "#D55E00";
const ABOVE_AXIS = 12; // pixels: where the ring of a stitch without accuracy stands

// Returns a function that moves them.
export function marker(box) {
  const line = makeSvg("line", {
    stroke: COLOUR,
    "stroke-width": 1.5,
    "stroke-dasharray": "5 4",
  });
  const ring = makeSvg("circle", {
    class: "wb-ring",
    r: 10,
    fill: "none",
    stroke: COLOUR,
    "stroke-width": 3,
  });
  const group = makeSvg("g", { class: "wb-marker", "pointer-events": "none" });
  const grip = makeSvg("path", { class: "wb-grip", d: "M-6,0 H6 L0,9 Z", fill: COLOUR });
  group.append(line, grip, ring);

  return (view, budget, stitch) => {
    const host = box.querySelector(".scatterlayer")?.parentNode;
    const { xaxis, yaxis } = box._fullLayout ?? {};
    const row = view.ids.indexOf(stitch);
    if (!host || !xaxis?.d2p || row < 0) return; // not drawn yet
    if (group.parentNode !== host) host.append(group);
    const top = view.tops[row];
    const x = xaxis.d2p(costOf(view, stitch));
    const y = top === null ? yaxis._length - ABOVE_AXIS : yaxis.d2p(top);
    const at = xaxis.d2p(budget);
    setAttributes(line, { x1: at, x2: at, y1: 0, y2: yaxis._length });
    grip.setAttribute("transform", `translate(${at},0)`);
    ring.setAttribute("transform", `translate(${x},${y})`);
    ring.dataset.stitch = stitch;
  };
}
