// The film: 0.5-4 times the speed, and arrow keys that go frame by frame.
const FRAME = 1 / 30;

for (const player of document.querySelectorAll("[data-player]")) {
  const film = player.querySelector("video");
  const tools = player.querySelector(".player-tools");
  const step = (frames) => {
    film.pause();
    film.currentTime = Math.max(0, Math.min(film.duration || Infinity, film.currentTime + frames * FRAME));
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
}
