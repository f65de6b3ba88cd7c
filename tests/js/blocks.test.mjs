import assert from "node:assert/strict";
import { test } from "node:test";

import { nextBlock } from "../../snnet_lab/static/blocks.js";

const block = (anchor, x) => ({
  dataset: { anchor: String(anchor) },
  x: { baseVal: { value: x } },
  width: { baseVal: { value: 10 } },
});
const top = [block(0, 0), block(0, 20), block(0, 40)];
const bottom = [block(1, 0), block(1, 30)];
const blocks = [...top, ...bottom];

test("arrows along an anchor go to its next block, and end there", () => {
  assert.equal(nextBlock(blocks, top[0], "ArrowRight"), top[1]);
  assert.equal(nextBlock(blocks, top[1], "ArrowLeft"), top[0]);
  assert.equal(nextBlock(blocks, top[2], "ArrowRight"), undefined);
  assert.equal(nextBlock(blocks, bottom[0], "ArrowLeft"), undefined);
});

test("arrows across go to the block that stands nearest", () => {
  assert.equal(nextBlock(blocks, top[2], "ArrowDown"), bottom[1]);
  assert.equal(nextBlock(blocks, bottom[0], "ArrowUp"), top[0]);
  assert.equal(nextBlock(blocks, top[0], "ArrowUp"), undefined);
});
