// The palette: what is typed is asked for after a short pause, an answer that is overtaken is
// given up, arrows choose, Enter goes. The focus stays in the field (the combobox pattern).
document.addEventListener("desk:shown", (event) => {
  const dialog = event.target;
  if (!dialog.matches("[data-palette]") || dialog.dataset.ready) return;
  const PAUSE = 120;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const told = dialog.querySelector("[role=status]");
  const options = () => [...list.querySelectorAll("[role=option]:not([hidden])")];
  let timer = 0, asking = null, shown = null, wanted = false;

  function choose(one) {
    for (const each of list.querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
    one?.setAttribute("aria-selected", "true");
    one?.scrollIntoView({ block: "nearest" });
    if (one) field.setAttribute("aria-activedescendant", one.id);
    else field.removeAttribute("aria-activedescendant");
  }

  function take(one) {
    dialog.close();
    if (!one.dataset.does || !deskActs.act(one.dataset.does)) location.assign(one.href);
  }

  // What this page has nothing for is not offered here; a macro takes along what it has shown.
  function fit() {
    const known = document.querySelector("[data-macros] [hx-get*='?']")?.getAttribute("hx-get").split("?")[1];
    for (const one of list.querySelectorAll("[data-carries]")) one.search = known ?? "";
    for (const one of list.querySelectorAll("[data-does]")) one.hidden = !deskActs.can(one.dataset.does);
    for (const group of list.querySelectorAll("[role=group]")) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    const n = options().length;
    list.hidden = n === 0;
    field.setAttribute("aria-expanded", String(n > 0));
    told.textContent = n === 0 ? told.dataset.none : n === 1 ? told.dataset.one : told.dataset.many.replace("{n}", n);
    told.classList.toggle("visually-hidden", n > 0);
    choose(options()[0]);
  }

  async function ask() {
    const words = field.value;
    asking?.abort();
    const mine = asking = new AbortController();
    try {
      const address = `${dialog.dataset.palette}&${new URLSearchParams({ q: words })}`;
      const answer = await fetch(address, { signal: mine.signal, cache: "no-store" });
      if (answer.redirected) return location.reload(); // signed out: the door opens there
      if (!answer.ok) throw new Error(answer.status);
      list.innerHTML = await answer.text();
      list.scrollTop = 0;
      shown = words;
      fit();
      if (field.value !== words) return; // more was typed meanwhile: that is asked for next
      if (wanted && options()[0]) take(options()[0]);
    } catch (error) {
      if (error.name === "AbortError") return;
      told.textContent = told.dataset.not;
      told.classList.remove("visually-hidden");
    }
    if (asking === mine) asking = null;
    wanted = false;
  }

  function move(by) {
    const all = options();
    const here = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    choose(all[(here + by + all.length) % all.length]);
  }

  function begin(typed) {
    field.value = typed.trimEnd();
    shown = null;
    wanted = typed.endsWith("\n");
    ask();
  }

  field.addEventListener("input", () => {
    wanted = false;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && field.value !== shown) wanted = true; // as soon as it is there
    else if (event.key === "Enter") {
      const one = list.querySelector("[aria-selected=true]");
      if (one) take(one);
    } else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[role=option]");
    if (!one || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    take(one);
  });
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    asking?.abort();
    wanted = false;
  });
  dialog.addEventListener("desk:shown", (again) => begin(again.detail));
  dialog.dataset.ready = "yes";
  begin(event.detail);
});
