// A request that waits for its files is sent by itself when they are ready; the customer may stop it.
{
  const held = document.querySelector("[data-held]");
  const form = document.getElementById("send-form");
  const note = held?.querySelector("[data-held-note]");
  const says = note?.querySelector("[role=status]");
  let timer = 0;
  let bad = held ? held.querySelectorAll(".is-problem").length : 0; // those that were told already

  const stop = (text) => {
    clearTimeout(timer);
    timer = 0;
    says.textContent = text;
    note.querySelector("button").hidden = true;
  };

  function draw(file) {
    const row = held.querySelector(`[data-file="${file.id}"]`);
    if (!row) return;
    row.className = `file is-${file.state}`;
    row.querySelector(".file-words").textContent = file.words;
  }

  async function look() {
    let wait = 2000;
    try {
      const answer = await fetch(held.dataset.state, { headers: { Accept: "application/json" } });
      const state = await answer.json();
      const problems = state.files.filter((file) => file.state === "problem").length;
      state.files.forEach(draw);
      if (problems > bad) { stop(held.dataset.bad); return; }
      if (!state.held) {
        stop(held.dataset.sends);
        form.requestSubmit();
        return;
      }
      if (!state.moving) wait = 5000; // it comes from another window, or not at all
    } catch { wait = 5000; }
    if (timer) timer = setTimeout(look, wait);
  }

  if (held && form) {
    note.hidden = false;
    says.textContent = held.dataset.soon;
    note.querySelector("button").addEventListener("click", () => { stop(held.dataset.stopped); form.querySelector("[type=submit]").focus(); });
    timer = setTimeout(look, 1000);
  }
}
