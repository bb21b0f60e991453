// Macros beside the composer: the keyboard finds them, and "Use the text only" puts the words where
// somebody writes, without leaving the page.
{
  const write = document.querySelector("[data-compose]");

  function use(form) {
    const text = write.querySelector("textarea"), words = form.querySelector("[data-text]").value;
    const kind = write.querySelector(`[name="kind"][value="${form.dataset.kind}"]`);
    const then = write.elements.then_state;
    if (kind && !kind.checked) {
      kind.checked = true;
      kind.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (form.dataset.then && [...then.options].some((one) => one.value === form.dataset.then)) {
      then.value = form.dataset.then;
    }
    text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    form.closest("details")?.removeAttribute("open");
    text.focus();
  }

  document.addEventListener("submit", (event) => {
    if (!write || !event.target.matches("[data-use]")) return;
    event.preventDefault();
    use(event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !event.target.closest("[data-macros]")) return;
    const links = [...document.querySelectorAll("[data-macros] .macro-list a")];
    const at = links.indexOf(event.target), seeks = event.target.id === "macro-q";
    if (event.key === "Enter" && seeks) {
      event.preventDefault();
      links[0]?.click();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (seeks || at >= 0)) {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] ?? (next < 0 ? document.getElementById("macro-q") : null))?.focus();
    } else if (event.key === "Escape" && event.target.closest("details[open]")) {
      const box = event.target.closest("details[open]");
      box.open = false;
      box.querySelector("summary").focus();
    }
  });

  // What has come takes the focus: the search of a list, or the macro that was chosen.
  document.addEventListener("htmx:afterSettle", (event) => {
    const box = event.target;
    if (!box.matches(".macros-here")) return;
    (box.querySelector("[data-macro-preview]") ?? box.querySelector("#macro-q"))?.focus();
  });
}
