// The budget: a slider under the plot's axis, whose arrow keys step along the frontier; a number,
// its unit, and the switch of the axis.

import { make, term } from "./dom.js";
import { put, viewOf } from "./model.js";
import { shortened, typedBudget } from "./pick.js";

const UP = ["ArrowRight", "ArrowUp"];
const DOWN = ["ArrowLeft", "ArrowDown"];
const HANDLE = 16; // pixels, its width: see curve.css

// `act`: preview(budget) while it is dragged, settle(budget) when it is let go, step(up) by key.
export function budgetRow(model, act) {
  const range = make("input", {
    type: "range",
    className: "wb-slider",
    "aria-label": "budget of one image",
    title: "what one image may cost; the arrow keys step along the frontier",
  });
  const number = make("input", {
    type: "text",
    inputMode: "decimal",
    className: "wb-number",
    "aria-label": "budget as a number",
    title: "10.5, 10,5, 10M or 0.3G",
  });
  const unit = make("select", {
    className: "wb-unit",
    "aria-label": "unit of the budget",
    title: "what is to be spent; milliseconds hold for the device where they were measured",
  });
  const hint = make("output", { className: "wb-hint" });
  const preview = make("output", { className: "wb-preview" });
  const log = make("input", { type: "checkbox", className: "wb-log" });
  const track = make("div", { className: "wb-track" }, range);
  const row = make(
    "div",
    { className: "wb-budget" },
    term("budget", model.get("says").budget),
    number,
    unit,
    hint,
    make("label", { title: "an axis of equal ratios, for costs far apart" }, log, "logarithmic"),
  );
  let shown = model.get("budget");
  let written = ""; // in the field, by this script

  // Along a logarithmic axis the slider holds the logarithm.
  const isLog = () => model.get("log");
  const place = (budget) => (isLog() ? Math.log10(budget) : budget);
  const value = () => (isLog() ? 10 ** range.value : +range.value);

  function write() {
    written = String(shortened(shown));
    number.value = written;
  }

  function typed() {
    if (number.value === written) return; // what was said of it stays
    const { budget, hint: said } = typedBudget(number.value, viewOf(model));
    if (budget !== null) act.settle(budget);
    write();
    hint.value = said;
  }

  function slide(react) {
    hint.value = "";
    react(value());
  }

  range.addEventListener("input", () => slide(act.preview));
  range.addEventListener("change", () => slide(act.settle));
  range.addEventListener("keydown", (event) => {
    const up = UP.includes(event.key);
    if (!up && !DOWN.includes(event.key)) return;
    event.preventDefault();
    hint.value = "";
    act.step(up);
  });
  number.addEventListener("change", typed);
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed(); // JupyterLab keeps the browser from doing so itself
  });
  unit.addEventListener("change", () => {
    hint.value = "";
    put(model, { unit: unit.value });
  });
  log.addEventListener("change", () => put(model, { log: log.checked }));

  // Another view: another range, another unit.
  function configure() {
    const { least, most, step } = viewOf(model);
    const ends = isLog() ? [least, most].map(place) : [least.toFixed(3), most.toFixed(3)];
    Object.assign(range, { min: ends[0], max: ends[1], step: isLog() ? "any" : step });
    log.checked = isLog();
    const options = Object.entries(model.get("units")).map(([name, words]) =>
      make("option", { value: name, selected: name === model.get("unit") }, words),
    );
    unit.replaceChildren(...options);
  }

  function show(budget, words) {
    shown = budget;
    range.value = place(budget);
    range.setAttribute("aria-valuetext", words);
    preview.value = words;
    if (document.activeElement !== number) write(); // not while typing
  }

  // Lie so that the middle of the handle stands at its budget on the axis of the plot.
  function align(box) {
    const { xaxis, _size } = box._fullLayout ?? {};
    if (!xaxis?.d2p || !_size) return;
    const { least, most } = viewOf(model);
    const [left, right] = [least, most].map((end) => xaxis.d2p(end));
    if (left < 0 || right > xaxis._length + 1) return; // zoomed in: it stays the whole
    track.style.marginLeft = `${_size.l + left - HANDLE / 2}px`;
    track.style.width = `${right - left + HANDLE}px`;
  }

  return { row, track, preview, configure, show, align };
}
