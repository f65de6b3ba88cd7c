// Pin a stitch, then move on: both side by side, in accuracy and in all costs that are known.

import { make, makeButton } from "./dom.js";
import { put, viewOf } from "./model.js";

const HEADS = ["", "A, pinned", "B, here", "B against A"];

function signed(number, digits) {
  const sign = number < 0 ? "−" : "+";
  return `${sign}${Math.abs(number).toFixed(digits)}`;
}

// null: nothing is pinned, or a stitch that this curve does not have.
export function pinnedOf(model) {
  const pinned = model.get("pinned") ?? null;
  return viewOf(model).ids.includes(pinned) ? pinned : null;
}

// How far row `b` is from row `a`: accuracies in points, costs in per cent; "" where one is unknown.
export function difference({ values, in_points }, a, b) {
  const [from, to] = [values[a], values[b]];
  if (from === null || to === null) return "";
  if (in_points) return `${signed(to - from, 2)} points`;
  return `${signed((100 * (to - from)) / from, 0)}%`;
}

function tableRow(fact, a, b) {
  const cells = [fact.words[a], fact.words[b], difference(fact, a, b)];
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, fact.title),
    ...cells.map((words) => make("td", {}, words)),
  );
}

function table(view, a, b) {
  const heads = HEADS.map((words) => make("th", { scope: "col" }, words));
  const rows = (view.compared ?? []).map((fact) => tableRow(fact, a, b));
  return make(
    "table",
    { className: "wb-table wb-pinned" },
    make("thead", {}, make("tr", {}, ...heads)),
    make("tbody", {}, ...rows),
  );
}

// `select` picks a stitch. Returns the box, and a function that shows it beside a stitch.
export function pinBox(model, select) {
  const button = (name, title, act) => {
    const made = makeButton(name, title);
    made.addEventListener("click", act);
    return made;
  };
  let here = null;
  const pin = button("wb-pin", "keep this stitch beside those that follow", () => put(model, { pinned: here }));
  const back = button("wb-pin-back", "pick the pinned stitch", () => select(pinnedOf(model)));
  const unpin = button("wb-unpin", "forget the pinned stitch", () =>
    put(model, { pinned: null }),
  );
  const words = make("p", { className: "wb-pin-words" });
  const sides = make("div", { className: "wb-scroll" });
  const buttons = make("div", { className: "wb-pin-buttons" }, pin, back, unpin);
  const box = make("div", { className: "wb-pin-box" }, buttons, words, sides);
  unpin.textContent = "Unpin";

  function show(stitch) {
    here = stitch;
    const view = viewOf(model);
    const pinned = pinnedOf(model);
    const apart = pinned !== null && pinned !== stitch;
    pin.textContent = apart ? `Pin stitch ${stitch} instead` : `Pin stitch ${stitch} to compare`;
    pin.hidden = pinned === stitch;
    back.textContent = `Back to stitch ${pinned}`;
    back.hidden = !apart;
    unpin.hidden = pinned === null;
    words.textContent =
      pinned === stitch ? `Stitch ${stitch} is pinned as A: move on, and B stands beside it.` : "";
    const parts = apart ? [table(view, view.ids.indexOf(pinned), view.ids.indexOf(stitch))] : [];
    sides.replaceChildren(...parts);
  }

  return { box, show };
}
