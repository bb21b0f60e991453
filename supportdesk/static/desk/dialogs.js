// The help and the palette are asked for when somebody wants them for the first time; what is
// typed while they come is kept. Where they do not come, their pages say why.
{
  const asks = document.currentScript.dataset;
  const dialogs = new Map();
  const ticket = /^\/desk\/(?:tickets|claims)\/([^/]+)\//.exec(location.pathname)?.[1] ?? "";

  async function ask(address) {
    let typed = "";
    const hold = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter") typed += "\n";
      else if (event.key.length === 1 && !typed.endsWith("\n")) typed += event.key;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener("keydown", hold, true);
    try {
      const query = new URLSearchParams({ show: "dialog", ...(ticket && { ticket }) });
      const answer = await fetch(`${address}?${query}`, { cache: "no-store" });
      if (answer.redirected || !answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const dialog = document.adoptNode(page.querySelector("dialog"));
      // A press beside it closes it, as Escape does.
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
      document.body.append(dialog);
      return [dialog, typed];
    } finally {
      window.removeEventListener("keydown", hold, true);
    }
  }

  async function show(name) {
    const open = document.querySelector("dialog[open]");
    open?.close();
    if (dialogs.get(name) === null || (open && open === dialogs.get(name))) return;
    let typed = "";
    if (!dialogs.has(name)) {
      dialogs.set(name, null); // on its way
      try {
        const [dialog, words] = await ask(asks[name]);
        dialogs.set(name, dialog);
        typed = words;
      } catch {
        dialogs.delete(name);
        return location.assign(asks[name]);
      }
    }
    const dialog = dialogs.get(name);
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("desk:shown", { bubbles: true, detail: typed }));
  }

  for (const name of ["help", "palette"]) {
    deskActs.acts[name] = (look) => { if (!look) show(name); return true; };
  }
  document.querySelector("a[data-key=help]")?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show("help");
  });
}
