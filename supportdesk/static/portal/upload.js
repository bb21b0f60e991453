// Sends chosen files by themselves, a few at a time. Without it the plain form still works.
{
  const AT_ONCE = 2;
  const rows = new Set(); // of this page: waiting, on their way, paused or told
  const queue = [];
  let running = 0;
  let onward = null; // where to go when everything is here

  const under = (job) => ["waiting", "running"].includes(job.state);
  const active = () => [...rows].filter(under).length;
  const percent = (sent, total) => Math.floor((100 * sent) / total);

  function next() {
    while (running < AT_ONCE && queue.length) {
      const job = queue.shift();
      running += 1;
      job.state = "running";
      job.row.can("running");
      job.row.say(Portal.words().begins);
      job.way.start();
    }
    if (!active()) go();
  }

  function free(job, state) {
    if (job.state === "running") running -= 1;
    if (queue.includes(job)) queue.splice(queue.indexOf(job), 1);
    job.state = state;
    next();
  }

  // An unfinished upload of this very name and size that this browser knows nothing of: begun
  // on another device, or its answer was lost. It would hold up the sending for ever.
  async function takeOutTwin(form, file) {
    const mine = new Set([...rows].map((job) => job.way.key));
    const state = await Portal.state();
    for (const old of state.uploads) {
      if (old.name !== file.name || old.length !== file.size || old.kind !== form.dataset.kind || mine.has(old.key)) continue;
      const url = new URL(form.dataset.endpoint, location.href);
      url.pathname += `${old.key}/`;
      await fetch(url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
    }
  }

  function told(job) {
    const words = Portal.words;
    const says = (text, sent, total) => job.row.say(text.replace("%s", job.row.share(sent / total)));
    return {
      progress: (sent, total) => {
        if (job.state !== "running") return;
        if (job.resumedAt === undefined || sent > job.resumedAt + total / 50) says(words().sends, sent, total);
        job.sent = percent(sent, total);
        hide(job);
      },
      resumed: (sent, total) => {
        job.resumedAt = sent;
        job.sent = percent(sent, total);
        job.row.share(sent / total);
        job.row.say(words().resumes.replace("%s", job.sent), "", true);
        hide(job);
      },
      trouble: (which) => job.row.say(words()[which], "trouble", true),
      refused: (text) => {
        job.row.say(text, "problem", true);
        job.row.can("told");
        free(job, "told");
      },
      done: () => {
        job.row.arrived(job.way.key);
        rows.delete(job);
        free(job, "done");
        Portal.look();
      },
    };
  }

  // The server's list shows what is not whole; what is on its way from here has a row of its own.
  function hide(job) {
    const same = job.way.key && document.querySelector(`[data-arriving="${CSS.escape(job.way.key)}"]`);
    if (same && !same.hidden) same.hidden = true;
  }

  // What would make a film more useful is said while it is being sent: it holds nobody up.
  async function hint(form, file, row) {
    const texts = form.querySelector("[data-look]")?.dataset;
    if (!texts) return;
    const codes = await window.lookAtFile(file);
    if (codes.length) codes.push("choice");
    row.advise(codes.map((code) => texts[code]).filter(Boolean).join(" "));
  }

  function choose(form, file) {
    const job = { state: "waiting", sent: 0 };
    job.row = new Portal.Row(form, file, {
      pause: () => {
        job.way.pause();
        job.row.can("paused");
        job.row.say(Portal.words().paused.replace("%s", job.sent), "trouble");
        free(job, "paused");
      },
      goOn: () => {
        job.state = "waiting";
        job.row.can("running");
        job.row.say(Portal.words().waits);
        queue.push(job);
        next();
      },
      takeOut: async () => {
        try {
          await job.way.takeOut();
        } catch {
          job.row.say(Portal.words().lost, "trouble", true);
          job.row.can("paused");
          free(job, "paused");
          return;
        }
        rows.delete(job);
        job.row.gone();
        free(job, "told");
      },
    });
    job.way = new Portal.Way(file, { endpoint: form.dataset.endpoint, told: told(job), takeOutTwin: () => takeOutTwin(form, file) });
    rows.add(job);
    const problem = file.size === 0 ? Portal.words().empty : file.size > Number(form.dataset.max) ? form.dataset.tooLarge : "";
    if (problem) {
      job.state = "told";
      job.row.can("told");
      job.row.say(problem, "problem", true);
      return;
    }
    job.row.say(Portal.words().waits);
    queue.push(job);
    next();
    hint(form, file, job.row);
  }

  // "Go on" while files are on their way: leaving would stop them, so it is done afterwards.
  function go() {
    if (!onward) return;
    const to = onward;
    onward = null;
    document.getElementById("upload-onward")?.remove();
    if (![...rows].some((job) => job.state === "told" || job.state === "paused")) location.assign(to);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-onward] a");
    if (!link || !active() || onward) { if (link && onward) event.preventDefault(); return; }
    event.preventDefault();
    onward = link.href;
    const note = document.createElement("p");
    note.id = "upload-onward";
    note.className = "row-wrap";
    const stay = document.createElement("button");
    stay.type = "button";
    stay.className = "btn";
    stay.textContent = Portal.words().stay;
    stay.addEventListener("click", () => { onward = null; note.remove(); link.focus(); });
    note.append(Portal.words().onward, stay);
    document.querySelector("[data-live]").after(note);
    Portal.news(Portal.words().onward);
  });

  Portal.enhance = () => {
    for (const form of document.querySelectorAll("form[data-upload]")) {
      if (form.dataset.enhanced) continue;
      form.dataset.enhanced = "yes";
      form.querySelector("button[type=submit]").hidden = true;
      const input = form.querySelector("input[type=file]");
      input.multiple = true;
      const take = () => {
        const files = [...input.files];
        input.value = "";
        for (const file of files) choose(form, file);
      };
      input.addEventListener("change", take);
      // Chosen before this script was here: the button that would send it is gone now.
      if (input.files.length) take();
    }
    for (const job of rows) hide(job);
  };

  addEventListener("beforeunload", (event) => { if (active()) event.preventDefault(); });
  Portal.enhance();
}
