"""The decision on a request as a PDF: who asked for what, by which rule, on which facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _

from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.words import say_or
from tickets.evidence.documents import who
from tickets.evidence.paper import Pair, Paper
from tickets.labels import CHANNELS, EVENTS, OUTCOMES, VERDICTS
from tickets.models import Claim, Event, Evidence, Ticket
from tickets.telling import sentences_of

# What a person decided, as against what the rule said when the request arrived.
_ENDINGS = (
    "claim_approved",
    "claim_refused",
    "claim_expired",
    "claim_withdrawn",
    "claim_fulfilled",
    "claim_reopened",
    "evidence_overridden",
    "manufacturer_answered",
    "request_refused",
    "request_done",
    "order_cancelled",
    "address_changed",
    "ticket_solved",
)
# Facts that the document's head has said already.
_TOLD_ABOVE = ("store", "request", "id")


def decision_pdf(
    ticket: Ticket, events: Sequence[Event], files: Sequence[Evidence], *, now: datetime
) -> bytes:
    """The document, in the language that is active; times on the store's clock."""
    paper = Paper(ticket.store.name, ticket.spoken_reference, now)
    locale = translation.get_language() or "en"
    zone = ZoneInfo(ticket.store.time_zone)
    claim: Claim | None = getattr(ticket, "claim", None)
    decided = next((event for event in reversed(events) if "facts" in event.data), None)
    pack = _pack(ticket, claim)
    paper.heading(_("Decision on the request %s") % ticket.spoken_reference)
    paper.pairs(_head(ticket, pack, locale, zone, now))
    if ticket.order is not None:
        paper.section(_("The order"))
        paper.pairs(_order(ticket, zone))
    paper.section(_("What was asked"))
    paper.pairs(_asked(ticket, claim, events))
    if decided is not None:
        paper.section(_("What the rule says"))
        paper.pairs(_rule(decided, pack, zone))
        paper.gap()
        for sentence in sentences_of(decided, locale):
            paper.paragraph(sentence)
        paper.small_heading(_("Facts that it looked at"))
        paper.pairs(_facts(decided.data["facts"], pack, locale, zone))
    paper.section(_("What was decided"))
    endings = [event for event in events if event.kind in _ENDINGS]
    for event in endings:
        paper.pairs(_ending(event, zone))
        paper.gap()
    if not endings:
        paper.paragraph(_("Nothing has been decided yet."))
    paper.section(_("Evidence"))
    for number, each in enumerate(files, start=1):
        paper.pairs(_file(number, each, pack, locale, zone))
        paper.gap()
    if not files:
        paper.paragraph(_("Nothing was handed in."))
    return bytes(paper.output())


def _pack(ticket: Ticket, claim: Claim | None) -> Pack:
    if claim is not None:
        return pack_of(claim.policy_version)
    asked = ticket.order.placed_at if ticket.order is not None else ticket.opened_at
    return pack_of(in_force(ticket.store_id, asked))


def _when(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def _head(ticket: Ticket, pack: Pack, locale: str, zone: ZoneInfo, now: datetime) -> Iterator[Pair]:
    yield _("Store"), ticket.store.name
    yield _("Reference"), ticket.spoken_reference
    yield _("Customer"), f"{ticket.customer.name} <{ticket.customer.email}>"
    try:
        yield _("Kind of request"), pack.label(ticket.request, locale)
    except ValueError:  # a kind of before, which the rules no longer know
        yield _("Kind of request"), ticket.request
    yield _("Asked"), _when(ticket.opened_at, zone)
    yield _("This document is of"), _when(now, zone)


def _order(ticket: Ticket, zone: ZoneInfo) -> Iterator[Pair]:
    order = ticket.order
    assert order is not None
    yield _("Order"), f"{order.number}, {_when(order.placed_at, zone)}"
    for line in order.lines.order_by("position", "pk"):
        yield _("Item"), f"{line.quantity} × {line.title}"
    for shipment in order.shipments.all():
        if shipment.delivered_at is not None:
            yield _("Delivered"), _when(shipment.delivered_at, zone)


def _asked(ticket: Ticket, claim: Claim | None, events: Sequence[Event]) -> Iterator[Pair]:
    if claim is not None:
        for item in claim.items.select_related("line"):
            part = f" – {item.component}" if item.component else ""
            yield _("Item"), f"{item.quantity} × {item.line.title}{part}"
    yield _("Subject"), ticket.subject
    note = next((event.data["note"] for event in events if event.data.get("note")), "")
    if note:
        yield _("In the customer's words"), str(note)


def _rule(event: Event, pack: Pack, zone: ZoneInfo) -> Iterator[Pair]:
    decision: dict[str, Any] = event.data.get("decision", {})
    verdict = str(decision.get("verdict", ""))
    version = event.policy_version
    yield _("What it answers"), str(VERDICTS.get(verdict, verdict))
    yield _("Rule"), event.rule
    if version is not None:
        words = _("%(number)d, in force since %(when)s")
        starts = _when(version.starts_at, zone)
        yield _("Version of the rules"), words % {"number": version.number, "when": starts}
        yield _("SHA-256 of the rules"), version.sha256
    yield _("Asked of the rule"), _when(event.at, zone)
    if decision.get("closes_at"):
        yield _("The window closes"), _when(datetime.fromisoformat(decision["closes_at"]), zone)


def _facts(facts: dict[str, Any], pack: Pack, locale: str, zone: ZoneInfo) -> Iterator[Pair]:
    """Every fact that is known, by its word; what stands in groups is told one by one."""
    for name, value in facts.items():
        if name in _TOLD_ABOVE or value in (None, "", [], {}):
            continue
        if name == "evidence":
            told = (
                f"{value.count(kind)} × {_kind(kind, pack, locale)}" for kind in sorted(set(value))
            )
            yield _("Files that counted"), ", ".join(told)
        elif isinstance(value, dict):
            yield from _facts(value, pack, locale, zone)
        else:
            label = say_or(f"fact.{name}", name.replace("_", " "), locale)
            yield label, _fact(_worded(name, value, locale), zone)


def _kind(kind: str, pack: Pack, locale: str) -> str:
    known = pack.evidence_kinds.get(kind)
    return known.label(locale) if known else kind


def _worded(name: str, value: Any, locale: str) -> Any:
    """The words for a fact that is a code; any other fact as it is."""
    if name == "shipping_method":
        return say_or(f"method.{value}", str(value), locale)
    return str(CHANNELS.get(value, value)) if name == "channel" else value


def _fact(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_fact(each, zone) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_fact(each, zone)}" for key, each in value.items())
    if isinstance(value, str) and value[4:5] == "-" and "T" in value:
        try:
            return _when(datetime.fromisoformat(value), zone)
        except ValueError:
            return value
    return str(value)


def _ending(event: Event, zone: ZoneInfo) -> Iterator[Pair]:
    data = event.data
    outcome = str(data.get("outcome", ""))
    told = [str(OUTCOMES.get(outcome, outcome))] if outcome else []
    told += [str(data[key]) for key in ("sentence", "reason", "note") if data.get(key)]
    if event.rule:
        number = event.policy_version.number if event.policy_version else "–"
        words = _("rule %(rule)s, version %(version)s")
        told.append(words % {"rule": event.rule, "version": number})
    yield _when(event.at, zone), f"{EVENTS.get(event.kind, event.kind)} ({who(event)})"
    for line in told:
        yield "", line


def _file(
    number: int, evidence: Evidence, pack: Pack, locale: str, zone: ZoneInfo
) -> Iterator[Pair]:
    yield f"{number}. {_kind(evidence.kind, pack, locale)}", evidence.original_name
    yield "SHA-256", evidence.sha256 or _("not known")
    size = _("%(bytes)s bytes, %(state)s") % {"bytes": evidence.size, "state": _state(evidence)}
    yield "", size
    yield "", _("upload began %s") % _when(evidence.began_at, zone)
    if evidence.captured_at is not None:
        # Without its zone it is the camera's own clock, kept as UTC: told as it was written.
        taken = zone if evidence.captured_zone else ZoneInfo("UTC")
        yield "", _("taken %s, as the camera says") % _when(evidence.captured_at, taken)


def _state(evidence: Evidence) -> str:
    if evidence.erased_at is not None:
        return _("erased")
    words = {
        "ready": _("checked") if evidence.in_time else _("checked, too late to count"),
        "received": _("not checked yet"),
        "repeated": _("the same file again"),
        "unreadable": _("cannot be read"),
        "infected": _("harmful"),
    }
    return words[evidence.state]
