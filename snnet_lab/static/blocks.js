// The keys of the picture: all blocks are one stop of Tab, the arrows go from block to block,
// Enter or Space presses one.

const ALONG = { ArrowLeft: -1, ArrowRight: 1 }; // the same anchor
const ACROSS = { ArrowUp: -1, ArrowDown: 1 }; // the anchor above or below

export function middle(block) {
  return block.x.baseVal.value + block.width.baseVal.value / 2;
}

// The block that an arrow key leads to, if there is one.
export function nextBlock(blocks, from, key) {
  const anchor = +from.dataset.anchor + (ACROSS[key] ?? 0);
  const row = blocks.filter((block) => +block.dataset.anchor === anchor);
  if (key in ALONG) return row[row.indexOf(from) + ALONG[key]];
  const far = (block) => Math.abs(middle(block) - middle(from));
  return row.sort((one, other) => far(one) - far(other))[0];
}

// Returns what is to be called when the card has another picture.
export function blockKeys(card, press) {
  const blocks = () => [...card.querySelectorAll("[data-block]")];

  function stopAt(stop) {
    for (const block of blocks()) block.tabIndex = block === stop ? 0 : -1;
  }

  card.addEventListener("focusin", (event) => {
    if (event.target.dataset.block) stopAt(event.target);
  });
  card.addEventListener("keydown", (event) => {
    const from = event.target.closest("[data-block]");
    const pressed = event.key === "Enter" || event.key === " ";
    if (!from || !(pressed || event.key in ALONG || event.key in ACROSS)) return;
    event.preventDefault();
    if (pressed) press(from);
    else nextBlock(blocks(), from, event.key)?.focus();
  });
  return () => stopAt(blocks().find((block) => block.classList.contains("on")));
}
