// What a budget buys. The same rule is in window/state.py; tests/test_pick.py holds them together.

const CLOSE = 1e-9; // what costs less than this more is still within the budget
const PREFIXES = { k: 1e3, m: 1e6, g: 1e9 };
const AMOUNT = /^([+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?)\s*([kmg])?\s*(macs?|parameters?|b|ms)?$/i;

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

// '10.5' and '10,5' are in units of the plot, of which one is `scale`; '10M', '0.3G' and
// '10 MMACs' say theirs. NaN: no number.
export function readBudget(text, scale) {
  const found = AMOUNT.exec(text.trim());
  if (!found) return NaN;
  const [, digits, prefix, unit] = found;
  const number = Number(digits.replace(",", "."));
  if (!prefix && !unit) return number;
  return (number * (PREFIXES[prefix?.toLowerCase()] ?? 1)) / scale;
}

export function shortened(value) {
  return +(+value).toFixed(3);
}

// What became of a typed budget: its value, if there is one, and what is to be said of it.
export function typedBudget(text, { least, most, scale }) {
  const asked = readBudget(text, scale);
  if (Number.isNaN(asked)) return { budget: null, hint: `“${text.trim()}” is no number` };
  const budget = Math.min(Math.max(asked, least), most);
  // what is shown has three decimals: who types it again is not told that it is clamped
  const clamped = shortened(asked) !== shortened(budget);
  return { budget, hint: clamped ? `clamped to ${shortened(budget)}` : "" };
}
