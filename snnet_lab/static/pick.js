// What a budget buys. The same rule is in window/state.py; tests/test_pick.py holds them together.

const CLOSE = 1e-9; // what costs less than this more is still within the budget

export function costOf(view, stitch) {
  return view.costs[view.ids.indexOf(stitch)];
}

export function ceilStep(value, step) {
  return Math.ceil(+(value / step).toFixed(6)) * step;
}

// The smallest budget of the slider that buys a stitch.
export function priceOf(view, stitch) {
  return ceilStep(costOf(view, stitch), view.step);
}

// The stitch picked by hand, while the budget is its price; else the best within the budget.
export function pick(view, budget, selected) {
  const spare = budget - costOf(view, selected);
  if (spare >= -CLOSE && spare <= 1.5 * view.step) return selected;
  const affordable = view.best.filter((stitch) => costOf(view, stitch) <= budget + CLOSE);
  return affordable.at(-1) ?? view.best[0];
}

// The next stitch on the frontier, as the arrow keys go; at its end the stitch itself.
export function neighbour(view, stitch, up) {
  const cost = costOf(view, stitch);
  if (up) return view.best.find((other) => costOf(view, other) > cost) ?? stitch;
  return view.best.findLast((other) => costOf(view, other) < cost) ?? stitch;
}
