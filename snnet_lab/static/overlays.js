// What is drawn beside the curve: a box for each overlay, the filters of timm's models, a button
// that draws what was published as the paper does, a sentence.

import { make, makeButton, term } from "./dom.js";
import { put, viewOf } from "./model.js";

const SENTENCES = { intervals: "interval" }; // overlay -> the word that has a sentence
const HELP = {
  intervals: "show how far each accuracy may be off, given its number of images",
  published: "the accuracies that the paper or its code reports for these stitches",
  zoo: "single models of timm with published weights, as points beside the curve",
  other: "the second curve, behind this one",
};

const AS_PAPER = "what was published, over MACs: without intervals and without other models";

export function overlayRow(model) {
  const row = make("div", { className: "wb-overlays" });
  const sentence = make("p", { className: "wb-sentence" });
  let asPaper = false; // the button was pressed, and no box since
  const paper = makeButton("wb-as-paper", AS_PAPER, "as the paper draws it");

  paper.addEventListener("click", () => {
    asPaper = true;
    const shown = "published" in viewOf(model).overlays ? ["published"] : [];
    put(model, { shown, log: false, unit: "macs" });
    build(); // where nothing else had to change
  });

  function checkbox(overlay, words) {
    const box = make("input", {
      type: "checkbox",
      className: `wb-show-${overlay}`,
      checked: model.get("shown").includes(overlay),
    });
    box.addEventListener("change", () => {
      asPaper = false;
      const others = model.get("shown").filter((name) => name !== overlay);
      put(model, { shown: box.checked ? [...others, overlay] : others });
    });
    const says = model.get("says")[SENTENCES[overlay]];
    return make("label", { title: HELP[overlay] ?? "" }, box, says ? term(words, says) : words);
  }

  function chooser(filter, { words, options }) {
    const chosen = String(model.get("zoo")[filter] ?? "");
    const choices = options.map((value) =>
      make("option", { value, selected: String(value) === chosen }, value),
    );
    const any = make("option", { value: "" }, `any ${words}`);
    const select = make(
      "select",
      { className: `wb-zoo-${filter}`, "aria-label": words, title: `only models of this ${words}` },
      any,
      ...choices,
    );
    select.addEventListener("change", () =>
      put(model, { zoo: { ...model.get("zoo"), [filter]: select.value } }),
    );
    return select;
  }

  function build() {
    const view = viewOf(model);
    const zoo = model.get("shown").includes("zoo");
    const { activeElement: active } = document;
    const held = row.contains(active) ? [...active.classList].join(".") : null;
    const boxes = Object.entries(view.overlays).map(([name, words]) => checkbox(name, words));
    const filters = Object.entries(zoo ? (view.filters ?? {}) : {});
    const choosers = filters.map(([name, filter]) => chooser(name, filter));
    row.replaceChildren(...boxes, ...(view.paper ? [paper] : []), ...choosers);
    if (held) row.querySelector(`.${held}`)?.focus(); // whoever goes by keys stays there
    const words = asPaper ? view.paper : zoo && view.sentence;
    sentence.textContent = words || "";
  }

  return { row, sentence, build };
}
