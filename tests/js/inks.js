() => {     // the colour of the page's words, and of the plot's
  const colour = (selector, property) => {
    const style = getComputedStyle(document.querySelector(selector));
    return style[property].match(/\d+/g).slice(0, 3).join();
  };
  return [colour(".wb-curve", "color"), colour(".wb-plot .xtick text", "fill")];
}
