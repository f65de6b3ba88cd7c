// What is drawn beside the curve: a box for each overlay, the filters of timm's models, a sentence.

import { make, term } from "./dom.js";
import { put, viewOf } from "./model.js";

const SENTENCES = { intervals: "interval" }; // overlay -> the word that has a sentence
const HELP = {
  intervals: "show how far each accuracy may be off, given its number of images",
  published: "the accuracies that the paper or its code reports for these stitches",
  zoo: "single models of timm with published weights, as points beside the curve",
  other: "the second curve, behind this one",
};

export function overlayRow(model) {
  const row = make("div", { className: "wb-overlays" });
  const sentence = make("p", { className: "wb-sentence" });

  function checkbox(overlay, words) {
    const box = make("input", {
      type: "checkbox",
      className: `wb-show-${overlay}`,
      checked: model.get("shown").includes(overlay),
    });
    box.addEventListener("change", () => {
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
    const held = row.contains(document.activeElement) ? document.activeElement.className : null;
    const boxes = Object.entries(view.overlays).map(([name, words]) => checkbox(name, words));
    const filters = Object.entries(zoo ? (view.filters ?? {}) : {});
    row.replaceChildren(...boxes, ...filters.map(([name, filter]) => chooser(name, filter)));
    if (held) row.querySelector(`.${held}`)?.focus(); // whoever goes by keys stays there
    sentence.textContent = zoo ? (view.sentence ?? "") : "";
  }

  return { row, sentence, build };
}
