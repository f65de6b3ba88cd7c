words => document.querySelector(".wb-plot .xtitle")?.textContent.endsWith(words)
