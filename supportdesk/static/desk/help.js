// The switch that turns single keys off, in the dialog and on the page of the keys.
function keysSwitch(root) {
  const box = root.querySelector("[data-keys-switch]");
  if (!box || box.dataset.ready) return;
  box.dataset.ready = "yes";
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.checked = !deskKeys.off;
  box.addEventListener("change", () => { deskKeys.off = !box.checked; });
}
keysSwitch(document);
document.addEventListener("desk:shown", (event) => keysSwitch(event.target));
