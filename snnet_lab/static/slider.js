// The budget: a slider whose arrow keys step along the frontier, a number, and its unit.

import { make } from "./dom.js";
import { put, viewOf } from "./model.js";

const UP = ["ArrowRight", "ArrowUp"];
const DOWN = ["ArrowLeft", "ArrowDown"];

// `act`: preview(budget) while it is dragged, settle(budget) when it is let go, step(up) by key.
export function budgetRow(model, act) {
  const range = make("input", {
    type: "range",
    className: "wb-slider",
    "aria-label": "budget of one image",
  });
  const number = make("input", {
    type: "number",
    className: "wb-number",
    "aria-label": "budget as a number",
  });
  const unit = make("select", { className: "wb-unit", "aria-label": "unit of the budget" });
  const preview = make("output", { className: "wb-preview" });
  const row = make(
    "div",
    { className: "wb-budget" },
    make("span", {}, "budget"),
    range,
    number,
    unit,
  );

  function typed() {
    act.settle(+number.value);
    number.value = shortened(range.value);
  }

  range.addEventListener("input", () => act.preview(+range.value));
  range.addEventListener("change", () => act.settle(+range.value));
  range.addEventListener("keydown", (event) => {
    const up = UP.includes(event.key);
    if (!up && !DOWN.includes(event.key)) return;
    event.preventDefault();
    act.step(up);
  });
  number.addEventListener("change", typed);
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed(); // JupyterLab keeps the browser from doing so itself
  });
  unit.addEventListener("change", () => put(model, { unit: unit.value }));

  // Another view: another range, another unit.
  function configure() {
    const { least, most, step } = viewOf(model);
    const limits = { min: least.toFixed(3), max: most.toFixed(3) };
    Object.assign(range, limits, { step });
    Object.assign(number, limits, { step: "any" });
    const options = Object.entries(model.get("units")).map(([name, words]) =>
      make("option", { value: name, selected: name === model.get("unit") }, words),
    );
    unit.replaceChildren(...options);
  }

  function show(budget, words) {
    range.value = budget;
    range.setAttribute("aria-valuetext", words);
    preview.value = words;
    if (document.activeElement !== number) number.value = shortened(budget); // not while typing
  }

  return { row, preview, configure, show };
}

function shortened(value) {
  return +(+value).toFixed(3);
}
