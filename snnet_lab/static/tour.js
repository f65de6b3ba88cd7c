// Three steps for whoever is here for the first time; '?' shows them again.

import { make, makeButton } from "./dom.js";

const KEY = "snnet-lab-tour"; // in the browser's memory
export const STEPS = [
  {
    part: ".wb-track",
    words: "Drag the slider, or the dashed line: the ring shows the stitch that the budget buys.",
  },
  {
    part: ".wb-path",
    words: "Click a point of the curve, or a block of the path, to pick a stitch by hand.",
  },
  {
    part: ".wb-pin-buttons",
    words: "Pin a stitch and move on: both are ringed, their costs side by side.",
  },
];

// A page from disk, or a private window, may have no memory.
function remembered() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true; // it could not be told to go for good
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, "seen");
  } catch {
    // nowhere to keep it
  }
}

// `el`: the window, in which the parts are marked. Returns the box, and what begins it.
export function tour(el) {
  const words = make("span", { className: "wb-tour-words" });
  const next = makeButton("wb-tour-next", "to the next step; after the last one the tour is over");
  const skip = makeButton("wb-tour-skip", "leave the tour; ? shows it again", "Skip");
  const box = make(
    "div",
    { className: "wb-tour", role: "region", "aria-label": "tour", "aria-live": "polite" },
    words,
    next,
    skip,
  );
  let at = -1; // not under way

  function mark(part) {
    for (const marked of el.querySelectorAll(".wb-toured")) marked.classList.remove("wb-toured");
    if (part) el.querySelector(part)?.classList.add("wb-toured");
  }

  function show(step) {
    at = step;
    box.hidden = step < 0;
    const isLast = step === STEPS.length - 1;
    words.textContent = step < 0 ? "" : `${step + 1} of ${STEPS.length}: ${STEPS[step].words}`;
    next.textContent = isLast ? "Done" : "Next";
    skip.hidden = isLast;
    mark(STEPS[step]?.part);
  }

  function end() {
    remember();
    show(-1);
  }

  next.addEventListener("click", () => (at + 1 < STEPS.length ? show(at + 1) : end()));
  skip.addEventListener("click", end);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end();
  });
  show(-1);

  return {
    box,
    begin() {
      show(0);
      next.focus();
    },
    greet() {
      if (!remembered()) show(0);
    },
  };
}
