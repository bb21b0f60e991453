// One file's way to the server, by tus: it begins, and goes on after whatever broke it.
{
  const Portal = (window.Portal ||= {});
  const CHUNK = 8 * 1024 * 1024;
  const WAITS = [1, 2, 5, 10, 20, 30]; // seconds until the next try; the last one again and again
  const SILENT = 60; // seconds without a byte: the line is dead, whatever the browser thinks
  const SAMPLE = 64 * 1024;

  // What of a file says that it is the same again. Phones give a file from their gallery another
  // name and another date each time, so its bytes are asked: those at its beginning, middle, end.
  async function print(file) {
    const from = [0, Math.floor(file.size / 2), Math.max(0, file.size - SAMPLE)];
    let [a, b] = [0x811c9dc5, 0x01000193];
    for (const start of from) {
      for (const byte of new Uint8Array(await file.slice(start, start + SAMPLE).arrayBuffer())) {
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 13);
      }
    }
    return `${file.size}-${(a >>> 0).toString(36)}-${(b >>> 0).toString(36)}`;
  }

  // A sentence of the server, where it has one.
  function sentence(response) {
    const body = response ? response.getBody() || "" : "";
    try {
      const told = JSON.parse(body);
      return told.message || told.problem || (told.problems || []).join(" ") || "";
    } catch {
      return /^\s*</.test(body) ? "" : body.trim().slice(0, 400);
    }
  }

  Portal.Way = class {
    // `told` hears: progress(sent, total), resumed(sent, total), trouble(which), done(), refused(text).
    constructor(file, { endpoint, told, takeOutTwin }) {
      this.file = file;
      this.told = told;
      this.takeOutTwin = takeOutTwin;
      this.endpoint = new URL(endpoint, location.href).href;
      this.state = "new"; // running, resting (it goes on by itself), paused, over
      this.tries = 0;
      this.sent = 0;
      this.wake = () => { if (!document.hidden) this.#nudge(); };
    }

    // Which upload this is at the server; empty until it has begun there.
    get key() {
      return this.upload?.url ? new URL(this.upload.url).pathname.split("/").filter(Boolean).pop() : "";
    }

    async start() {
      this.state = "running";
      this.heard = Date.now();
      try {
        await (this.ready ??= this.#prepare());
      } catch {
        this.#over("refused", Portal.words().unread);
        return;
      }
      if (this.state !== "running") return;
      try {
        if (!this.upload.url && !this.previous) await this.takeOutTwin();
      } catch { /* the line is gone: the next request tells */ }
      if (this.state === "running") this.upload.start();
    }

    pause() {
      if (!["running", "resting", "new"].includes(this.state)) return;
      clearTimeout(this.timer);
      this.state = "paused";
      this.upload?.abort();
    }

    // Stops it for good; the server forgets what it has. Rejects when the server cannot be asked.
    async takeOut() {
      this.pause();
      const url = this.upload?.url;
      if (url) {
        const answer = await fetch(url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
        if (!answer.ok && ![403, 404, 410].includes(answer.status)) throw new Error(String(answer.status));
        for (const kept of await this.upload.findPreviousUploads()) localStorage.removeItem(kept.urlStorageKey);
      }
      this.#over();
    }

    async #prepare() {
      const mark = `supportdesk-${await print(this.file)}-${this.endpoint}`;
      this.upload = new tus.Upload(this.file, {
        endpoint: this.endpoint,
        chunkSize: CHUNK,
        retryDelays: null, // when to try again is decided here, by what broke
        removeFingerprintOnSuccess: true,
        metadata: { filename: this.file.name, filetype: this.file.type },
        fingerprint: () => Promise.resolve(mark),
        onProgress: (sent, total) => this.#progress(sent, total),
        onChunkComplete: (_size, here) => { this.tries = 0; this.sent = here; },
        onSuccess: () => this.#over("done"),
        onError: (error) => this.#broke(error),
      });
      const kept = await this.upload.findPreviousUploads();
      this.previous = kept.sort((a, b) => new Date(b.creationTime) - new Date(a.creationTime))[0];
      if (this.previous) this.upload.resumeFromPreviousUpload(this.previous);
      addEventListener("online", this.wake);
      document.addEventListener("visibilitychange", this.wake);
      this.watch = setInterval(() => this.#look(), 5000);
    }

    #progress(sent, total) {
      this.heard = Date.now();
      if (this.previous && sent > 0 && sent < total) this.told.resumed(sent, total);
      else this.told.progress(sent, total);
      this.previous = null;
    }

    #broke(error) {
      if (this.state !== "running") return;
      const response = error.originalResponse;
      const status = response ? response.getStatus() : 0;
      const method = error.originalRequest ? error.originalRequest.getMethod() : "";
      const passing = [0, 408, 423, 425, 429, 460].includes(status) || status >= 500 || (status === 409 && method === "PATCH");
      if (!error.originalRequest) { this.#over("refused", Portal.words().unread); return; }
      if (!passing || (status === 409 && this.tries > 3)) {
        this.#over("refused", sentence(response) || Portal.words().failed);
        return;
      }
      this.#rest(status === 507 ? "full" : status ? "busy" : "lost", Number(response?.getHeader("Retry-After")) || 0);
    }

    #rest(which, atLeast) {
      this.state = "resting";
      const wait = Math.max(atLeast, WAITS[Math.min(this.tries, WAITS.length - 1)]);
      this.tries += 1;
      this.told.trouble(which);
      this.timer = setTimeout(() => this.start(), 1000 * wait);
    }

    // The line is back, or somebody looks at the page again: no more waiting.
    #nudge() {
      if (this.state === "resting" && navigator.onLine) {
        clearTimeout(this.timer);
        this.start();
      }
      this.#look();
    }

    // A line that died without a word: a locked phone, another network.
    #look() {
      if (this.state !== "running" || Date.now() - this.heard < 1000 * SILENT) return;
      this.upload.abort();
      this.#rest("lost", 0);
    }

    #over(how, text) {
      this.state = "over";
      clearTimeout(this.timer);
      clearInterval(this.watch);
      removeEventListener("online", this.wake);
      document.removeEventListener("visibilitychange", this.wake);
      if (how) this.told[how](text);
    }
  };
}
