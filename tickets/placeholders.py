"""Words that stand in a prepared text for what a ticket, its order and its decision say.

``{{ order_number }}`` and the like, out of one table. A text is read once, from left to right:
what a value says is never read for placeholders again, and carries no braces. What a ticket does
not have is missing, never a hole: such a text is not sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.errors import InvalidInput
from tickets.ticket_values import About

Reader = Callable[[About], "str | None"]
_PLACE = re.compile(r"\{\{([^{}]*)\}\}")
# What turns the reading direction of all that follows: a name has no need of it.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_ROUND = str.maketrans("{}", "()")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One name: what it stands for, in words, and how it is read off a ticket."""

    label: Promise
    read: Reader


KNOWN: Mapping[str, Placeholder] = {
    "customer_name": Placeholder(gettext_lazy("The customer's name"), About.customer_name),
    "first_name": Placeholder(gettext_lazy("The customer's first name"), About.first_name),
    "agent_name": Placeholder(gettext_lazy("Your name"), About.agent_name),
    "store_name": Placeholder(gettext_lazy("The store's name"), About.store_name),
    "reference": Placeholder(gettext_lazy("The ticket's reference"), About.reference),
    "order_number": Placeholder(gettext_lazy("The order number"), About.order_number),
    "item": Placeholder(gettext_lazy("What it is about: the items"), About.item),
    "request": Placeholder(gettext_lazy("What was asked for"), About.request),
    "outcome": Placeholder(gettext_lazy("What was decided"), About.outcome),
    "amount": Placeholder(gettext_lazy("The amount of the refund"), About.amount),
    "rule": Placeholder(gettext_lazy("The sentence of the rule"), About.rule),
    "decision": Placeholder(gettext_lazy("The decision, in full"), About.decision),
    "window_days": Placeholder(gettext_lazy("The days of the rule's window"), About.window_days),
    "closes_at": Placeholder(gettext_lazy("When the window closes"), About.closes_at),
    "evidence_needed": Placeholder(
        gettext_lazy("What evidence is still needed"), About.evidence_needed
    ),
    "evidence_due": Placeholder(gettext_lazy("Until when evidence can come"), About.evidence_due),
    "manufacturer_due": Placeholder(
        gettext_lazy("By when the manufacturer answers"), About.manufacturer_due
    ),
    "next_due": Placeholder(gettext_lazy("The next date that was promised"), About.next_due),
    "carrier": Placeholder(gettext_lazy("The carrier"), About.carrier),
    "tracking_number": Placeholder(gettext_lazy("The tracking number"), About.tracking_number),
    "tracking_link": Placeholder(gettext_lazy("The carrier's page"), About.tracking_link),
    "status_link": Placeholder(gettext_lazy("The customer's page of it"), About.status_link),
    "contact_mail": Placeholder(gettext_lazy("The store's e-mail address"), About.contact_mail),
    "opening_hours": Placeholder(gettext_lazy("The store's opening hours"), About.opening_hours),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a filled text. ``name`` is the placeholder it came from, if any."""

    text: str
    name: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with a ticket's values in it. What is missing stands there as its placeholder."""

    parts: tuple[Part, ...]
    locale: str

    @property
    def body(self) -> str:
        """The words as they are sent."""
        return "".join(part.text for part in self.parts)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of what this ticket does not have, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts if part.missing))

    def must_be_whole(self) -> None:
        """Let only a text through in which nothing is missing.

        Raises:
            InvalidInput: something is; says what.
        """
        if self.missing:
            raise InvalidInput(
                _("Missing on this ticket: %(what)s. Use the text and say it in your own words.")
                % {"what": ", ".join(label_of(name) for name in self.missing)},
                "body",
            )


def label_of(name: str) -> str:
    """What a placeholder stands for, in the reader's language."""
    return str(KNOWN[name].label) if name in KNOWN else name


def fill(text: str, about: About) -> Filled:
    """Put a ticket's values into a text; each value is read once, and none is read as a text."""
    values: dict[str, str | None] = {}
    parts: list[Part] = []
    at = 0
    for found in _PLACE.finditer(text):
        name = found[1].strip()
        if found.start() > at:
            parts.append(Part(text[at : found.start()]))
        at = found.end()
        if name not in values:
            values[name] = value_of(name, about)
        value = values[name]
        parts.append(Part(found[0], name, True) if value is None else Part(value, name))
    if at < len(text):
        parts.append(Part(text[at:]))
    return Filled(tuple(parts), about.locale)


def value_of(name: str, about: About) -> str | None:
    """What a placeholder says of a ticket; None where the ticket does not have it."""
    known = KNOWN.get(name)
    said = known.read(about) if known is not None else None
    return tame(said) or None if said else None


def tame(value: str) -> str:
    """A value that stays in its place: one line, no braces, nothing that turns what follows.

    Empty where nothing of it can be seen.
    """
    kept = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in value.translate(_TURNS).translate(_ROUND)
    )
    if not any(letter.isprintable() and not letter.isspace() for letter in kept):
        return ""
    return " ".join(kept.split())


# --- looking a text over -----------------------------------------------------------------


def problems(text: str) -> list[str]:
    """What is wrong with a text's placeholders, each in a sentence; empty when all are known."""
    told = []
    for name in dict.fromkeys(found[1].strip() for found in _PLACE.finditer(text)):
        if name not in KNOWN:
            told.append(_unknown(name))
    rest = _PLACE.sub("", text)
    if "{{" in rest or "}}" in rest:
        told.append(_("There is a “{{” or “}}” that belongs to no placeholder."))
    return told


def _unknown(name: str) -> str:
    shown = " ".join(name.split())[:40]
    near = get_close_matches(shown.casefold().replace(" ", "_"), KNOWN, n=1, cutoff=0.5)
    if near:
        told = _("“{{ %(name)s }}” is not known. Do you mean “{{ %(near)s }}”?")
        return told % {"name": shown, "near": near[0]}
    return _("“{{ %(name)s }}” is not known.") % {"name": shown}


def left_in(text: str) -> list[str]:
    """Known placeholders that still stand in a text which is about to be sent."""
    names = (found[1].strip().casefold() for found in _PLACE.finditer(text))
    return [name for name in dict.fromkeys(names) if name in KNOWN]


def must_be_filled(text: str) -> None:
    """Let no text go to a customer in which a placeholder stands.

    Raises:
        InvalidInput: one does; says which.
    """
    left = left_in(text)
    if left:
        shown = ", ".join(f"{{{{ {name} }}}}" for name in left)
        raise InvalidInput(
            _("%(names)s still stands in the text. Put in what it stands for, or take it out.")
            % {"names": shown},
            "body",
        )
