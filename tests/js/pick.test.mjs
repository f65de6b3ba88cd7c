import assert from "node:assert/strict";
import { test } from "node:test";

import { ceilStep, neighbour, pick, priceOf } from "../../snnet_lab/static/pick.js";

// stitch 7 is beaten: 4 costs less and is better
const view = { ids: [2, 4, 7, 9], costs: [1, 2, 2.5, 8], best: [2, 4, 9], step: 0.001 };

test("a budget buys the best within it", () => {
  assert.equal(pick(view, 1, 9), 2);
  assert.equal(pick(view, 7.999, 2), 4);
  assert.equal(pick(view, 8, 2), 9);
});

test("a budget below the cheapest buys the cheapest", () => {
  assert.equal(pick(view, 0.5, 9), 2);
});

test("a stitch picked by hand stays while the budget is its price", () => {
  assert.equal(pick(view, priceOf(view, 7), 7), 7);
  assert.equal(pick(view, 2.5, 2), 4);
  assert.equal(pick(view, 2.502, 7), 4);
});

test("keys go along the frontier and stop at its ends", () => {
  assert.equal(neighbour(view, 7, true), 9);
  assert.equal(neighbour(view, 7, false), 4);
  assert.equal(neighbour(view, 9, true), 9);
  assert.equal(neighbour(view, 2, false), 2);
});

test("prices are whole steps, never below the cost", () => {
  assert.equal(ceilStep(1, 0.5), 1);
  assert.equal(ceilStep(1.1, 0.5), 1.5);
  assert.equal(ceilStep(1 + 1e-12, 0.001), 1);
});
