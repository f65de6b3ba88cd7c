// The sentence of a dotted word stays within the window, wherever the word stands.

const EDGE = 4; // pixels
let listening = false;

function place({ target }) {
  const word = target.closest?.(".wb-term");
  if (!word) return;
  const says = word.querySelector(".wb-says");
  says.style.left = "0";
  const frame = (word.closest(".wb-root, .wb-curve") ?? document.body).getBoundingClientRect();
  const over = says.getBoundingClientRect().right - (frame.right - EDGE);
  if (over > 0) says.style.left = `${-over}px`;
}

// Once in a page, however many windows there are.
export function placeSentences() {
  if (listening) return;
  listening = true;
  document.addEventListener("mouseover", place);
  document.addEventListener("focusin", place);
}
