plot => {     // stitches drawn on the curve
  const drawn = [...plot.querySelectorAll(".scatterlayer .trace")];
  const stitches = drawn.filter(t => ["pair", "anchors"].includes(t.__data__[0].trace.meta));
  return stitches.reduce((n, t) => n + t.querySelectorAll(".points path.point").length, 0);
}
