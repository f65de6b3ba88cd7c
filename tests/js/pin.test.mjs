import assert from "node:assert/strict";
import { test } from "node:test";

import { heldModel } from "../../snnet_lab/static/held_model.js";
import { difference, pinnedOf } from "../../snnet_lab/static/pin.js";

test("costs differ in per cent, accuracies in points", () => {
  const macs = { values: [10, 15, 6], in_points: false };
  const top1 = { values: [80, 81.25, null], in_points: true };
  assert.equal(difference(macs, 0, 1), "+50%");
  assert.equal(difference(macs, 0, 2), "−40%");
  assert.equal(difference(top1, 1, 0), "−1.25 points");
  assert.equal(difference(top1, 0, 2), "");
});

test("what is pinned is on the curve, or nothing is", () => {
  const view = { ids: [0, 7] };
  assert.equal(pinnedOf(heldModel({ view, pinned: 7 })), 7);
  assert.equal(pinnedOf(heldModel({ view, pinned: 3 })), null);
  assert.equal(pinnedOf(heldModel({ view })), null);
});
