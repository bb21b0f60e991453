// Sends each chosen file at once, with a bar of its own. Without this file the form still works.
const WAIT = [2000, 5000, 15000, 30000, 60000];

function show(form, file) {
  const row = document.createElement("li");
  const name = document.createElement("span");
  const bar = document.createElement("progress");
  const state = document.createElement("span");
  name.textContent = file.name;
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  state.className = "state";
  row.append(name, bar, state);
  form.querySelector(".progress-list").append(row);
  return {
    row,
    at: (share) => { bar.value = share; state.textContent = Math.floor(share) + " %"; },
    say: (text, kind) => { state.textContent = text; row.dataset.kind = kind || ""; },
  };
}

function back() {
  // Resolves when the network is there and somebody looks at the page again.
  return new Promise((done) => {
    const ready = () => navigator.onLine && !document.hidden;
    if (ready()) { done(); return; }
    const look = () => { if (ready()) { removeEventListener("online", look); document.removeEventListener("visibilitychange", look); done(); } };
    addEventListener("online", look);
    document.addEventListener("visibilitychange", look);
  });
}

function post(form, file, line) {
  return new Promise((done, lost) => {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (event) => { if (event.lengthComputable) line.at(100 * event.loaded / event.total); };
    request.upload.onload = () => line.say(form.dataset.checking);
    request.onload = () => (request.status >= 500 ? lost() : done(request.response));
    request.onerror = lost;
    request.send(body);
  });
}

async function send(form, file) {
  const line = show(form, file);
  if (file.size > Number(form.dataset.max)) {
    line.say(form.dataset.tooLarge, "problem");
    return false;
  }
  for (const wait of [...WAIT, null]) {
    try {
      const answer = await post(form, file, line);
      if (answer && answer.files && answer.files.length) {
        line.say(form.dataset.ready, "ready");
        return true;
      }
      line.say((answer && answer.problems && answer.problems.join(" ")) || form.dataset.failed, "problem");
      return false;
    } catch {
      if (wait === null) break;
      line.say(form.dataset.lost, "problem");
      await new Promise((done) => setTimeout(done, wait));
      await back();
    }
  }
  line.say(form.dataset.failed, "problem");
  return false;
}

let running = 0;

async function refresh() {
  // The checklist as the server sees it; rows that tell a problem stay on the page.
  const problems = [...document.querySelectorAll(".progress-list li[data-kind=problem]")].map((row) => [row.closest("form").getAttribute("action"), row]);
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = document.querySelector("[data-live]");
  const next = fresh.querySelector("[data-live]");
  if (!now || !next) { location.reload(); return; }
  now.replaceWith(document.adoptNode(next));
  for (const [action, row] of problems) {
    for (const form of document.querySelectorAll("form[data-upload]")) {
      if (form.getAttribute("action") === action) form.querySelector(".progress-list").append(row);
    }
  }
  enhance();
}

function enhance() {
  for (const form of document.querySelectorAll("form[data-upload]")) {
    if (form.dataset.enhanced) continue;
    form.dataset.enhanced = "yes";
    form.querySelector("button[type=submit]").hidden = true;
    const input = form.querySelector("input[type=file]");
    const take = async () => {
      const files = [...input.files];
      input.value = "";
      running += 1;
      let some = false;
      for (const file of files) some = (await send(form, file)) || some;
      running -= 1;
      if (some && !running) await refresh();
    };
    input.addEventListener("change", take);
    // Chosen before this script was here: the button that would send it is gone now.
    if (input.files.length) take();
  }
}

addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
enhance();
