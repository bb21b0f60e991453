// Points out the moments of a film: "Now" takes the player's second, a chip jumps back to it.
// Without this file the times are typed.
const form = document.querySelector("form[data-moments]");
const film = document.querySelector("[data-film]");
const said = document.querySelector("[data-said]");
const moments = [...document.querySelectorAll("[data-moment]")];
const frames = [...document.querySelectorAll("[data-at]")];
let plays = true;   // until the browser says that it cannot
let picked = null;  // the second of the picture that was chosen instead
let changed = false;

const two = (n) => String(n).padStart(2, "0");

function words(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function seconds(text) {
  return text.split(":").reduce((sum, part) => sum * 60 + (Number(part) || 0), 0);
}

function go(at) {
  if (plays) film.currentTime = at;
  else pick(at);
}

function pick(at) {
  picked = at;
  const gaps = frames.map((frame) => Math.abs(Number(frame.dataset.at) - at));
  const nearest = gaps.indexOf(Math.min(...gaps));
  frames.forEach((frame, place) => frame.firstChild.setAttribute("aria-pressed", String(place === nearest)));
  moments.forEach(show);
}

function show(moment) {
  const input = moment.querySelector("input");
  const chip = moment.querySelector("[data-chip]");
  const canTake = plays || picked !== null;
  const wrong = input.getAttribute("aria-invalid") === "true";
  chip.hidden = !canTake || wrong || !input.value;
  chip.querySelector("[data-time]").textContent = input.value;
  moment.querySelector("[data-now]").hidden = !canTake;
  input.hidden = canTake && !wrong;
}

function set(moment, text, told) {
  const input = moment.querySelector("input");
  input.value = text;
  input.removeAttribute("aria-invalid");
  changed = true;
  show(moment);
  said.textContent = `${moment.querySelector("label").textContent}: ${told}`;
}

function turn(on) {
  plays = on;
  film.parentElement.hidden = !on;
  document.querySelector("[data-cannot-play]").hidden = on;
  const fold = document.querySelector("[data-frames]");
  if (fold && !on) fold.open = true;
  moments.forEach(show);
}

for (const moment of moments) {
  const now = moment.querySelector("[data-now]");
  now.addEventListener("click", () => {
    const at = words(plays ? film.currentTime : picked);
    set(moment, at, at);
  });
  moment.querySelector("[data-jump]").addEventListener("click", () => go(seconds(moment.querySelector("input").value)));
  moment.querySelector("[data-drop]").addEventListener("click", () => { set(moment, "", form.dataset.taken); now.focus(); });
  moment.querySelector("input").addEventListener("input", () => { changed = true; });
  show(moment);
}

for (const frame of frames) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...frame.childNodes);
  button.addEventListener("click", () => go(Number(frame.dataset.at)));
  frame.append(button);
}

const stuck = () => film.error || film.networkState === HTMLMediaElement.NETWORK_NO_SOURCE;
film.addEventListener("error", () => turn(false));
film.querySelector("source:last-of-type").addEventListener("error", () => turn(false));
// Sound alone is no film: a browser without the codec plays just that.
film.addEventListener("loadedmetadata", () => turn(film.videoWidth > 0));
// It may have failed before this script was here; while it chooses it looks the same, for a moment.
setTimeout(() => { if (stuck()) turn(false); }, 500);
form.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
