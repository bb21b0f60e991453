// The way back is shown for ten seconds; while somebody is on it, it stays.
for (const bar of document.querySelectorAll("[data-undo]")) {
  const form = bar.querySelector("form");
  const over = () => {
    if (bar.matches(":hover") || bar.contains(document.activeElement)) return setTimeout(over, 1000);
    form.remove();
    bar.classList.remove("undo-bar");
  };
  setTimeout(over, 10000);
}
