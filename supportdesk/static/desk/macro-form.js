// A placeholder that is pressed goes into the text that was written last.
{
  let last = document.querySelector("[data-placeholders]");
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-placeholders]")) last = event.target;
  });
  for (const name of document.querySelectorAll("[data-placeholder]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.append(name.textContent);
    button.addEventListener("click", () => {
      last.setRangeText(name.textContent, last.selectionStart, last.selectionEnd, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
      last.focus();
    });
    name.replaceWith(button);
  }
}
