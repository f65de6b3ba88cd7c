// The curve that people touch: plot, slider, overlays and card on one model.

import { stitchCard } from "./card.js";
import { make } from "./dom.js";
import { helpBox } from "./help.js";
import { dragLine } from "./line_drag.js";
import { marker } from "./marker.js";
import { cardOf, put, viewOf } from "./model.js";
import { overlayRow } from "./overlays.js";
import { neighbour, pick, priceOf } from "./pick.js";
import { pinBox, pinnedOf } from "./pin.js";
import { fit, plot, plotly, untilPlotly } from "./plot.js";
import { budgetRow } from "./slider.js";
import { placeSentences } from "./terms.js";
import { watchTheme } from "./theme.js";
import { tour } from "./tour.js";

const PICTURE = { width: 900, height: 480 }; // pixels, as it is saved

class Curve {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.budget = model.get("budget"); // ahead of the model's while the slider is held
    this.stitch = null; // what it buys
    this.select = this.select.bind(this);
    this.place = this.place.bind(this);
    this.box = make("div", { className: "wb-plot" });
    this.note = make("p", { className: "wb-note" });
    this.card = stitchCard(this.select);
    this.overlays = overlayRow(model);
    this.moveRing = marker(this.box);
    this.draw = plot(model, this.box, this.select);
    const dragged = {
      preview: (budget) => this.preview(budget),
      settle: (budget) => this.settle(budget),
    };
    this.slider = budgetRow(model, {
      ...dragged,
      step: (up) => this.select(neighbour(viewOf(model), this.stitch, up)),
    });
    dragLine(this.box, {
      ...dragged,
      lineAt: () => this.box._fullLayout.xaxis.d2p(this.budget),
      budgetAt: (x) => this.box._fullLayout.xaxis.p2d(x),
    });
    this.pin = pinBox(model, this.select);
    this.tour = tour(el);
    this.help = helpBox(model.get("says"), this.tour.begin);
    this.arrange();
  }

  arrange() {
    const { slider, overlays, help } = this;
    slider.row.append(help.button);
    const parts = [
      this.tour.box,
      this.box,
      slider.track,
      slider.preview,
      slider.row,
      help.box,
      overlays.row,
      overlays.sentence,
      this.note,
    ];
    this.el.classList.add("wb-curve");
    const left = make("div", { className: "wb-left" }, ...parts);
    const right = make("div", { className: "wb-right" }, this.card.box, this.pin.box);
    this.el.append(left, right);
    // keys are the window's, not JupyterLab's: there x cuts the cell
    this.el.addEventListener("focusin", (event) => {
      event.target.dataset.lmSuppressShortcuts = true;
    });
  }

  // Pick a stitch by hand; the budget becomes its price.
  select(stitch) {
    put(this.model, { selected: stitch, budget: priceOf(viewOf(this.model), stitch) });
  }

  preview(budget) {
    const { least, most } = viewOf(this.model);
    this.budget = Math.min(Math.max(budget, least), most);
    this.place();
  }

  settle(budget) {
    this.preview(budget);
    put(this.model, { budget: this.budget });
  }

  // Rings, words and card go to the stitch that the budget buys.
  place() {
    const view = viewOf(this.model);
    this.stitch = pick(view, this.budget, this.model.get("selected"));
    this.moveRing(view, this.budget, this.stitch, pinnedOf(this.model));
    this.pin.show(this.stitch);
    this.slider.show(this.budget, view.words[view.ids.indexOf(this.stitch)]);
    if (!this.card.show(cardOf(this.model, this.stitch))) return;
    // to whoever shows more of a stitch
    this.el.dispatchEvent(new CustomEvent("wb-stitch", { detail: this.stitch }));
  }

  // The axis may have moved.
  drawn() {
    this.slider.align(this.box);
    this.place();
  }

  follow() {
    this.budget = this.model.get("budget");
    this.place();
  }

  async redraw() {
    await this.draw();
    this.drawn();
  }

  build() {
    this.slider.configure();
    this.overlays.build();
  }

  rebuild() {
    this.build();
    return this.redraw();
  }

  tell() {
    this.note.innerHTML = this.model.get("note");
  }

  // With a kernel, a new view follows. Without one the stitch stays, and its price is told anew.
  changeUnit() {
    this.slider.configure();
    if (!this.model.get("views")) return;
    const stitch = this.stitch;
    this.model.set("selected", stitch);
    this.model.set("budget", priceOf(viewOf(this.model), stitch));
    this.rebuild();
  }

  save(message) {
    if (!message.save) return;
    const picture = { ...PICTURE, format: message.save, filename: message.name };
    plotly().downloadImage(this.box, picture);
  }

  // Returns what ends it.
  listen() {
    const heard = {
      "change:view change:shown change:log": () => this.rebuild(),
      "change:budget change:selected": () => this.follow(),
      "change:card change:pinned": this.place,
      "change:note": () => this.tell(),
      "change:unit": () => this.changeUnit(),
      "msg:custom": (message) => this.save(message),
    };
    for (const [names, act] of Object.entries(heard)) this.model.on(names, act);
    const resized = new ResizeObserver(() => fit(this.box));
    resized.observe(this.box);
    const endTheme = watchTheme(() => this.redraw());
    this.box.on("plotly_afterplot", () => this.drawn());
    return () => {
      for (const [names, act] of Object.entries(heard)) this.model.off(names, act);
      resized.disconnect();
      endTheme();
      plotly().purge(this.box);
    };
  }
}

// Before, an element has neither size nor colours.
function untilShown(el) {
  if (el.isConnected) return null;
  return new Promise((done) => {
    const sized = new ResizeObserver(() => {
      sized.disconnect();
      done();
    });
    sized.observe(el);
  });
}

export async function render({ model, el }) {
  placeSentences();
  const curve = new Curve(model, el);
  curve.build();
  curve.tell();
  await untilShown(el);
  await untilPlotly(model);
  await curve.draw();
  curve.follow();
  curve.drawn();
  put(model, { drawn: true });
  curve.tour.greet();
  return curve.listen();
}
