// Files go to the draft as soon as they are chosen, dropped or pasted; their checks are followed.
for (const form of document.querySelectorAll("[data-upload]")) {
  const input = form.querySelector('[name="attachments"]');
  const told = document.getElementById("compose-kept");
  const zone = input.closest(".compose-files");

  async function look() {
    const box = document.getElementById("draft-files");
    const answer = await fetch(box.dataset.files);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    box.replaceWith(document.adoptNode(page.getElementById("draft-files")));
    for (const old of document.querySelectorAll("form[id^='take-out-']")) old.remove();
    for (const one of page.querySelectorAll("form[id^='take-out-']")) {
      const ours = document.adoptNode(one);
      form.after(ours);
    }
    if (answer.headers.get("X-Look-Again")) setTimeout(look, 1500);
  }

  async function send(files) {
    if (!files.length) return;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    for (const file of files) body.append("file", file);
    input.disabled = true;
    try {
      const answer = await fetch(form.dataset.upload, {
        method: "POST", body, redirect: "manual", headers: { Accept: "application/json" },
      });
      if (answer.type === "opaqueredirect" || answer.status === 404) told.textContent = told.dataset.out;
      else told.textContent = (await answer.json()).problems.join(" ");
      input.value = "";
    } catch {
      told.textContent = told.dataset.not;
    }
    input.disabled = false;
    await look();
  }

  input.addEventListener("change", () => send([...input.files]));
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("is-over");
  });
  form.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  form.addEventListener("drop", (event) => {
    zone.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    send([...event.dataTransfer.files]);
  });
  form.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    send([...event.clipboardData.files]);
  });
  if (document.getElementById("draft-files").hasAttribute("data-moving")) setTimeout(look, 1500);
}
