"""What can still be read of a pack whose shape is wrong, so that all mistakes are told at once.

Each broken part is replaced by one that promises nothing, and its name is remembered: what is
complained of only because that part is away is no mistake of its own.
"""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from policies.reading import Path

# A check that is never met: nobody has said and not said the same.
_NO_CHECK = {
    "check": "unwritten",
    "when": [{"fact": "opened", "missing": True}, {"fact": "opened", "is": True}],
}
_STAND_INS: Mapping[str, Any] = {
    "format": 1,
    "version": "1",
    "starts_on": "2000-01-01",
    "store": {
        "slug": "store",
        "name": "Store",
        "place": {"en": "here"},
        "time_zone": "UTC",
        "currencies": ["USD"],
        "opening_hours": {},
    },
    "house": {"evidence_days": 7, "evidence_reminder_days": [], "upload_grace_hours": 2},
    "pages": {},
    "requests": {},
}
_NOT_OURS = "does not begin with"  # of every rule's id, while the store's name is not known
_WORD = re.compile(r"[\w./-]+")
_PARTS = ("estimates", "carriers", "floors")  # read as a whole, or not at all


class Salvage:
    """A copy of a pack's data without its broken parts, and the names of what is away."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data: dict[str, Any] = deepcopy(dict(data))
        self.ghosts: set[str] = set()
        self.checks_are_away = False

    def without(self, errors: Iterable[Mapping[str, Any]]) -> None:
        """Take out what the errors are about."""
        for error in errors:
            place = tuple(error["loc"])
            if error["type"] == "extra_forbidden":
                self._delete(place)
            elif place:
                self._replace(place)

    def explains(self, path: str, message: str) -> bool:
        """Say whether a complaint may come only from what is away."""
        if self.checks_are_away and message.startswith("no check says this"):
            return True
        words = {*_WORD.findall(message), *path.split(".")}
        return any(ghost in words or message.startswith(ghost) for ghost in self.ghosts)

    def _replace(self, place: Path) -> None:
        top = str(place[0])
        self.checks_are_away |= top in ("requests", "first")
        if top == "requests" and "checks" in place[2:3] and self._is_item(place[:4]):
            self._no_check(self.data[top][place[1]]["checks"], place[3])
        elif top == "first" and self._is_item(place[:2]):
            self._no_check(self.data[top], place[1])
        elif top == "rules":
            self._rule(place)
        elif top in ("store", "house") and len(place) > 1:
            self._stand_in(top, str(place[1]))
        elif top == "unwritten":
            self.ghosts.update(("unwritten", "discretionary"))
            self.data[top] = next(iter(self._mapping("rules")), "store.unwritten")
        elif len(place) > 1 and top not in _PARTS:
            self._delete(place[:2])
        else:
            self.ghosts.update((top, _NOT_OURS) if top == "store" else (top,))
            self.data.pop(top, None)
            if top in _STAND_INS:
                self.data[top] = deepcopy(_STAND_INS[top])

    def _rule(self, place: Path) -> None:
        """A figure, or a text, is away alone; what a rule cannot do without, with the rule."""
        deep = {"figures": 4, "says": 4}.get(str(place[2]) if len(place) > 2 else "", 3)
        if len(place) > 2 and place[2] not in ("kinds", "page", "sentence"):
            self.ghosts.add(str(place[:deep][-1]))
            self._delete(place[:deep])
        else:
            self._delete(place[:2])

    def _stand_in(self, top: str, key: str) -> None:
        part = self._mapping(top)
        if key in _STAND_INS[top] and isinstance(self.data.get(top), dict):
            part[key] = deepcopy(_STAND_INS[top][key])
            self.ghosts.add(key)
            # Every id of a rule begins with the store's name.
            self.ghosts.update((_NOT_OURS,) if key == "slug" else ())
        elif key in part:
            self._delete((top, key))
        else:
            self.data[top] = deepcopy(_STAND_INS[top])
            self.ghosts.add(_NOT_OURS)

    def _no_check(self, checks: list[Any], index: str | int) -> None:
        if isinstance(index, int):
            checks[index] = deepcopy(_NO_CHECK)

    def _is_item(self, place: Path) -> bool:
        *before, index = place
        holder = self._at(tuple(before))
        return isinstance(holder, list) and isinstance(index, int) and index < len(holder)

    def _mapping(self, key: str) -> dict[str, Any]:
        found = self.data.get(key)
        return found if isinstance(found, dict) else {}

    def _at(self, place: Path) -> Any:
        here: Any = self.data
        for part in place:
            if isinstance(here, dict) and str(part) in here:
                here = here[str(part)]
            elif isinstance(here, list) and isinstance(part, int) and part < len(here):
                here = here[part]
            # Anything else is the name of a check, which stands in no file.
        return here

    def _delete(self, place: Path) -> None:
        holder = self._at(place[:-1])
        self.ghosts.add(str(place[-1]))
        if isinstance(holder, dict):
            holder.pop(str(place[-1]), None)
            if not holder and len(place) > 1 and place[0] == "rules" and len(place) == 4:
                self._at(place[:2]).pop(str(place[2]), None)
