// In a note, @ suggests colleagues: arrows choose, Enter or Tab takes, Escape leaves.
for (const form of document.querySelectorAll("[data-colleagues]")) {
  const text = form.querySelector("textarea");
  const list = document.getElementById("compose-names");
  let chosen = 0, asked = 0;
  const isNote = () => form.querySelector('[name="kind"]:checked')?.value === "note";
  const called = () => /(^|[^\w@.])@([\p{L}\p{N}._-]{0,40})$/u.exec(text.value.slice(0, text.selectionStart));

  function hide() {
    list.hidden = true;
    list.replaceChildren();
    text.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    chosen = (place + list.children.length) % list.children.length;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    text.setAttribute("aria-activedescendant", list.children[chosen].id);
  }

  function take(name) {
    const found = called();
    if (!found) return hide();
    const end = text.selectionStart, begin = end - found[2].length;
    text.setRangeText(`${name} `, begin, end, "end");
    hide();
    text.focus();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function suggest() {
    const found = isNote() && called();
    if (!found) return hide();
    const mine = ++asked;
    const answer = await fetch(`${form.dataset.colleagues}?q=${encodeURIComponent(found[2])}`).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    const { names } = await answer.json();
    if (!names.length) return hide();
    list.replaceChildren(...names.map((name, at) => {
      const item = document.createElement("li");
      item.id = `colleague-${at}`;
      item.role = "option";
      item.textContent = name;
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(name);
      });
      return item;
    }));
    list.hidden = false;
    mark(0);
  }

  text.setAttribute("aria-controls", list.id);
  text.addEventListener("input", suggest);
  text.addEventListener("blur", () => setTimeout(hide, 150));
  text.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(chosen + (event.key === "ArrowDown" ? 1 : -1));
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") take(list.children[chosen].textContent);
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
  });
}
