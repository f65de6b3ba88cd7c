// What '?' opens: the steps of the tour, the keys, and each word in a sentence.

import { make, makeButton } from "./dom.js";
import { STEPS } from "./tour.js";

const ZOOM = "Drag a box over the plot to look closer; a double click shows the whole again.";
const KEYS = [
  ["← →", "on the slider: the next stitch of the frontier"],
  ["← → ↑ ↓", "on a block: the next block, the next anchor"],
  ["Enter, Space", "on a block: cut there"],
  ["Tab", "the next control or dotted word"],
  ["Esc", "closes this"],
];

function keyRow([keys, does]) {
  return [make("dt", {}, keys), make("dd", {}, does)];
}

// `says`: word -> its sentence, which begins with or holds the word. `guide` begins the tour.
export function helpBox(says, guide) {
  const button = make(
    "button",
    {
      type: "button",
      className: "wb-help",
      "aria-label": "help: steps, keys, words",
      title: "three steps, the keys, and what the words mean",
    },
    "?",
  );
  const title = "the tour once more, from its first step";
  const again = makeButton("wb-tour-again", title, "Show them one by one");
  const box = make(
    "div",
    { className: "wb-help-box", hidden: true, role: "region", "aria-label": "help" },
    make("h4", {}, "Three steps"),
    make("ol", {}, ...STEPS.map(({ words }) => make("li", {}, words))),
    again,
    make("h4", {}, "A closer look"),
    make("p", {}, ZOOM),
    make("h4", {}, "Keys"),
    make("dl", { className: "wb-keys" }, ...KEYS.flatMap(keyRow)),
    make("h4", {}, "Words"),
    make("ul", {}, ...Object.values(says).map((sentence) => make("li", {}, sentence))),
  );

  function open(wanted) {
    box.hidden = !wanted;
    button.setAttribute("aria-expanded", String(wanted));
  }

  function close(event) {
    if (event.key !== "Escape" || box.hidden) return;
    event.stopPropagation();
    open(false);
    button.focus();
  }

  button.addEventListener("click", () => open(box.hidden));
  again.addEventListener("click", () => {
    open(false);
    guide();
  });
  button.addEventListener("keydown", close);
  box.addEventListener("keydown", close);
  box.tabIndex = -1;
  open(false);
  return { button, box };
}
