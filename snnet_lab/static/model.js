// What the model knows: with a kernel one view and one card, in a page without one all of them.

export function viewOf(model) {
  return model.get("views")?.[model.get("unit")] ?? model.get("view");
}

// null: the kernel has not told it yet.
export function cardOf(model, stitch) {
  const held = model.get("cards")?.[stitch];
  if (held) return held;
  const card = model.get("card");
  return card?.stitch === stitch ? card : null;
}

export function put(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}
