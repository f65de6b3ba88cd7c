import assert from "node:assert/strict";
import { test } from "node:test";

import { ceilStep, neighbour, pick, priceOf, readBudget, typedBudget } from "../../snnet_lab/static/pick.js";

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

test("a budget is read as people write it", () => {
  const million = 1e6; // the plot's unit
  const read = (text) => readBudget(text, million);
  assert.deepEqual(["10.5", "10,5", " 10.5 ", ".5", "5."].map(read), [10.5, 10.5, 10.5, 0.5, 5]);
  assert.deepEqual(["10M", "10m", "0.3G", "500k", "1e9"].map(read), [10, 10, 300, 0.5, 1e9]);
  assert.deepEqual(["10 MMACs", "5000000 MACs", "2 MB"].map(read), [10, 5, 2]);
  assert.equal(readBudget("3.5 ms", 1), 3.5);
  assert.equal(read("-5"), -5);
  for (const text of ["abc", "", "1,000,000", "10 apples", "1..2", "Infinity"]) {
    assert.ok(Number.isNaN(read(text)), text);
  }
});

test("what cannot be bought is said", () => {
  const range = { least: 1, most: 41.8874, scale: 1e6 };
  const typed = (text) => typedBudget(text, range);
  assert.deepEqual(typed("10,5"), { budget: 10.5, hint: "" });
  assert.deepEqual(typed("0.3G"), { budget: 41.8874, hint: "clamped to 41.887" });
  assert.deepEqual(typed("-5"), { budget: 1, hint: "clamped to 1" });
  assert.deepEqual(typed("41.887"), { budget: 41.887, hint: "" });
  assert.deepEqual(typed("abc"), { budget: null, hint: "“abc” is no number" });
});
