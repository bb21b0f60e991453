// Ticks in a list: how many there are, all of a page, a stretch by Shift; the bar comes up when
// there is one. Without this the form below the list does the same.
{
  const form = document.querySelector("form[data-bulk]");
  const bar = form?.querySelector("[data-bulk-bar]");

  if (bar) {
    const told = bar.querySelector("[data-bulk-n]");
    const go = bar.querySelector("[data-bulk-go]");
    const extra = [...bar.querySelectorAll("[data-bulk-page], [data-bulk-none]")];
    const boxes = () => [...form.querySelectorAll('input[name="pick"]')];
    let last = null;
    let kept = null;

    // A tick for the whole page, where the columns have their names.
    function heads() {
      for (const place of form.querySelectorAll(".row-heads")) {
        if (place.querySelector(".bulk-all")) continue;
        place.removeAttribute("aria-hidden");
        const [first, ...names] = place.children;
        for (const name of names) name.setAttribute("aria-hidden", "true");
        const label = document.createElement("label");
        label.className = "bulk-all";
        const box = document.createElement("input");
        box.type = "checkbox";
        box.setAttribute("aria-label", bar.dataset.page);
        label.append(box);
        first.replaceWith(label);
      }
    }

    function show() {
      const all = boxes();
      const n = all.filter((box) => box.checked).length;
      told.textContent = n === 0 ? "" : n === 1 ? bar.dataset.one : bar.dataset.many.replace("{n}", n);
      bar.hidden = n === 0;
      for (const one of extra) one.hidden = false;
      if (n) go.dataset.key = "bulk";
      else delete go.dataset.key;
      for (const box of form.querySelectorAll(".bulk-all input")) {
        box.checked = n > 0 && n === all.length;
        box.indeterminate = n > 0 && n < all.length;
      }
    }

    function tick(on, some = boxes()) {
      for (const box of some) box.checked = on;
      show();
    }

    form.addEventListener("click", (event) => {
      const box = event.target;
      if (box.matches?.(".bulk-all input")) return tick(box.checked);
      if (!box.matches?.('input[name="pick"]')) return;
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0) tick(box.checked, all.slice(from, to + 1));
      last = box;
      show();
    });
    form.addEventListener("change", show);
  // Enter on a tick would send the form, first button first: it opens the row, as on all of it.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches?.('[type="checkbox"]')) return;
    event.preventDefault();
    event.target.closest(".row-line")?.querySelector(".row-ref").click();
  });
    bar.querySelector("[data-bulk-page]").addEventListener("click", () => tick(true));
    bar.querySelector("[data-bulk-none]").addEventListener("click", () => tick(false));

    // When newer rows are let in, those that are still there stay ticked.
    const fresh = document.querySelector("[data-live-bar] button");
    fresh?.addEventListener("click", () => { kept = new Set(boxes().filter((box) => box.checked).map((box) => box.value)); }, true);
    fresh?.addEventListener("click", () => {
      last = null;
      heads();
      for (const box of boxes()) box.checked = kept.has(box.value);
      show();
    });

    bar.classList.add("is-up");
    heads();
    show();
    addEventListener("pageshow", show); // the browser may have kept ticks on the way back
  }
}
