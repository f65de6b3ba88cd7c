() => {     // which stitch the ring marks, and where it is drawn, in units of the plot
  const ring = document.querySelector(".wb-ring");
  const axis = ring.closest(".js-plotly-plot")._fullLayout.xaxis;
  const [, x] = /translate\(([-\d.]+)/.exec(ring.getAttribute("transform"));
  return { stitch: +ring.dataset.stitch, x: axis.p2d(+x) };
}
