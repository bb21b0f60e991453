"""When an automation looks at a ticket: the whole list. Pure, but for the names of a store.

Most triggers are events of a ticket; two are swept by the clock. No trigger stands here that
nothing in the house ever makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tickets.actions.deeds import LONGEST_TAG, tag_key
from tickets.automations.inputs import (
    NUMBER,
    ONE,
    TEXT,
    About,
    Choices,
    Input,
    Known,
    Value,
    clean_inputs,
    known_of,
    quoted,
)
from tickets.desk.labels import DEADLINES
from tickets.errors import InvalidInput

Data = Mapping[str, Any]

# Deadlines of a ticket, its claim or its refund that a person has to keep.
WATCHED = (
    "evidence_due",
    "manufacturer_due",
    "process_due",
    "refund_due",
    "answer_due",
    "carrier_due",
    "first_target",
    "resolve_target",
)
# The targets have a trigger of their own when they are missed.
PASSED = tuple(kind for kind in WATCHED if not kind.endswith("_target"))


def _always(kind: str, data: Data, value: Value) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Trigger:
    """One *when*. ``event_kinds`` are the events that may be it, and ``fits`` says whether one is.

    ``timed``: no event, but the clock: ``before_deadline`` and ``waiting_for_customer``.
    """

    key: str
    label: Promise
    told: Callable[[Value, Known], str]
    event_kinds: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    fits: Callable[[str, Data, Value], bool] = _always
    timed: bool = False

    def matches(self, kind: str, data: Data, value: Value) -> bool:
        """Whether an event of this kind, with this data, is what the automation waits for."""
        return kind in self.event_kinds and self.fits(kind, data, value)

    def clean(self, raw: object, about: About) -> Value:
        """What was filled in, as it is stored.

        Raises:
            InvalidInput: it cannot be; ``field`` names the input.
        """
        return clean_inputs(self.inputs, raw, about)

    def words(self, value: Value, about: About) -> str:
        """A clause that follows *When*: ``a request comes in``."""
        return self.told(value, known_of(about))


def _plain(text: Promise) -> Callable[[Value, Known], str]:
    return lambda value, known: str(text)


def _deadlines(kinds: tuple[str, ...]) -> Callable[[Known], Choices]:
    return lambda known: [(kind, str(DEADLINES[kind])) for kind in kinds]


# --- which events are meant --------------------------------------------------------------


def _came_in(kind: str, data: Data, value: Value) -> bool:
    """A ticket that was split off another is no new request."""
    return not (kind == "ticket_opened" and "other" in data)


def _spoke(kind: str, data: Data, value: Value) -> bool:
    """A message of theirs; or a call about a ticket that was there (a new one *comes in*)."""
    return data.get("message_kind") == ("note" if kind == "call_logged" else "customer")


def _answered(kind: str, data: Data, value: Value) -> bool:
    return kind == "request_done" or data.get("message_kind") == "agent"


def _given(kind: str, data: Data, value: Value) -> bool:
    return data.get("assignee") is not None


def _put_on(kind: str, data: Data, value: Value) -> bool:
    return tag_key(value["tag"]) in {tag_key(str(name)) for name in data.get("added", ())}


def _ended(kind: str, data: Data, value: Value) -> bool:
    if kind == "carrier_answered":
        return bool(data.get("found"))
    if kind == "parcel_made_good":
        return data.get("outcome") != "refund"  # then it is solved when the money is paid
    if kind == "order_cancelled":
        return not data.get("amount") and data.get("pickup") is None
    return True


def _of_deadline(kind: str, data: Data, value: Value) -> bool:
    if kind == "deadline_missed":
        return bool(data.get("deadline") == value["kind"])
    return bool(value["kind"] == "evidence_due")


# --- in words ----------------------------------------------------------------------------


def _tagged_words(value: Value, known: Known) -> str:
    return _t("the tag %(tag)s is put on") % {"tag": quoted(value["tag"])}


def _passed_words(value: Value, known: Known) -> str:
    return _t("this deadline passes: %(deadline)s") % {
        "deadline": quoted(str(DEADLINES[value["kind"]]))
    }


def _before_words(value: Value, known: Known) -> str:
    said = ngettext(
        "%(n)d hour is left for this deadline: %(deadline)s",
        "%(n)d hours are left for this deadline: %(deadline)s",
        value["hours"],
    )
    return said % {"n": value["hours"], "deadline": quoted(str(DEADLINES[value["kind"]]))}


def _waiting_words(value: Value, known: Known) -> str:
    said = ngettext(
        "the customer has not answered for %(n)d day",
        "the customer has not answered for %(n)d days",
        value["days"],
    )
    return said % {"n": value["days"]}


_TAG = Input("tag", _("Tag"), TEXT, most=LONGEST_TAG)
_ALL = (
    Trigger(
        "request_filed",
        _("A request comes in"),
        _plain(_("a request comes in")),
        ("claim_filed", "ticket_opened", "request_accepted"),
        fits=_came_in,
    ),
    Trigger(
        "customer_wrote",
        _("The customer writes, or calls"),
        _plain(_("the customer writes or calls")),
        ("message_added", "call_logged"),
        fits=_spoke,
    ),
    Trigger(
        "colleague_answered",
        _("A colleague answers"),
        _plain(_("a colleague answers")),
        ("message_added", "request_done"),
        fits=_answered,
    ),
    Trigger(
        "evidence_complete",
        _("The evidence is complete"),
        _plain(_("the evidence is complete")),
        ("evidence_complete",),
    ),
    Trigger(
        "evidence_refused",
        _("A file cannot be used"),
        _plain(_("a file of the customer cannot be used")),
        ("file_refused",),
    ),
    Trigger(
        "approved",
        _("It is approved"),
        _plain(_("the request is approved")),
        ("claim_approved", "order_cancelled", "address_changed", "parcel_made_good"),
    ),
    Trigger(
        "refused",
        _("It is refused"),
        _plain(_("the request is refused")),
        ("claim_refused", "request_refused"),
    ),
    Trigger(
        "manufacturer_answered",
        _("The manufacturer answers"),
        _plain(_("the manufacturer answers")),
        ("manufacturer_answered",),
    ),
    Trigger(
        "assigned",
        _("It is assigned to somebody"),
        _plain(_("the ticket is assigned to somebody")),
        ("assigned",),
        fits=_given,
    ),
    Trigger(
        "tagged",
        _("A tag is put on"),
        _tagged_words,
        ("tagged",),
        (_TAG,),
        _put_on,
    ),
    Trigger(
        "solved",
        _("It is solved"),
        _plain(_("the ticket is solved")),
        (
            "ticket_solved",
            "request_done",
            "request_refused",
            "claim_refused",
            "claim_expired",
            "claim_withdrawn",
            "claim_fulfilled",
            "address_changed",
            "order_cancelled",
            "carrier_answered",
            "parcel_made_good",
        ),
        fits=_ended,
    ),
    Trigger(
        "target_missed",
        _("A target is missed"),
        _plain(_("a target is missed")),
        ("target_missed",),
    ),
    Trigger(
        "deadline_passed",
        _("A deadline passes"),
        _passed_words,
        ("deadline_missed", "claim_expired", "evidence_waived"),
        (Input("kind", _("Deadline"), ONE, _deadlines(PASSED)),),
        _of_deadline,
    ),
    Trigger(
        "before_deadline",
        _("Some hours before a deadline"),
        _before_words,
        inputs=(
            Input("kind", _("Deadline"), ONE, _deadlines(WATCHED)),
            Input("hours", _("Hours before"), NUMBER, least=1, most=720),
        ),
        timed=True,
    ),
    Trigger(
        "waiting_for_customer",
        _("It waits for the customer for some days"),
        _waiting_words,
        inputs=(Input("days", _("Days"), NUMBER, least=1, most=366),),
        timed=True,
    ),
)
TRIGGERS: Mapping[str, Trigger] = {one.key: one for one in _ALL}


def trigger(key: object) -> Trigger:
    """One of the list.

    Raises:
        InvalidInput: there is none of that name.
    """
    found = TRIGGERS.get(key) if isinstance(key, str) else None
    if found is None:
        raise InvalidInput(_t("Choose when it is to act."), "when")
    return found
