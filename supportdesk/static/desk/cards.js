// Remembers which cards are folded, per card and not per ticket.
for (const card of document.querySelectorAll("details[data-card]")) {
  const key = `desk-card-${card.dataset.card}`;
  try {
    const kept = localStorage.getItem(key);
    if (kept !== null && !location.hash.includes(card.id || "-")) card.open = kept === "open";
    card.addEventListener("toggle", () => localStorage.setItem(key, card.open ? "open" : "folded"));
  } catch {
    // Storage may be refused; the cards then open as they come.
  }
}
