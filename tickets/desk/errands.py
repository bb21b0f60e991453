"""Requests that are no claims: the decision they came with, and the steps that end them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.pack import Pack
from policies.publish import pack_of
from tickets.actions.carrier import PARCEL_REQUESTS
from tickets.desk import forms, labels, lead
from tickets.desk.decision import Known
from tickets.desk.fields import fields_of
from tickets.desk.rulebook import sentence
from tickets.desk.steps import Button, Offer
from tickets.lifecycle import TicketState, WaitingFor
from tickets.models import Event, Ticket
from tickets.telling import sentences_of

_OVER = (TicketState.SOLVED, TicketState.CLOSED)


@dataclass(frozen=True, slots=True)
class RequestCard:
    """The decision that a request came with, as `desk/cards/verdict.html` shows one."""

    verdict: str
    rule: str
    sentence: str
    version: int
    at: datetime
    sentences: tuple[str, ...]
    facts: tuple[Known, ...]
    opens_at: datetime | None = None
    closes_at: None = None
    ways: tuple[()] = ()
    right: None = None


def card(events: Sequence[Event]) -> RequestCard | None:
    """The newest decision among the events that opened a request; None where there is none."""
    made = [event for event in events if _decides(event)]
    if not made:
        return None
    event = made[-1]
    version = event.policy_version
    assert version is not None
    pack, told = pack_of(version), event.data["decision"]
    locale = get_language() or "en"
    return RequestCard(
        verdict=str(told.get("verdict", "")),
        rule=event.rule,
        sentence=sentence(pack, event.rule),
        version=version.number,
        at=event.at,
        sentences=tuple(sentences_of(event, locale)),
        facts=tuple(_facts(event, pack)),
        opens_at=parse_datetime(told.get("opens_at") or ""),
    )


def _decides(event: Event) -> bool:
    opened = event.kind in ("request_accepted", "ticket_opened")
    return opened and "decision" in event.data and event.policy_version is not None


def _facts(event: Event, pack: Pack) -> list[Known]:
    """The facts that this type of request is judged by, as they were then."""
    facts: Mapping[str, Any] = event.data.get("facts", {})
    known = {**facts.get("order", {}), **facts.get("said", {})}
    found = [Known(_("Asked"), event.at, is_date=True)]
    for name in pack.request_facts(event.data.get("request") or event.data["facts"]["request"]):
        value = known.get(name)
        at = parse_datetime(value) if isinstance(value, str) and name.endswith("_at") else None
        if at is not None:
            found.append(Known(labels.fact(name), at, is_date=True))
        elif isinstance(value, bool):
            found.append(Known(labels.fact(name), _("yes") if value else _("no")))
        else:
            found.append(Known(labels.fact(name), _("not known") if value is None else value))
    return found


# --- the steps --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Situation:
    """What the steps look at: the ticket, what has happened on it, whether money is owed."""

    ticket: Ticket
    kinds: frozenset[str]
    owed: bool

    @property
    def is_open(self) -> bool:
        """Whether anything can still be done."""
        return self.ticket.state not in _OVER

    @property
    def order_waits(self) -> bool:
        """Whether the order is there and not cancelled."""
        order = self.ticket.order
        return order is not None and order.cancelled_at is None


@dataclass(frozen=True, slots=True)
class ErrandStep:
    """One step in the abstract; as `tickets.desk.steps.Step`, for a request that is no claim."""

    key: str
    url: str
    form: type[forms.StepForm]
    title: Callable[[], str]
    shown: Callable[[Situation], bool]
    button: Callable[[str], str]
    icon: str
    tone: str = ""
    verb: str = "work"
    send: Mapping[str, str] | None = None


def _asks(*requests: str) -> Callable[[Situation], bool]:
    return lambda now: now.ticket.request in requests and now.order_waits


def _parcel(now: Situation) -> bool:
    return now.ticket.request in PARCEL_REQUESTS and now.ticket.order_id is not None


def _waits_for_carrier(now: Situation) -> bool:
    return now.ticket.waiting_for == WaitingFor.CARRIER


STEPS: tuple[ErrandStep, ...] = (
    ErrandStep(
        "cancellation",
        "cancellation",
        forms.NoteForm,
        lambda: _("Cancel the order"),
        _asks("cancel_order"),
        lambda who: _("Cancel the order, request the refund, mail %(who)s") % {"who": who},
        "shopping-cart-x",
        "go",
    ),
    ErrandStep(
        "address",
        "address",
        forms.NoteForm,
        lambda: _("Change the address"),
        _asks("change_address"),
        lambda who: _("The address is changed: mail %(who)s") % {"who": who},
        "map-pin",
        "go",
    ),
    ErrandStep(
        "carrier",
        "carrier",
        forms.CarrierForm,
        lambda: _("Inquiry opened with the carrier"),
        lambda now: _parcel(now) and not _waits_for_carrier(now),
        lambda who: _("Wait for the carrier and mail %(who)s the date") % {"who": who},
        "truck",
        "go",
    ),
    ErrandStep(
        "carrier-answer",
        "carrier-answer",
        forms.CarrierAnswerForm,
        lambda: _("The carrier answered"),
        lambda now: _parcel(now) and "carrier_asked" in now.kinds,
        lambda who: _("Record the answer and mail %(who)s") % {"who": who},
        "truck-delivery",
        "go",
    ),
    ErrandStep(
        "compensation",
        "compensation",
        forms.CompensationForm,
        lambda: _("Make good for the lost parcel"),
        lambda now: _parcel(now) and "carrier_answered" in now.kinds and not now.owed,
        lambda who: _("Decide and mail %(who)s") % {"who": who},
        "receipt-refund",
        "go",
    ),
    ErrandStep(
        "done",
        "done",
        forms.DoneForm,
        lambda: _("Done"),
        lambda now: not now.owed,
        lambda who: _("Done: mail %(who)s") % {"who": who},
        "circle-check",
    ),
    ErrandStep(
        "refusal",
        "refusal",
        forms.RefusalForm,
        lambda: _("Refuse"),
        lambda now: not now.owed,
        lambda who: _("Refuse and tell %(who)s why") % {"who": who},
        "minus",
        "stop",
    ),
)
BY_KEY: Mapping[str, ErrandStep] = {step.key: step for step in STEPS}


def form_for(step: ErrandStep, ticket: Ticket, data: Any = None) -> forms.StepForm:
    """The step's form; the compensation knows the order's total."""
    return step.form(data, name=step.key, options=_options(ticket))


def _options(ticket: Ticket) -> forms.Money | None:
    order = ticket.order
    return forms.Money(order.total, order.currency) if order is not None else None


def offers(
    ticket: Ticket,
    events: Sequence[Event],
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None,
) -> list[Offer]:
    """The steps that can follow now; one that was not accepted is shown as typed."""
    now = Situation(ticket, frozenset(event.kind for event in events), _owed(ticket))
    who = ticket.customer.name.split(" ")[0] or _("the customer")
    found: list[Offer] = []
    for step in STEPS:
        typed = bound[1] if bound and bound[0] == step.key else None
        possible = now.is_open and step.shown(now) and step.verb in verbs
        if typed is None and not possible:
            continue
        why = lead.too_dear(ticket.order, events, verbs) if step.key == "cancellation" else ""
        if why and typed is None:
            asked = lead.ask(step.key, step.title(), why)
            title = f"{step.title()} ({why})"
            found.append(Offer(asked, title, "", [Button(_("Ask a lead in a note"))], step.tone))
            continue
        fields = "" if typed else fields_of(step.form, step.key, _options(ticket))
        tone = step.tone if step.tone != "go" or not found else ""
        found.append(Offer(step, step.title(), fields, [Button(step.button(who))], tone, typed))
    return found


def _owed(ticket: Ticket) -> bool:
    refund = getattr(ticket, "refund", None)
    return refund is not None and refund.state == "requested"


def refund_to_pay(ticket: Ticket) -> Any:
    """The refund of this request that nobody has paid yet, or None."""
    return getattr(ticket, "refund", None) if _owed(ticket) else None
