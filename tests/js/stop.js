panel => new Promise(resolve => {     // press Stop; milliseconds until it can be started again
  const stop = document.querySelector(`.wb-${panel}-stop`), began = performance.now();
  const seen = new MutationObserver(() => {
    if (document.querySelector(`.wb-${panel}-go`).disabled) return;
    seen.disconnect();
    resolve(performance.now() - began);
  });
  seen.observe(document.querySelector(".wb-root"), { subtree: true, attributes: true });
  stop.click();
})
