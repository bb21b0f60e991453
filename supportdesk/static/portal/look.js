// Looks at a film before it is sent: is it very short, is it black? Hints only; what this browser
// cannot open, the server will. `lookAtFile(file)` gives codes of advice; their words stand in the
// page (data-look).
{
  const SHORT = 15;       // seconds, as the server has it: SHORT_UNBOXING
  const [BLACK, LIGHTS] = [24, 48];  // of 255: a frame's mean light, and its brightest spot's
  const PATIENCE = 6000;  // milliseconds for all of it
  const PLACES = [0.1, 0.35, 0.6, 0.85];

  const happens = (film, what) => new Promise((done, lost) => {
    film.addEventListener(what, done, { once: true });
    film.addEventListener("error", lost, { once: true });
  });

  function isBlack(film, paper) {
    const { width, height } = paper.canvas;
    paper.drawImage(film, 0, 0, width, height);
    const { data } = paper.getImageData(0, 0, width, height);
    const spots = [];
    for (let at = 0; at < data.length; at += 4) spots.push(0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2]);
    return spots.reduce((sum, spot) => sum + spot, 0) / spots.length <= BLACK && Math.max(...spots) <= LIGHTS;
  }

  async function watch(film, address, found) {
    const ready = happens(film, "loadeddata");
    film.muted = true;
    film.playsInline = true;
    film.preload = "auto";
    film.src = address;
    await ready;
    // What a browser records itself may not say how long it is: then nothing is said of it.
    if (!film.videoWidth || !Number.isFinite(film.duration)) return;
    if (film.duration < SHORT) found.push("short");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [32, 18];
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    for (const place of PLACES) {
      const there = happens(film, "seeked");
      film.currentTime = film.duration * place;
      await there;
      if (!isBlack(film, paper)) return;
    }
    found.push("black");
  }

  window.lookAtFile = async (file) => {
    if (!file.type.startsWith("video/") || !file.size) return [];
    const film = document.createElement("video");
    const address = URL.createObjectURL(file);
    const enough = new Promise((done) => { setTimeout(done, PATIENCE); });
    const found = [];
    try {
      await Promise.race([watch(film, address, found), enough]);
    } catch { /* not for this browser: the server looks at it */
    } finally {
      film.removeAttribute("src");
      film.load();
      URL.revokeObjectURL(address);
    }
    return found;
  };
}
