// Says opening hours on the reader's own clock too, where it differs from the store's.
{
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const day = { weekday: "short" };
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const both = { ...day, ...clock };

  const shown = (at, timeZone, parts) =>
    new Intl.DateTimeFormat(document.documentElement.lang, { timeZone, ...parts }).format(at);
  const differs = (at, zone) => Boolean(own) && shown(at, own, both) !== shown(at, zone, both);

  for (const note of document.querySelectorAll("[data-here]")) {
    const at = new Date(note.dataset.here);
    if (!differs(at, note.dataset.hereZone)) continue;
    note.textContent = note.dataset.hereSays.replace("%s", shown(at, own, both));
    note.hidden = false;
  }

  for (const table of document.querySelectorAll("table[data-here-table]")) {
    const times = [...table.querySelectorAll("time")];
    if (!times.some((time) => differs(new Date(time.dateTime), table.dataset.hereTable))) continue;
    for (const row of table.rows) row.cells[2].hidden = false;
    for (const span of table.querySelectorAll(".span")) {
      const [from, to] = [...span.querySelectorAll("time")].map((time) => new Date(time.dateTime));
      const same = shown(from, own, day) === shown(to, own, day);
      const said = document.createElement("span");
      said.className = "span";
      said.textContent = `${shown(from, own, both)}–${shown(to, own, same ? clock : both)}`;
      span.closest("tr").cells[2].append(said);
    }
  }
}
