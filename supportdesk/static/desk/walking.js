// "j" and "k" walk over the rows of a list, or the messages of a ticket; whoever comes back from
// a ticket by its key stands where they were, or on what has moved up there.
{
  const { acts, focus, there } = deskActs;
  const rows = () => [...document.querySelectorAll(".row-ref, .draft-list > li > a")];
  const messages = () => [...document.querySelectorAll("#talk > .talk-bubble")];
  const holder = (one) => one.closest(".row-line, li") ?? one;
  const current = (all) => all.findIndex((one) => holder(one).contains(document.activeElement));

  function walk(by, look) {
    const list = rows();
    const all = list.length ? list : messages();
    if (!all.length || look) return all.length > 0;
    const here = current(all);
    // A list is begun at its top, a conversation where it stands now: at its end.
    const begin = list.length ? 0 : all.length - 1;
    const next = all[here < 0 ? begin : Math.max(0, Math.min(all.length - 1, here + by))];
    if (!next.matches("a")) next.tabIndex = -1;
    return focus(next);
  }

  function here(what) {
    const list = rows();
    const row = list[current(list)];
    return row ? what(row) : undefined;
  }

  function kept(name, value) {
    try {
      const was = sessionStorage.getItem(name);
      if (value === null) sessionStorage.removeItem(name);
      else if (value !== undefined) sessionStorage.setItem(name, value);
      return was;
    } catch {
      return null; // storage may be refused: the list then begins at its top
    }
  }

  acts.down = (look) => walk(1, look);
  acts.up = (look) => walk(-1, look);
  acts.open = (look) => here((row) => { if (!look) row.click(); return true; }) ?? false;
  acts.select = (look) => here((row) => {
    const box = holder(row).querySelector("input[type=checkbox]");
    if (box && !look) box.click();
    return Boolean(box);
  }) ?? false;
  acts.list = (look) => {
    const way = there("list");
    if (!way || look) return Boolean(way);
    kept("desk-from", location.pathname);
    way.click();
    return true;
  };

  document.addEventListener("click", (event) => {
    const row = event.target.closest?.(".row-ref");
    if (row) kept("desk-at", String(rows().indexOf(row)));
  });
  const from = kept("desk-from", null);
  const list = rows();
  if (from && list.length) {
    const same = list.find((row) => row.pathname === from);
    focus(same ?? list[Math.min(Number(kept("desk-at")) || 0, list.length - 1)]);
  } else if (from && document.querySelector("[data-live]")) {
    document.querySelector("[data-live]").focus();
  }
}
