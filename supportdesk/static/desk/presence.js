// Says who else has this ticket open and whether something new was said, and tells the others of
// this page; only while somebody looks at it. Nothing moves under their hands: news is a link.
for (const place of document.querySelectorAll("[data-presence]")) {
  const EVERY = 15000, TYPED = 30000, SOON = 800, AWAY = 600000;
  const text = document.querySelector("[data-compose] textarea");
  let known = place.dataset.known, pause = EVERY, timer = 0, asking = false, over = false;
  let typed = -TYPED, toldTyping = false, soon = false;
  let stirred = performance.now(), away = false;

  const typing = () => performance.now() - typed < TYPED;
  const toCustomer = () => text.form.querySelector('[name="kind"]:checked')?.value === "agent";

  function told(more) {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector('[name="csrfmiddlewaretoken"]').value);
    for (const [name, value] of Object.entries(more)) body.set(name, value);
    return body;
  }

  async function ask() {
    if (asking || over) return;
    asking = true;
    soon = false;
    toldTyping = typing();
    const body = told({ seen: place.dataset.seen, known, typing: toldTyping ? "1" : "" });
    try {
      const answer = await fetch(place.dataset.presence, { method: "POST", body, redirect: "manual", cache: "no-store" });
      // Signed out, or the ticket is not theirs to see any more: nothing more to ask.
      over = answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404;
      pause = answer.ok ? EVERY : Math.min(pause * 2, 8 * EVERY);
      if (answer.status === 200) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        place.replaceChildren(...page.body.childNodes);
        known = (answer.headers.get("ETag") ?? "").replace(/^W\/|"/g, "");
      }
    } catch {
      pause = Math.min(pause * 2, 8 * EVERY);
    }
    asking = false;
    wait(typing() && !toldTyping ? SOON : pause);
  }

  function wait(time) {
    clearTimeout(timer);
    // A page that nobody has touched for ten minutes is open, but not looked at.
    away = performance.now() - stirred > AWAY;
    if (away) return;
    if (document.visibilityState === "visible" && !over) timer = setTimeout(ask, time);
  }

  text?.addEventListener("input", () => {
    typed = text.value.trim() && toCustomer() ? performance.now() : -TYPED;
    // The first word is told soon, the others with the next question.
    if (typing() && !toldTyping && !soon) {
      soon = true;
      wait(SOON);
    }
  });

  function stir() {
    stirred = performance.now();
    if (away) wait(SOON);
  }

  for (const sign of ["pointermove", "pointerdown", "keydown", "scroll"]) {
    document.addEventListener(sign, stir, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    stir();
    wait(SOON);
  });
  window.addEventListener("pagehide", () => navigator.sendBeacon(place.dataset.presence, told({ gone: "1" })));
  window.addEventListener("pageshow", () => wait(0));
}
