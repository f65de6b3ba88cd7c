// A model as small as one can be, with the methods of Jupyter's and everything at hand.

export function heldModel(values) {
  const listeners = new Map(); // event -> functions

  function listenersOf(names) {
    return names.split(" ").map((name) => {
      if (!listeners.has(name)) listeners.set(name, new Set());
      return listeners.get(name);
    });
  }

  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const act of [...(listeners.get(`change:${name}`) ?? [])]) act();
    },
    on(names, act) {
      for (const known of listenersOf(names)) known.add(act);
    },
    off(names, act) {
      for (const known of listenersOf(names)) known.delete(act);
    },
    save_changes() {}, // there is nobody to tell
  };
}
