// plotly's script as a widget. A page that is opened again makes all its widgets at once, and
// anywidget gives each two seconds: so the long script is read when they are made. (In brackets
// a browser compiles the function at once, and does not go through it twice.)
const read = (function () {
  {{ script }}
});

const soon = globalThis.requestIdleCallback ?? ((f) => setTimeout(f, 50));
soon(read);

export default {};
