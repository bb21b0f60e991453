// One file's row on the page: its name, its bar, what is happening in words, and its buttons.
{
  const Portal = (window.Portal ||= {});
  const said = document.getElementById("upload-words").dataset;
  const words = () => said;

  Portal.words = words;

  // Says something once to those who listen instead of looking.
  Portal.news = (text) => {
    const place = document.getElementById("upload-news");
    if (place) place.textContent = text;
  };

  // Says something that stays to be seen, where the page says such things.
  Portal.notice = (text) => {
    const made = document.createElement("div");
    const line = document.createElement("p");
    made.className = "notice";
    line.className = "m-0";
    line.textContent = text;
    made.append(line);
    document.getElementById("notices").append(made);
  };

  const button = (text, name, act) => {
    const made = document.createElement("button");
    const whose = document.createElement("span");
    made.type = "button";
    made.className = "btn btn-sm";
    whose.className = "visually-hidden";
    whose.textContent = ` ${name}`;
    made.append(text, whose);
    made.addEventListener("click", act);
    return made;
  };

  const size = (bytes) => {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    const step = Math.min(3, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)));
    const digits = step ? 1 : 0; // written as the server writes it, so that nothing jumps
    const shown = { style: "unit", unit: units[step], unitDisplay: "short", minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(document.documentElement.lang, shown).format(bytes / 1024 ** step).replace(/\s?kB/, "\u00a0KB");
  };

  Portal.Row = class {
    // `acts` are what its buttons do: pause, goOn, takeOut.
    constructor(form, file, acts) {
      this.name = file.name;
      this.form = form;
      this.at = document.createElement("li");
      this.at.className = "file is-sending";
      const head = document.createElement("div");
      head.className = "file-head";
      const name = document.createElement("span");
      name.className = "file-name";
      const bytes = document.createElement("span");
      bytes.className = "quiet";
      bytes.textContent = size(file.size);
      name.append(`${file.name} `, bytes);
      head.append(form.querySelector("button[type=submit] .icon").cloneNode(true), name);
      this.bar = document.createElement("progress");
      this.bar.max = 100;
      this.bar.value = 0;
      this.bar.setAttribute("aria-label", file.name);
      this.state = document.createElement("p");
      this.state.className = "file-words state";
      this.hint = document.createElement("p");
      this.hint.className = "file-words quiet";
      this.hint.hidden = true;
      this.pauseButton = button(words().pause, file.name, acts.pause);
      this.goOnButton = button(words().goOn, file.name, acts.goOn);
      this.outButton = button(words().takeOut, file.name, acts.takeOut);
      this.goOnButton.hidden = true;
      const buttons = document.createElement("div");
      buttons.className = "row-wrap";
      buttons.append(this.pauseButton, this.goOnButton, this.outButton);
      this.at.append(head, this.bar, this.state, this.hint, buttons);
      form.querySelector(".progress-list").append(this.at);
    }

    // `kind` colours it: "" on its way, "trouble" waits, "problem" will not do, "ready" is there.
    say(text, kind = "", aloud = false) {
      this.state.textContent = text;
      this.at.dataset.kind = kind;
      if (aloud) Portal.news(`${this.name}: ${text}`);
    }

    advise(text) {
      this.hint.textContent = text;
      this.hint.hidden = !text;
    }

    share(part) {
      this.bar.value = 100 * part;
      return Math.floor(100 * part);
    }

    // Which of its buttons make sense: "running", "paused", "told" (it can only be taken away).
    can(what) {
      const had = [this.pauseButton, this.goOnButton].includes(document.activeElement);
      this.pauseButton.hidden = what !== "running";
      this.goOnButton.hidden = what !== "paused";
      this.outButton.hidden = what === "arrived";
      this.bar.hidden = what === "told";
      if (had) (what === "running" ? this.pauseButton : what === "paused" ? this.goOnButton : this.outButton).focus();
    }

    // It has arrived; it goes when the page shows it among the files that are here.
    arrived(key) {
      this.share(1);
      this.can("arrived");
      this.say(words().arrived, "", true);
      this.at.dataset.arrived = this.name;
      this.at.dataset.key = key;
    }

    gone() {
      const had = this.at.contains(document.activeElement);
      this.at.remove();
      if (had) this.form.querySelector("input[type=file]").focus();
    }
  };
}
