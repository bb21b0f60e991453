// Two films at once: what is done to one happens to the other, from where each stood.
const together = document.querySelector("[data-together]");
const films = [...document.querySelectorAll(".beside video")];

if (together && films.length === 2) {
  let lead = films[0];
  let apart = 0; // seconds by which the second film is ahead

  const other = () => films[lead === films[0] ? 1 : 0];
  const follow = () => {
    const ahead = lead === films[0] ? apart : -apart;
    other().currentTime = Math.max(0, lead.currentTime + ahead);
  };
  const told = {
    play: () => { follow(); other().play(); },
    pause: () => { other().pause(); follow(); },
    seeked: () => { if (lead.paused) follow(); },
    ratechange: () => { other().playbackRate = lead.playbackRate; },
  };

  together.addEventListener("change", () => {
    apart = films[1].currentTime - films[0].currentTime;
    films[1].playbackRate = films[0].playbackRate;
  });
  for (const film of films) {
    // Whoever was touched last leads; what the other one does because of it is not heard.
    const side = film.closest("section");
    for (const touch of ["pointerdown", "keydown"]) {
      side.addEventListener(touch, () => { lead = film; }, true);
    }
    for (const [event, answer] of Object.entries(told)) {
      film.addEventListener(event, () => { if (together.checked && film === lead) answer(); });
    }
  }
}
