// Keeps the page in step with what the server knows of the files, while something moves there.
{
  const Portal = (window.Portal ||= {});
  const PAUSE = 2000;
  const root = () => document.querySelector("[data-live]");
  const seen = new Map(); // what was last told of each file
  let timer = 0;
  let last = Promise.resolve();

  Portal.state = async () => {
    const at = root();
    const answer = await fetch(at.dataset.state, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  // Says what became of a file, once.
  function tell(state) {
    const here = new Set();
    for (const file of state.files) {
      here.add(file.id);
      const before = seen.get(file.id);
      if (before?.state === "checking" && file.state !== "checking") Portal.news(`${file.name}: ${file.words}`);
      seen.set(file.id, file);
    }
    for (const [id, file] of seen) {
      if (here.has(id)) continue;
      seen.delete(id);
      if (file.state === "checking") Portal.notice(`${file.name}: ${Portal.words().taken}`);
    }
  }

  // What somebody is at stays under their eyes while the page around it grows or shrinks.
  function anchor(page) {
    const inView = (part) => { const { top, bottom } = part.getBoundingClientRect(); return bottom > 0 && top < innerHeight; };
    const forms = [...page.querySelectorAll("[data-keep]")].filter(inView);
    const form = forms.find((one) => one.querySelector(".progress-list > li")) || forms[0];
    const input = form?.querySelector("input[type=file]");
    const before = input?.getBoundingClientRect().top;
    return () => { if (input?.isConnected) scrollBy({ top: input.getBoundingClientRect().top - before, behavior: "instant" }); };
  }

  // The page as the server draws it now. What is being used (`data-keep`) stays as it is.
  Portal.renew = async () => {
    const answer = await fetch(root().dataset.page || location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [now, next] = [root(), fresh.querySelector("[data-live]")];
    if (!answer.ok || !now || !next) return;
    const focused = document.activeElement;
    for (const fold of now.querySelectorAll("details[id][open]")) {
      const same = next.querySelector(`#${CSS.escape(fold.id)}`);
      if (same) same.open = true;
    }
    document.adoptNode(next);
    const stays = anchor(now);
    for (const row of now.querySelectorAll(".file[data-arrived]")) row.remove();
    for (const kept of now.querySelectorAll("[data-keep]")) {
      const same = next.querySelector(`[data-keep="${CSS.escape(kept.dataset.keep)}"]`);
      if (same) same.replaceWith(kept);
      else if (kept.querySelector(".progress-list > li")) next.append(kept.querySelector(".progress-list"));
    }
    now.replaceWith(next);
    stays();
    if (focused && focused !== document.body) (focused.isConnected ? focused : document.getElementById(focused.id))?.focus({ preventScroll: true });
    Portal.enhance();
  };

  // Arrived, and gone again before we looked: it was one that is here already.
  function takenRows(state) {
    const here = new Set(state.files.map((file) => file.upload));
    for (const row of document.querySelectorAll(".file[data-arrived]")) {
      if (!here.has(row.dataset.key)) Portal.notice(`${row.dataset.arrived}: ${Portal.words().taken}`);
      row.remove();
    }
  }

  async function look() {
    clearTimeout(timer);
    if (!root()) return;
    let moving = true;
    try {
      const state = await Portal.state();
      tell(state);
      if (state.mark !== root().dataset.mark) await Portal.renew();
      else takenRows(state);
      moving = state.moving;
    } catch { /* the line is gone: the next look tells */ }
    root()?.toggleAttribute("data-moving", moving);
    if (moving && !document.hidden) timer = setTimeout(Portal.look, PAUSE);
  }

  // One look after the other.
  Portal.look = () => (last = last.then(look));

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && root()?.hasAttribute("data-moving")) Portal.look();
  });
  addEventListener("load", () => { if (root()?.hasAttribute("data-moving")) Portal.look(); });
}
