// What was written: a button that downloads it, and the lines that use it, to be copied.

import { copyText } from "./clipboard.js";
import { make, makeButton } from "./dom.js";

const SHOWN_MS = 2000; // how long "copied" stands

export function saveFile(name, bytes) {
  const address = URL.createObjectURL(new Blob([bytes]));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function render({ model, el }) {
  const download = makeButton(
    "wb-take-download",
    "the file that was written, into this browser's downloads",
  );
  const copying = makeButton("wb-take-copy", "these lines, which use the file", "Copy");
  const lines = make("pre", { className: "wb-take-use" });
  const use = make("div", { className: "wb-take-lines-of-use" }, lines, copying);
  el.classList.add("wb-taken");
  el.append(download, use);

  function show() {
    const name = model.get("name");
    download.hidden = !name;
    download.textContent = `Download ${name} (${model.get("size")})`;
    lines.textContent = model.get("lines");
    use.hidden = !model.get("lines");
  }

  function take(message, [bytes]) {
    saveFile(message.name, bytes);
  }

  download.addEventListener("click", () => model.send({ wanted: model.get("name") }));
  copying.addEventListener("click", async () => {
    const copied = await copyText(model.get("lines"), lines);
    copying.textContent = copied ? "Copied" : "Select and copy";
    setTimeout(() => (copying.textContent = "Copy"), SHOWN_MS);
  });
  model.on("change:name change:size change:lines", show);
  model.on("msg:custom", take);
  show();
  return () => {
    model.off("change:name change:size change:lines", show);
    model.off("msg:custom", take);
  };
}

export default { render };
