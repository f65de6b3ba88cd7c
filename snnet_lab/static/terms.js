// The sentence of a dotted word stays within the window, wherever the word stands.

const EDGE = 4; // pixels
let listening = false;

function place({ target }) {
  const word = target.closest?.(".wb-term");
  if (!word) return;
  const says = word.querySelector(".wb-says");
  says.style.left = "0";
  says.classList.remove("wb-below");
  const frame = (word.closest(".wb-root") ?? document.body).getBoundingClientRect();
  const { right, top } = says.getBoundingClientRect();
  const over = right - (frame.right - EDGE);
  if (over > 0) says.style.left = `${-over}px`;
  if (top < frame.top) says.classList.add("wb-below");
}

// Once in a page, however many windows there are.
export function placeSentences() {
  if (listening) return;
  listening = true;
  document.addEventListener("mouseover", place);
  document.addEventListener("focusin", place);
}
