([x, y]) => {     // a place of the plot, in its own units -> pixels of the page
  const plot = document.querySelector(".wb-plot"), layout = plot._fullLayout;
  const box = plot.getBoundingClientRect(), size = layout._size;
  return [box.x + size.l + layout.xaxis.d2p(x), box.y + size.t + layout.yaxis.d2p(y)];
}
