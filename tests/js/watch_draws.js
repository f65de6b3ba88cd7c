plot => {     // from now on, where the points were each time the plot was drawn
  const drawn = plot.drawn = [];
  plot.on("plotly_afterplot", () => {
    const points = [...plot.querySelectorAll(".points path.point")];
    drawn.push(points.map(p => p.getAttribute("transform")).join());
  });
}
