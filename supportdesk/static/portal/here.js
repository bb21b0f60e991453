// Says opening hours on the reader's own clock too, where it differs from the store's.
const lang = document.documentElement.lang;
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

function shown(at, zone, parts) {
  return new Intl.DateTimeFormat(lang, { hourCycle: "h23", timeZone: zone, ...parts }).format(at);
}

const day = { weekday: "short" };
const clock = { hour: "2-digit", minute: "2-digit" };
const both = { ...day, ...clock };

function differs(at, zone) {
  return shown(at, own, both) !== shown(at, zone, both);
}

for (const note of document.querySelectorAll("[data-here]")) {
  const at = new Date(note.dataset.here);
  if (!own || !differs(at, note.dataset.hereZone)) continue;
  note.textContent = note.dataset.hereSays.replace("%s", shown(at, own, both));
  note.hidden = false;
}

for (const table of document.querySelectorAll("table[data-here-table]")) {
  const zone = table.dataset.hereTable;
  const times = [...table.querySelectorAll("time")];
  if (!own || !times.some((time) => differs(new Date(time.dateTime), zone))) continue;
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
