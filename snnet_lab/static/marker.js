// The ring around the stitch, that around a pinned one, and the line at the budget. They lie over
// plotly's picture, which is not drawn again.

import { makeSvg, setAttributes } from "./dom.js";
import { costOf } from "./pick.js";

const COLOUR = "#D55E00";
const ABOVE_AXIS = 12; // pixels: where the ring of a stitch without accuracy stands

// A ring with a letter, which shows when there are two.
function makeRing(name, colour, letter) {
  const circle = makeSvg("circle", { r: 10, fill: "none", stroke: colour, "stroke-width": 3 });
  const words = makeSvg("text", { y: -15, "text-anchor": "middle", fill: colour });
  words.textContent = letter;
  const ring = makeSvg("g", { class: name });
  ring.append(circle, words);
  return ring;
}

// null: it is around no stitch.
function placeRing(ring, view, stitch, { xaxis, yaxis }) {
  ring.style.display = stitch === null ? "none" : "";
  if (stitch === null) return;
  const top = view.tops[view.ids.indexOf(stitch)];
  const x = xaxis.d2p(costOf(view, stitch));
  const y = top === null ? yaxis._length - ABOVE_AXIS : yaxis.d2p(top);
  ring.setAttribute("transform", `translate(${x},${y})`);
  ring.dataset.stitch = stitch;
}

// Returns a function that moves them.
export function marker(box) {
  const line = makeSvg("line", {
    stroke: COLOUR,
    "stroke-width": 1.5,
    "stroke-dasharray": "5 4",
  });
  const ring = makeRing("wb-ring", COLOUR, "B");
  const pinRing = makeRing("wb-pin-ring", "currentColor", "A");
  const group = makeSvg("g", { class: "wb-marker", "pointer-events": "none" });
  const grip = makeSvg("path", { class: "wb-grip", d: "M-6,0 H6 L0,9 Z", fill: COLOUR });
  group.append(line, grip, pinRing, ring);

  return (view, budget, stitch, pinned = null) => {
    const host = box.querySelector(".scatterlayer")?.parentNode;
    const { xaxis, yaxis } = box._fullLayout ?? {};
    if (!host || !xaxis?.d2p || !view.ids.includes(stitch)) return; // not drawn yet
    if (group.parentNode !== host) host.append(group);
    const at = xaxis.d2p(budget);
    setAttributes(line, { x1: at, x2: at, y1: 0, y2: yaxis._length });
    grip.setAttribute("transform", `translate(${at},0)`);
    placeRing(ring, view, stitch, box._fullLayout);
    placeRing(pinRing, view, pinned, box._fullLayout);
    group.classList.toggle("wb-two", pinned !== null && pinned !== stitch);
  };
}
