// The dashed line of the budget can be dragged, where no point lies under the mouse.

const NEAR = { mouse: 6, touch: 16 }; // pixels

// `act`: lineAt() the line's place, pixels from the left of the plot's area; budgetAt(x) there;
// preview(budget) while it is dragged, settle(budget) when it is let go.
export function dragLine(box, act) {
  let held = false;
  let budget = null;

  function across(event) {
    const area = box.querySelector(".nsewdrag")?.getBoundingClientRect();
    if (!area) return null;
    const inside = event.clientY >= area.top && event.clientY <= area.bottom;
    return { x: event.clientX - area.left, inside };
  }

  function isNear(event) {
    const at = across(event);
    if (!at?.inside || event.target.closest(".modebar")) return false;
    if (box._hoverdata?.length) return false; // a point, which can be clicked
    const near = NEAR[event.pointerType] ?? NEAR.mouse;
    return Math.abs(at.x - act.lineAt()) <= near;
  }

  function press(event) {
    if (event.button !== 0 || !isNear(event)) return;
    held = true;
    budget = null;
    box.setPointerCapture(event.pointerId);
    event.preventDefault(); // plotly hears of no press, and draws no box
    event.stopPropagation();
  }

  function move(event) {
    if (!held) {
      box.classList.toggle("wb-on-line", isNear(event));
      return;
    }
    event.stopPropagation();
    budget = act.budgetAt(across(event).x);
    act.preview(budget);
  }

  function letGo(event) {
    if (!held) return;
    held = false;
    event.stopPropagation();
    if (budget !== null) act.settle(budget);
  }

  // a finger's press, which plotly hears of by itself
  function touch(event) {
    if (!held) return;
    event.preventDefault();
    event.stopPropagation();
  }

  box.addEventListener("pointerdown", press, true);
  box.addEventListener("pointermove", move, true);
  box.addEventListener("pointerup", letGo, true);
  box.addEventListener("pointercancel", letGo, true);
  for (const name of ["mousedown", "mousemove"]) {
    box.addEventListener(name, (event) => held && event.stopPropagation(), true);
  }
  box.addEventListener("touchstart", touch, { capture: true, passive: false });
}
