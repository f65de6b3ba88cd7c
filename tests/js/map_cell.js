([enter, leave]) => {     // a cell of the map, as its axes name the blocks -> pixels of the page
  const box = document.querySelector(".wb-map-grid .js-plotly-plot");
  const { xaxis, yaxis, _size } = box._fullLayout;
  const at = box.getBoundingClientRect();
  return [at.x + _size.l + xaxis.d2p(enter), at.y + _size.t + yaxis.d2p(leave)];
}
