"""What an automation does: the whole list, in words and figures. Nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tickets.actions.deeds import LONGEST_TAG, MOST_TAGS
from tickets.automations.inputs import (
    NUMBER,
    ONE,
    TERMS,
    TEXT,
    About,
    Choices,
    Input,
    Known,
    Value,
    and_list,
    clean_inputs,
    known_of,
    quoted,
)
from tickets.desk.labels import PRIORITIES
from tickets.errors import InvalidInput

LONGEST_NOTE = 2000
_TOLD_OF_NOTE = 60  # characters of a note in a sentence


@dataclass(frozen=True, slots=True)
class Doing:
    """One *then*. ``icon`` is the symbol beside it."""

    key: str
    label: Promise
    icon: str
    told: Callable[[Value, Known], str]
    inputs: tuple[Input, ...] = ()

    def clean(self, raw: object, about: About) -> Value:
        """What was filled in, as it is stored.

        Raises:
            InvalidInput: it cannot be; ``field`` names the input.
        """
        return clean_inputs(self.inputs, raw, about)

    def words(self, value: Value, about: About) -> str:
        """What it does, as an order: ``make it urgent``."""
        return self.told(value, known_of(about))


def _plain(text: Promise) -> Callable[[Value, Known], str]:
    return lambda value, known: str(text)


def _people(known: Known) -> Choices:
    return known.people


def _people_or_nobody(known: Known) -> Choices:
    return [("nobody", _t("Nobody: back to all")), *known.people]


def _priorities(known: Known) -> Choices:
    return [(str(key), str(label)) for key, label in PRIORITIES.items()]


def _replies(known: Known) -> Choices:
    return known.replies


def _assign_words(value: Value, known: Known) -> str:
    if value["user"] == "nobody":
        return _t("give it back to all")
    return _t("assign it to %(name)s") % {"name": known.person(int(value["user"]))}


def _priority_words(value: Value, known: Known) -> str:
    name = quoted(str(PRIORITIES[value["priority"]]))
    return _t("set its priority to %(name)s") % {"name": name}


def _tags_of(value: Value) -> str:
    return and_list([quoted(name) for name in value["tags"]])


def _tag_words(value: Value, known: Known) -> str:
    said = ngettext("put on the tag %(tags)s", "put on the tags %(tags)s", len(value["tags"]))
    return said % {"tags": _tags_of(value)}


def _untag_words(value: Value, known: Known) -> str:
    said = ngettext("take off the tag %(tags)s", "take off the tags %(tags)s", len(value["tags"]))
    return said % {"tags": _tags_of(value)}


def _put_off_words(value: Value, known: Known) -> str:
    said = ngettext("put it off for %(n)d day", "put it off for %(n)d days", value["days"])
    return said % {"n": value["days"]}


def _note_words(value: Value, known: Known) -> str:
    text = " ".join(value["text"].split())
    short = text if len(text) <= _TOLD_OF_NOTE else text[: _TOLD_OF_NOTE - 1].rstrip() + "…"
    return _t("add the note %(text)s") % {"text": quoted(short)}


def _reply_words(value: Value, known: Known) -> str:
    return _t("answer with %(macro)s") % {"macro": quoted(known.macro(value["macro"]))}


def _watch_words(value: Value, known: Known) -> str:
    return _t("let %(name)s watch it") % {"name": known.person(value["user"])}


_TAGS = Input(
    "tags",
    _("Tags"),
    TERMS,
    most=MOST_TAGS,
    longest=LONGEST_TAG,
    hint=_("With commas between them."),
)
_ALL = (
    Doing(
        "assign",
        _("Assign it"),
        "user",
        _assign_words,
        (Input("user", _("Whom"), ONE, _people_or_nobody),),
    ),
    Doing(
        "priority",
        _("Set the priority"),
        "flag",
        _priority_words,
        (Input("priority", _("Priority"), ONE, _priorities, number=True),),
    ),
    Doing("add_tags", _("Put tags on"), "tag", _tag_words, (_TAGS,)),
    Doing(
        "remove_tags",
        _("Take tags off"),
        "tag",
        _untag_words,
        (_TAGS,),
    ),
    Doing(
        "put_off",
        _("Put it off"),
        "clock",
        _put_off_words,
        (Input("days", _("Days"), NUMBER, least=1, most=366),),
    ),
    Doing("solve", _("Solve it"), "check", _plain(_("solve it"))),
    Doing(
        "note",
        _("Add an internal note"),
        "lock",
        _note_words,
        (
            Input(
                "text",
                _("Note"),
                TEXT,
                most=LONGEST_NOTE,
                hint=_("Only colleagues see it. It is taken as it stands, without placeholders."),
            ),
        ),
    ),
    Doing(
        "reply",
        _("Answer the customer with a macro"),
        "mail",
        _reply_words,
        (
            Input(
                "macro",
                _("Macro"),
                ONE,
                _replies,
                number=True,
                hint=_("Its text alone. Where one of its values is missing, nothing is sent."),
            ),
        ),
    ),
    Doing(
        "tell_assignee",
        _("Mail whoever takes care of it"),
        "bell",
        _plain(_("mail whoever takes care of it")),
    ),
    Doing("tell_leads", _("Mail the leads"), "bell", _plain(_("mail the leads"))),
    Doing(
        "watch",
        _("Let somebody watch it"),
        "eye",
        _watch_words,
        (Input("user", _("Who"), ONE, _people, number=True),),
    ),
)
DOINGS: Mapping[str, Doing] = {one.key: one for one in _ALL}


def doing(key: object) -> Doing:
    """One of the list.

    Raises:
        InvalidInput: there is none of that name.
    """
    found = DOINGS.get(key) if isinstance(key, str) else None
    if found is None:
        raise InvalidInput(_t("Choose an action of the list."), "key")
    return found
