// What is typed is kept on the server a moment after each pause. What another window had kept
// there is shown, never thrown away in silence.
for (const form of document.querySelectorAll("[data-draft]")) {
  const text = form.querySelector("textarea");
  const told = document.getElementById("compose-kept");
  const other = document.getElementById("compose-other");
  const PAUSE = 800, AGAIN = 5000;
  let timer = 0, asking = false, kept = snapshot(), failed = false;

  function snapshot() {
    return JSON.stringify([
      text.value,
      form.querySelector('[name="kind"]:checked')?.value,
      form.elements.then_state?.value,
    ]);
  }

  function showOther(words) {
    if (!words) return;
    const box = document.createElement("details");
    const line = document.createElement("summary");
    const pre = document.createElement("pre");
    box.className = "compose-other";
    box.open = true;
    line.textContent = told.dataset.other;
    pre.textContent = words;
    box.append(line, pre);
    other.append(box);
  }

  async function keep() {
    const now = snapshot();
    if (now === kept || form.dataset.sent) return;
    if (asking) return later(PAUSE);
    asking = true;
    const body = new FormData(form);
    body.delete("attachments");
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body, redirect: "manual", headers: { Accept: "application/json" },
      });
      if (answer.type === "opaqueredirect" || answer.status === 403) {
        told.textContent = told.dataset.out;
        failed = true;
      } else if (answer.ok) {
        const said = await answer.json();
        form.elements.touched.value = said.touched;
        showOther(said.overwritten);
        kept = now;
        failed = false;
        told.textContent = told.dataset.kept;
      } else {
        throw new Error(answer.status);
      }
    } catch {
      failed = true;
      told.textContent = told.dataset.not;
    }
    asking = false;
    if (snapshot() !== kept) later(failed ? AGAIN : PAUSE);
  }

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(keep, pause);
  }

  form.addEventListener("input", (event) => {
    if (event.target.type !== "file") later(PAUSE);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") keep();
  });
  window.addEventListener("beforeunload", (event) => {
    if (failed && !form.dataset.sent && snapshot() !== kept) event.preventDefault();
  });
  // With a script nobody has to keep a draft by hand.
  form.querySelector("[data-keep]")?.setAttribute("hidden", "");
  form.addEventListener("keep-now", keep);
}
