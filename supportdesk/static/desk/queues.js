// The chosen queue is brought into sight where the queues are longer than their place. Not by
// scrollIntoView: the Tab key would then begin there, and not at the top of the page.
const chosen = document.querySelector(".queue-link[aria-current]");
for (const box of chosen ? [chosen.closest(".queue-list"), chosen.closest(".desk-queues")] : []) {
  const [its, whole] = [chosen.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollLeft += its.left + its.width / 2 - whole.left - whole.width / 2;
  if (its.bottom > whole.bottom) box.scrollTop += its.bottom - whole.bottom;
}

// A ticket leads back to the list that it was opened from, not to the first of all.
try {
  if (document.querySelector(".row-heads, .search-group")) sessionStorage.setItem("desk-list", location.href);
  const kept = sessionStorage.getItem("desk-list");
  const back = document.querySelector("a.ticket-back[data-list]");
  if (back && kept?.startsWith(`${location.origin}/desk/`)) back.href = kept;
} catch {
  // Storage may be refused; the way back then leads to all that is open.
}
