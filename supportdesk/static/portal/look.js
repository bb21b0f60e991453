// Looks at a film before it is sent: is it very short, is it black? Hints only; what this browser
// cannot open, the server will. `lookAtFile(file)` gives codes of advice, `askFirst(form, file)`
// shows them in the form and gives whether to send it.
{
  const SHORT = 5;        // seconds
  const BLACK = 12;       // of 255, the mean of a frame's light
  const PATIENCE = 6000;  // milliseconds for all of it
  const PLACES = [0.1, 0.35, 0.6, 0.85];

  const happens = (film, what) => new Promise((done, lost) => {
    film.addEventListener(what, done, { once: true });
    film.addEventListener("error", lost, { once: true });
  });

  function light(film, paper) {
    const { width, height } = paper.canvas;
    paper.drawImage(film, 0, 0, width, height);
    const { data } = paper.getImageData(0, 0, width, height);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum += 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
    return sum / (width * height);
  }

  async function watch(film, address) {
    const ready = happens(film, "loadeddata");
    film.muted = true;
    film.playsInline = true;
    film.preload = "auto";
    film.src = address;
    await ready;
    const found = [];
    // What a browser records itself may not say how long it is: then nothing is said of it.
    if (!film.videoWidth || !Number.isFinite(film.duration)) return found;
    if (film.duration < SHORT) found.push("short");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [32, 18];
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    for (const place of PLACES) {
      const there = happens(film, "seeked");
      film.currentTime = film.duration * place;
      await there;
      if (light(film, paper) >= BLACK) return found;
    }
    return [...found, "black"];
  }

  window.lookAtFile = async (file) => {
    if (!file.type.startsWith("video/") || !file.size) return [];
    const film = document.createElement("video");
    const address = URL.createObjectURL(file);
    const enough = new Promise((done) => { setTimeout(done, PATIENCE, []); });
    try {
      return await Promise.race([watch(film, address), enough]);
    } catch {
      return [];
    } finally {
      film.removeAttribute("src");
      film.load();
      URL.revokeObjectURL(address);
    }
  };

  function button(text, kind) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = kind;
    made.textContent = text;
    return made;
  }

  window.askFirst = async (form, file) => {
    const place = form.querySelector("[data-look]");
    if (!place) return true;
    const hints = (await window.lookAtFile(file)).map((code) => place.dataset[code]).filter(Boolean);
    if (!hints.length) return true;
    const asked = document.createElement("div");
    const lead = document.createElement("strong");
    const list = document.createElement("ul");
    lead.textContent = `${file.name}. ${place.dataset.lead}`;
    list.append(...hints.map((hint) => Object.assign(document.createElement("li"), { textContent: hint })));
    const send = button(place.dataset.anyway, "btn btn-primary");
    const other = button(place.dataset.other, "btn");
    const choice = document.createElement("div");
    choice.className = "row-wrap";
    choice.append(send, other);
    asked.append(lead, list, choice);
    place.append(asked);
    place.hidden = false;
    send.focus();
    const answer = await new Promise((done) => {
      send.addEventListener("click", () => done(true), { once: true });
      other.addEventListener("click", () => done(false), { once: true });
    });
    asked.remove();
    place.hidden = !place.childElementCount;
    if (!answer) form.querySelector("input[type=file]").focus();
    return answer;
  };
}
