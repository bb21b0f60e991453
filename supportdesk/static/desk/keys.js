// Single keys, as people know them from mail. Which there are stands in one table of the desk
// (tickets/desk/shortcuts.py), which comes with this script's own tag; what each does, in acts.js.
{
  const tag = document.currentScript.dataset;
  const KEYS = new Map(tag.keys.split(" ").map((one) => {
    const at = one.indexOf(":", 1);
    return [one.slice(0, at), one.slice(at + 1)];
  }));
  const firsts = new Set([...KEYS.keys()].filter((key) => key.length > 1).map((key) => key[0]));
  const OFF = `desk-keys-off-${tag.person}`;
  const WAIT = 2000; // between "g" and what follows
  const MAC = /^(Mac|iP)/.test(navigator.platform);
  let begun = "", over = 0;

  // Whether single keys are switched off: by this person, in this browser.
  const keys = {
    get off() {
      try { return localStorage.getItem(OFF) === "off"; } catch { return false; }
    },
    set off(value) {
      try { value ? localStorage.setItem(OFF, "off") : localStorage.removeItem(OFF); } catch { /* refused */ }
    },
  };

  const NO_TEXT = /^(checkbox|radio|button|submit|reset|image|color)$/;
  const typing = (one) => one.closest?.("textarea, select, [contenteditable], [role=combobox]") ||
    (one.matches?.("input") && !NO_TEXT.test(one.type));

  // A letter is told by what it writes; where that is no Latin letter (Korean, Cyrillic, or a
  // syllable on its way), by where it lies. A capital is none of the keys.
  const SIGNS = { Slash: "/", Period: "." };
  function letter(event) {
    const { key, code, shiftKey } = event;
    const foreign = event.isComposing || key === "Process" || (key.length === 1 && key > "~");
    const one = foreign ? /^Key([A-Z])$/.exec(code)?.[1] ?? SIGNS[code] : key;
    if (one === "/" && foreign && shiftKey) return "?";
    if (one?.length !== 1 || (shiftKey && /[a-z]/i.test(one))) return undefined;
    return one.toLowerCase();
  }

  function pressed(event) {
    const one = letter(event);
    if (!one) return;
    const whole = Date.now() < over && KEYS.has(begun + one) ? begun + one : one;
    begun = "";
    if (whole === one && firsts.has(one) && !KEYS.has(one)) {
      [begun, over] = [one, Date.now() + WAIT];
      return event.preventDefault();
    }
    const name = KEYS.get(whole);
    if (!name || (event.repeat && name !== "up" && name !== "down")) return;
    if (deskActs.act(name)) event.preventDefault();
  }

  function leave(event) {
    if (!typing(event.target) || event.isComposing) return;
    // A search field is emptied first; the next one leaves it.
    if (event.target.type === "search" && event.target.value) return;
    event.target.blur();
  }

  function send(event) {
    const form = event.target.form ?? event.target.closest?.("form[method=post]");
    if (form?.method !== "post" || event.target.matches("[data-compose] textarea")) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit].btn-primary, button[type=submit]:not([formaction])"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const ctrl = MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (ctrl && !event.altKey && !event.shiftKey && event.code === "KeyK") {
      event.preventDefault();
      return deskActs.act("palette");
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return event.repeat || send(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return leave(event);
    if (!keys.off && !typing(event.target)) pressed(event);
  });
  window.deskKeys = keys;
}
