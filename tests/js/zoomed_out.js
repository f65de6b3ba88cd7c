end => document.querySelector(".wb-plot")._fullLayout.xaxis.range[1] === end
