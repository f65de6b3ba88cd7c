// The window as a page without a kernel. What it knows lies packed in the page itself.

import { render } from "./curve.js";
import { make } from "./dom.js";
import { heldModel } from "./held_model.js";

// Base64 of gzip -> text.
async function unpack(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

// A few test images, which stay in the page, with what each stitch says to them.
function predictions(el, { pictures, said, right }) {
  const score = make("p", { className: "wb-score", "aria-live": "polite" });
  const thumbs = make("div", { className: "wb-thumbs" });
  const images = pictures.map((src) => make("img", { src }));
  el.addEventListener("wb-stitch", ({ detail: stitch }) => {
    // in a template nothing is fetched
    const fresh = make("template", { innerHTML: said[stitch] }).content;
    fresh.querySelectorAll("img").forEach((empty, i) => {
      images[i].alt = empty.alt;
      empty.replaceWith(images[i]);
    });
    thumbs.replaceChildren(fresh);
    const count = `${right[stitch]} of these ${pictures.length} test images`;
    score.textContent = `Stitch ${stitch} is right on ${count}.`;
  });
  return [score, thumbs];
}

async function openPage() {
  const { values, said } = JSON.parse(await unpack("wb-data"));
  document.head.append(make("script", { textContent: await unpack("wb-plotly") }));
  const el = make("div");
  const more = said ? predictions(el, said) : [];
  document.getElementById("wb-page").replaceChildren(el, ...more);
  return render({ model: heldModel(values), el });
}

openPage();
