"""The keys of the desk: the one table that the script, the help and the palette go by.

A single key never stands for what cannot be taken back. What a name *does* is in
`static/desk/acts.js`; most press what the page has for it (``data-key="<name>"``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.desk.queues import QUEUES


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One key, or two one after the other (``g m``), or one with a modifier (``Ctrl+K``).

    ``does`` is its name in the scripts; '' where the browser or a form sees to it already.
    ``icon`` shows it in the palette.
    """

    keys: str
    does: str
    label: Promise
    group: str
    icon: str = "keyboard"

    @property
    def parts(self) -> list[list[str]]:
        """The keys as they are shown: those pressed one after the other, each with those held."""
        return [one.split("+") for one in self.keys.split()]

    @property
    def single(self) -> bool:
        """Whether it is a letter or a sign alone: these are what can be switched off."""
        return bool(self.does) and "+" not in self.keys


TITLES: Mapping[str, Promise] = {
    "everywhere": _("Everywhere"),
    "list": _("In a list"),
    "ticket": _("On a ticket"),
    "writing": _("While writing"),
    "go": _("Go to a queue"),
}
# The second letter of "g …", and the queue it leads to.
_GO: Mapping[str, str] = {
    "i": "open",
    "m": "mine",
    "u": "unassigned",
    "n": "new",
    "o": "overdue",
    "h": "soon",
    "r": "ready",
    "f": "fulfil",
    "q": "questions",
    "e": "evidence",
    "c": "customer",
    "w": "watching",
    "t": "mentions",
    "s": "snoozed",
    "d": "done",
}
SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("Ctrl+K", "", _("Find anything, do anything"), "everywhere"),
    Shortcut("?", "help", _("Show the keys"), "everywhere"),
    Shortcut("/", "search", _("Search"), "everywhere", "search"),
    Shortcut("l", "next", _("Next ticket"), "everywhere", "player-track-next"),
    Shortcut("z", "undo", _("Undo what was just done"), "everywhere", "arrow-back-up"),
    Shortcut("j", "down", _("Next row"), "list"),
    Shortcut("k", "up", _("Previous row"), "list"),
    Shortcut("o", "open", _("Open the row (or Enter)"), "list"),
    Shortcut("x", "select", _("Tick the row"), "list"),
    Shortcut("b", "bulk", _("Change what is ticked"), "list"),
    Shortcut("r", "reply", _("Reply"), "ticket", "send"),
    Shortcut("n", "note", _("Internal note"), "ticket", "note"),
    Shortcut(".", "macros", _("Macros"), "ticket", "bolt"),
    Shortcut("a", "assignee", _("Assign"), "ticket", "user"),
    Shortcut("e", "solve", _("Mark as solved"), "ticket", "check"),
    Shortcut("s", "snooze", _("Put off"), "ticket", "moon"),
    Shortcut("t", "tags", _("Tags"), "ticket", "tag"),
    Shortcut("p", "priority", _("Priority"), "ticket", "flag"),
    Shortcut("j", "down", _("Next message"), "ticket"),
    Shortcut("k", "up", _("Previous message"), "ticket"),
    Shortcut("u", "list", _("Back to the list"), "ticket", "arrow-left"),
    Shortcut("Ctrl+Enter", "", _("Send, or keep what was filled in"), "writing"),
    Shortcut("Esc", "", _("Leave the field, close what is open"), "writing"),
    *(
        Shortcut(f"g {letter}", f"go.{key}", QUEUES[key].title, "go", QUEUES[key].icon)
        for letter, key in _GO.items()
    ),
)
# What the palette offers to do on the page that is open; moving about is left to the keys.
ON_TICKET = tuple(
    one for one in SHORTCUTS if one.group == "ticket" and one.does not in ("up", "down")
)
OFFERED = tuple(one for one in SHORTCUTS if one.does in ("help", "undo", "next"))
BY_NAME: Mapping[str, Shortcut] = {one.does: one for one in SHORTCUTS if one.does}
# What the script is told, on every page: "j:down k:up gm:go.mine …".
WIRE = " ".join(
    dict.fromkeys(f"{one.keys.replace(' ', '')}:{one.does}" for one in SHORTCUTS if one.single)
)


def grouped() -> list[tuple[Promise, list[Shortcut]]]:
    """The table as the help shows it."""
    found = groupby(SHORTCUTS, key=lambda one: one.group)
    return [(TITLES[group], list(keys)) for group, keys in found]
