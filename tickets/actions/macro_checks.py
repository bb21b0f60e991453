"""What a macro may be: everything that is looked at before one is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from tickets.actions.deeds import tags_by_key
from tickets.actions.wording import MAX_BODY, as_typed
from tickets.errors import InvalidInput
from tickets.models import Macro
from tickets.models.macros import ASSIGNS, KINDS, LONGEST_NAME, MOST_DAYS, SNOOZES
from tickets.models.talking import THEN_STATES
from tickets.models.ticket import PRIORITIES
from tickets.permissions import may
from tickets.placeholders import problems

if TYPE_CHECKING:
    from tickets.actions.keep_macros import Wanted

_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})?")


def checked(macro: Macro, wanted: Wanted) -> dict[str, str]:
    """Put what is wanted on the row, where all of it can be; returns the texts by language.

    Raises:
        InvalidInput: something cannot be; ``field`` says where.
    """
    macro.name, macro.key = _named(wanted.name)
    texts = texts_of(wanted)
    _known(wanted)
    macro.kind, macro.then_state, macro.assign = wanted.kind, wanted.then_state, wanted.assign
    _assign(macro, wanted)
    macro.priority, macro.position = wanted.priority, max(0, min(wanted.position, 32_000))
    macro.add_tags, macro.remove_tags = _tags(wanted)
    macro.snooze = wanted.snooze
    macro.snooze_days = _days(wanted)
    if not _does_something(macro):
        raise InvalidInput(_("Say what it does: a text, or something with the ticket."))
    return texts


def _named(name: str) -> tuple[str, str]:
    found = " ".join(name.replace("\x00", "").split())
    if not found:
        raise InvalidInput(_("Please give the macro a name."), "name")
    if len(found) > LONGEST_NAME:
        told = _("A name has at most %(n)d characters.") % {"n": LONGEST_NAME}
        raise InvalidInput(told, "name")
    return found, found.casefold()


def texts_of(wanted: Wanted) -> dict[str, str]:
    """The texts that say something, looked over; none where the macro says nothing.

    Raises:
        InvalidInput: one is too long, or has a placeholder that nobody knows.
    """
    texts = {locale: as_typed(body).strip() for locale, body in wanted.texts.items()}
    texts = {locale: body for locale, body in texts.items() if body}
    if wanted.kind not in KINDS or (texts and not wanted.kind):
        raise InvalidInput(_("Say for whom the text is."), "kind")
    for locale, body in texts.items():
        place = f"text_{locale}"
        if _LOCALE.fullmatch(locale) is None:
            raise InvalidInput(_("There is no such language."), "kind")
        if len(body) > MAX_BODY:
            raise InvalidInput(_("At most %(n)d characters.") % {"n": MAX_BODY}, place)
        wrong = problems(body)
        if wrong:
            raise InvalidInput(" ".join(wrong), place)
    if wanted.kind and not texts:
        raise InvalidInput(_("Please write the text, in one language at least."), "kind")
    return texts


def _known(wanted: Wanted) -> None:
    if wanted.then_state not in THEN_STATES:
        raise InvalidInput(_("Choose what follows."), "then_state")
    if wanted.then_state in ("open", "waiting") and wanted.kind != "agent":
        raise InvalidInput(_("This follows on a reply to the customer only."), "then_state")
    if wanted.then_state == "solved" and wanted.snooze:
        raise InvalidInput(_("What is solved is not put off. Choose one of both."), "snooze")
    if wanted.priority is not None and wanted.priority not in PRIORITIES:
        raise InvalidInput(_("Choose one of the priorities."), "priority")
    if wanted.assign not in ASSIGNS:
        raise InvalidInput(_("Choose who takes care of it."), "assign")
    if wanted.snooze not in SNOOZES:
        raise InvalidInput(_("Choose until when."), "snooze")


def _assign(macro: Macro, wanted: Wanted) -> None:
    macro.assignee = wanted.assignee if wanted.assign == "person" else None
    if wanted.assign != "person":
        return
    if macro.assignee is None:
        raise InvalidInput(_("Choose who takes care of it."), "assign")
    if not may(macro.assignee, macro.store, "work"):
        raise InvalidInput(_("This person does not work in this store."), "assign")


def _tags(wanted: Wanted) -> tuple[list[str], list[str]]:
    try:
        add = tags_by_key(wanted.add_tags)
    except InvalidInput as error:
        raise InvalidInput(error.message, "add_tags") from None
    try:
        remove = tags_by_key(wanted.remove_tags)
    except InvalidInput as error:
        raise InvalidInput(error.message, "remove_tags") from None
    both: Sequence[str] = sorted(add.keys() & remove.keys())
    if both:
        told = _("“%(tag)s” cannot be put on and taken off at once.") % {"tag": add[both[0]]}
        raise InvalidInput(told, "remove_tags")
    return list(add.values()), list(remove.values())


def _days(wanted: Wanted) -> int | None:
    if wanted.snooze != "days":
        return None
    if wanted.snooze_days is None or not 1 <= wanted.snooze_days <= MOST_DAYS:
        raise InvalidInput(_("Between 1 and %(n)d days.") % {"n": MOST_DAYS}, "snooze_days")
    return wanted.snooze_days


def _does_something(macro: Macro) -> bool:
    said = macro.kind or macro.then_state or macro.assign or macro.snooze
    return bool(said or macro.add_tags or macro.remove_tags) or macro.priority is not None
