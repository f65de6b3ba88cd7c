// plotly's script, evaluated once in a page, however many windows there are.
globalThis.snnetLabPlotly ??= (() => {
  const module = { exports: {} };
  const define = undefined;
  {{ source }}
  return module.exports;
})();
