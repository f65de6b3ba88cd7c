// A button that copies Python, as anywidget wants it. The kernel is asked for the lines when it is
// pressed; they also stand below, for a browser that does not let a page copy.

import { copyText } from "./clipboard.js";
import { make } from "./dom.js";

function render({ model, el }) {
  const button = make(
    "button",
    {
      type: "button",
      className: "wb-copy",
      title: "the lines of Python that do what this panel does, as it is set now",
    },
    "Copy as Python",
  );
  const said = make("output", { className: "wb-copied" });
  const lines = make("pre", { className: "wb-python-lines", hidden: true, tabIndex: 0 });

  async function show({ lines: text, problem }) {
    lines.hidden = problem !== undefined;
    lines.textContent = text ?? "";
    said.value = problem ?? ((await copyText(text, lines)) ? "copied" : "select and copy:");
  }

  button.addEventListener("click", () => model.send({ copy: true }));
  model.on("msg:custom", show);
  el.append(make("div", { className: "wb-copying" }, button, said), lines);
  return () => model.off("msg:custom", show);
}

export default { render };
