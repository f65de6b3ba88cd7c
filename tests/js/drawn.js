windows => {     // so many windows show the curve and a stitch's card; or a cell has failed
  if (document.querySelector('[data-mime-type$="jupyter.error"]')) return true;
  const rings = document.querySelectorAll(".wb-ring").length;
  const cards = document.querySelectorAll(".wb-card[data-stitch]").length;
  return rings === windows && cards === windows;
}
