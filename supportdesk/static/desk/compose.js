// Ctrl+Enter sends; a half-written message is not lost by walking away.
for (const form of document.querySelectorAll("[data-compose]")) {
  const text = form.querySelector("textarea");
  let sending = false;
  form.addEventListener("submit", () => { sending = true; });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!sending && text.value !== text.defaultValue) event.preventDefault();
  });
}
