// The card of a stitch; a block of its picture leads to the stitch that is cut there.

import { blockKeys } from "./blocks.js";
import { make } from "./dom.js";

export function stitchCard(select) {
  const box = make("div", { className: "wb-card", "aria-live": "polite" });
  let shown = null;

  function press(block) {
    const { anchor, stage, block: number } = block.dataset;
    const stitch = shown.moves[`${anchor}-${stage}-${number}`];
    if (stitch !== undefined) select(stitch);
  }

  const oneStop = blockKeys(box, press);
  box.addEventListener("click", (event) => {
    const block = event.target.closest("[data-block]");
    if (block) press(block);
  });

  // null: it is not known yet, and the former stays, pale. Returns whether another is there now.
  function show(card) {
    box.classList.toggle("wb-stale", !card);
    if (!card || card === shown) return false;
    const place = heldPlace(box);
    box.innerHTML = card.html;
    box.dataset.stitch = card.stitch;
    shown = card;
    oneStop();
    if (place) box.querySelector(place)?.focus(); // whoever goes by keys stays at the block
    return true;
  }

  return { box, show };
}

// A selector of the block that has the focus.
function heldPlace(box) {
  const held = document.activeElement;
  if (!box.contains(held) || !held.dataset.block) return null;
  const { anchor, stage, block } = held.dataset;
  return `[data-anchor="${anchor}"][data-stage="${stage}"][data-block="${block}"]`;
}
