// Where a cell of the map lies on the page: ['entered', 'left'], as its axes name the blocks.
([enter, leave]) => {
  const box = document.querySelector(".wb-map-grid .js-plotly-plot");
  const { xaxis, yaxis, _size } = box._fullLayout;
  const at = box.getBoundingClientRect();
  return [at.x + _size.l + xaxis.d2p(enter), at.y + _size.t + yaxis.d2p(leave)];
}
