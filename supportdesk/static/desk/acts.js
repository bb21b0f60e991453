// What the keys and the palette do. A name stands for something on the page, which is pressed as
// a hand would: nothing is done here that the page does not offer.
{
  const HOOKS = {
    search: "#desk-q",
    list: "a.ticket-back",
    reply: '[data-compose] [name="kind"][value="agent"]',
    note: '[data-compose] [name="kind"][value="note"]',
    assignee: "#assignee-assignee",
    solve: ".compose-solve",
    undo: ".undo-bar form, .pending-line:has(button)",
    snooze: "#snooze-until",
    tags: "#tags-tags",
    priority: "#priority-priority",
  };
  const MORE_MARKS = "#marks a[hx-get]"; // brings the forms of the marks, which are not there before

  function there(name) {
    if (name.startsWith("go.")) return document.querySelector(`a[data-queue="${name.slice(3)}"]`);
    return document.querySelector(`[data-key="${name}"]`) ?? (HOOKS[name] ? document.querySelector(HOOKS[name]) : null);
  }

  function focus(one) {
    one.closest("details:not([open])")?.setAttribute("open", "");
    one.focus({ focusVisible: true });
    if (one.matches("[type=search]")) one.select();
    else if (one.matches("textarea, [type=text]")) one.setSelectionRange(one.value.length, one.value.length);
    return true;
  }

  function press(one) {
    if (one.matches("form")) {
      one.requestSubmit(one.querySelector("button[type=submit], button:not([type])"));
    } else if (one.matches("details")) {
      one.open = true;
      focus(one.querySelector("input:not([type=hidden]), select, textarea, a[href], button") ?? one.querySelector("summary"));
    } else if (one.matches("input, select, textarea")) {
      focus(one);
    } else {
      one.click();
    }
    return true;
  }

  function write(name, look) {
    const kind = there(name);
    if (!kind || look) return Boolean(kind);
    if (!kind.checked) {
      kind.checked = true;
      for (const told of ["input", "change"]) kind.dispatchEvent(new Event(told, { bubbles: true }));
    }
    return focus(kind.form.querySelector("textarea"));
  }

  function mark(name, look) {
    if (there(name)) return look || focus(there(name));
    const more = document.querySelector(MORE_MARKS);
    if (!more || look) return Boolean(more);
    document.addEventListener("htmx:afterSettle", () => there(name) && focus(there(name)), { once: true });
    document.getElementById("marks").open = true;
    more.click();
    return true;
  }

  // What more than a press is needed for. Asked to `look`, it only tells whether it could.
  const acts = {
    reply: (look) => write("reply", look),
    note: (look) => write("note", look),
    snooze: (look) => mark("snooze", look),
    tags: (look) => mark("tags", look),
    priority: (look) => mark("priority", look),
  };

  window.deskActs = {
    acts,
    focus,
    there,
    can: (name) => (name in acts ? acts[name](true) : Boolean(there(name))),
    act(name) {
      if (name in acts) return acts[name](false);
      const one = there(name);
      return one ? press(one) : false;
    },
  };
}
