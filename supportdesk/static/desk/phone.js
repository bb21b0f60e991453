// The call is about this: chosen in the form at once, without loading the page again.
for (const link of document.querySelectorAll("[data-about]")) {
  link.addEventListener("click", (event) => {
    const choice = document.getElementById("call-request");
    if (!choice) return;
    event.preventDefault();
    choice.value = link.dataset.about;
    document.getElementById("call-note").focus();
  });
}
// From the field down to the first of the found, and on from there.
document.getElementById("call-q")?.addEventListener("keydown", (event) => {
  const first = document.querySelector("#found .caller a");
  if (event.key !== "ArrowDown" || !first) return;
  event.preventDefault();
  first.focus();
});
