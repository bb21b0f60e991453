// How long a reply can still be taken back; when it is gone the page is read anew, unless
// somebody writes: then nothing moves under their hands.
for (const line of document.querySelectorAll("[data-left]")) {
  const words = line.querySelector("[data-countdown]");
  const end = performance.now() + Number(line.dataset.left) * 1000;
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left > 0) {
      words.textContent = line.dataset.says.replace("%s", left);
      return setTimeout(tick, 250);
    }
    words.textContent = line.dataset.done;
    line.querySelector("button")?.remove();
    setTimeout(() => {
      const text = document.querySelector("[data-compose] textarea");
      if (!text || text.value === text.defaultValue) location.reload();
    }, 2500);
  };
  tick();
}
