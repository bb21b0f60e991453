// The film: 0.5-4 times the speed, arrow keys frame by frame, and jumps to frames and moments.
const FRAME = 1 / 30;

function player(root) {
  const film = root.querySelector("video");
  const tools = root.querySelector(".player-tools");
  const jumps = [...root.querySelectorAll("[data-jump]")];
  const frames = jumps.filter((jump) => jump.closest("[data-sheet]"));
  const bar = root.querySelector("[data-bar]");

  const go = (seconds) => {
    film.currentTime = Math.max(0, Math.min(film.duration || Infinity, seconds));
  };
  const step = (by) => {
    film.pause();
    go(film.currentTime + by * FRAME);
  };

  // Where the film stands: on the bar of moments, and in the contact sheet.
  const show = () => {
    const now = film.currentTime + 0.001;
    if (bar && film.duration) {
      bar.querySelector("[data-done]").setAttribute("width", (now / film.duration) * 1000);
    }
    const here = frames.filter((frame) => Number(frame.dataset.jump) <= now).pop();
    for (const frame of frames) {
      if (frame === here) frame.setAttribute("aria-current", "true");
      else frame.removeAttribute("aria-current");
    }
  };

  tools.hidden = false;
  for (const button of tools.querySelectorAll("[data-frame]")) {
    button.addEventListener("click", () => step(Number(button.dataset.frame)));
  }
  tools.querySelector("[data-speed]").addEventListener("change", (event) => {
    film.playbackRate = Number(event.target.value);
  });
  film.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    step((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1));
  }, true);
  for (const jump of jumps) {
    jump.addEventListener("click", (event) => {
      // A window of its own was asked for, or this browser cannot play the film.
      if (event.ctrlKey || event.metaKey || event.shiftKey || film.hasAttribute("hidden")) return;
      event.preventDefault();
      go(Number(jump.dataset.jump));
      film.scrollIntoView({ block: "nearest" });
    });
  }
  // One stop of the Tab key for the whole sheet; the arrows walk through it.
  frames.forEach((frame, number) => {
    frame.tabIndex = number ? -1 : 0;
    frame.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = by && frames[number + by];
      if (!next) return;
      event.preventDefault();
      frame.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    frame.addEventListener("focus", () => {
      for (const other of frames) other.tabIndex = other === frame ? 0 : -1;
    });
  });
  bar?.addEventListener("click", (event) => {
    const place = bar.getBoundingClientRect();
    if (film.duration) go(((event.clientX - place.left) / place.width) * film.duration);
  });
  for (const told of ["timeupdate", "seeked", "loadedmetadata"]) film.addEventListener(told, show);
}

document.querySelectorAll("[data-player]").forEach(player);
