// Asks now and then whether the queues have changed, and only while somebody looks. Counts and
// marks are put in place; no row moves or comes in before the person asks for it.
const EVERY = 15000;
const list = document.querySelector("[data-live]");
const bar = document.querySelector("[data-live-bar]");
const button = bar?.querySelector("button");
let pause = EVERY;
let asked = Date.now();
let fresh = null;
let timer = 0;

const rowsOf = (root) => new Map([...root.querySelectorAll(".row-line")].map((row) => [row.querySelector(".row-ref").getAttribute("href"), row]));

function recount(page) {
  for (const link of document.querySelectorAll("[data-queue]")) {
    const now = page.querySelector(`[data-queue="${link.dataset.queue}"]`);
    const [mine, theirs] = [link, now].map((one) => one?.querySelector(".queue-n"));
    if (!mine || !theirs) continue;
    mine.textContent = theirs.textContent;
    mine.className = theirs.className;
    link.classList.toggle("is-late", now.classList.contains("is-late"));
  }
}

function mark(row, word) {
  row.classList.add("is-changed");
  let told = row.querySelector(".row-told");
  if (!told) {
    told = document.createElement("span");
    told.className = "row-told visually-hidden";
    row.querySelector(".row-ref").append(told);
  }
  told.textContent = ` ${word}`;
}

function compare(page) {
  const [mine, theirs] = [rowsOf(list), rowsOf(page)];
  let changed = [...theirs.keys()].filter((key) => !mine.has(key)).length;
  for (const [key, row] of mine) {
    const now = theirs.get(key);
    if (now && now.dataset.v === row.dataset.v) continue;
    changed += 1;
    mark(row, now ? bar.dataset.changed : bar.dataset.gone);
    row.classList.toggle("is-gone", !now);
    // Cells of one line each: what is in them changes, where they are does not.
    for (const cell of now ? [".row-next", ".row-due", ".row-last", ".row-for"] : []) {
      row.querySelector(cell).replaceWith(now.querySelector(cell));
    }
  }
  if (!changed) return;
  const words = changed === 1 ? bar.dataset.one : bar.dataset.many.replace("{n}", changed);
  const span = button.querySelector("span");
  if (span.textContent !== words) span.textContent = words;
  button.hidden = false;
}

async function look() {
  asked = Date.now();
  try {
    const answer = await fetch(list.dataset.live, { headers: { "If-None-Match": list.dataset.etag }, cache: "no-store" });
    if (answer.redirected) return; // signed out: nothing more to ask
    pause = answer.ok || answer.status === 304 ? EVERY : Math.min(pause * 2, 8 * EVERY);
    if (answer.status === 200) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      fresh = page.querySelector("[data-live]");
      list.dataset.etag = answer.headers.get("ETag");
      recount(page);
      compare(fresh);
      countViews();
    }
  } catch {
    pause = Math.min(pause * 2, 8 * EVERY);
  }
  wait();
}

function wait() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(look, Math.max(0, asked + pause - Date.now()));
}

async function countViews() {
  const views = document.querySelector("[data-views]");
  if (!views?.querySelector("[data-view]")) return;
  const answer = await fetch(views.dataset.views + location.search, { cache: "no-store" });
  if (!answer.ok || answer.redirected) return;
  const counts = await answer.json();
  for (const link of views.querySelectorAll("[data-view]")) {
    const n = counts[link.dataset.view] ?? "";
    const place = link.querySelector(".queue-n");
    place.textContent = n;
    place.classList.toggle("is-none", n === "0" || n === "");
  }
}

if (list && bar) {
  button.addEventListener("click", () => {
    if (!fresh) return;
    list.replaceChildren(...fresh.childNodes);
    fresh = null;
    button.hidden = true;
    list.focus();
  });
  document.addEventListener("visibilitychange", wait);
  wait();
  countViews().catch(() => {});
}
