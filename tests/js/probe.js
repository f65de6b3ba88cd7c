() => {     // from the browser's own pointer event to the frame after the ring has moved
  const probe = window.probe = { moved: 0, painted: [] };
  document.addEventListener("pointermove", e => { probe.moved = e.timeStamp; }, true);
  const seen = new MutationObserver(() => {
    const moved = probe.moved;
    requestAnimationFrame(() => {
      const frame = new MessageChannel();
      frame.port1.onmessage = () => probe.painted.push(performance.now() - moved);
      frame.port2.postMessage(0);
    });
  });
  const ring = document.querySelector(".wb-ring");
  seen.observe(ring, { attributes: true, attributeFilter: ["data-stitch"] });
}
