import assert from "node:assert/strict";
import { test } from "node:test";

import { heldModel } from "../../snnet_lab/static/held_model.js";
import { cardOf, put, viewOf } from "../../snnet_lab/static/model.js";

test("listeners hear of changes, and only of those", () => {
  const heard = [];
  const model = heldModel({ budget: 1, selected: 2 });
  const act = () => heard.push([model.get("budget"), model.get("selected")]);
  model.on("change:budget change:selected", act);
  put(model, { budget: 1 });
  assert.deepEqual(heard, []);
  put(model, { budget: 3, selected: 4 });
  assert.deepEqual(heard, [
    [3, 2],
    [3, 4],
  ]);
  model.off("change:budget change:selected", act);
  model.set("budget", 5);
  assert.equal(heard.length, 2);
  assert.equal(model.get("budget"), 5);
});

test("with a kernel there is one view and one card", () => {
  const model = heldModel({ view: { ids: [1] }, card: { stitch: 1 }, unit: "macs" });
  assert.deepEqual(viewOf(model), { ids: [1] });
  assert.equal(cardOf(model, 1).stitch, 1);
  assert.equal(cardOf(model, 2), null);
});

test("a page without a kernel has a view for each unit and every card", () => {
  const views = { macs: { least: 1 }, params: { least: 2 } };
  const model = heldModel({ views, cards: { 5: { stitch: 5 } }, unit: "macs" });
  assert.equal(viewOf(model).least, 1);
  model.set("unit", "params");
  assert.equal(viewOf(model).least, 2);
  assert.equal(cardOf(model, 5).stitch, 5);
  assert.equal(cardOf(model, 6), null);
});
