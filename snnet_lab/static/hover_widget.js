// What each control does, on hover and for screen readers: ipywidgets shows a tooltip on buttons
// alone. The sentences are found by the classes of the controls.

let sentences = {}; // class without 'wb-' -> sentence
let listening = false;

function sentenceOf(element) {
  for (const name of element.classList) {
    const sentence = sentences[name.replace(/^wb-/, "")];
    if (sentence) return sentence;
  }
  return null;
}

function say({ target }) {
  const root = target.closest?.(".wb-root");
  for (let element = target; root && element !== root; element = element.parentElement) {
    const sentence = sentenceOf(element);
    if (!sentence || element.tagName === "BUTTON") continue;
    element.title = sentence;
    for (const part of element.querySelectorAll("input[title], span[title]")) part.title = sentence;
  }
}

function render({ model }) {
  sentences = model.get("help");
  if (listening) return; // once in a page, however many windows there are
  listening = true;
  document.addEventListener("mouseover", say);
  document.addEventListener("focusin", say);
}

export default { render };
