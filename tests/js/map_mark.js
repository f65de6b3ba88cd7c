// Where the map's ring lies: ['entered', 'left'], or nothing.
() => {
  const box = document.querySelector(".wb-map-grid .js-plotly-plot");
  const [{ x, y }] = box.data.filter((trace) => trace.meta === "mark");
  return [...x, ...y];
}
