// Elements in one expression.

const SVG = "http://www.w3.org/2000/svg";

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// `title` says on hover what a press does.
export function makeButton(name, title, words = "") {
  return make("button", { type: "button", className: `wb-button ${name}`, title }, words);
}

export function makeSvg(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  return element;
}

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

// A word, dotted, whose sentence shows on hover and on focus; as templates/term.html.
export function term(words, says) {
  const sentence = make("span", { className: "wb-says", role: "tooltip" }, says);
  return make("span", { className: "wb-term", tabIndex: 0 }, words, sentence);
}
