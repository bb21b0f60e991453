"""Everything that the page of one ticket shows: read at once, then put into words."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import get_language

from tickets.actions import retention
from tickets.actions import what_if as asking
from tickets.actions.cancel_order import wanted_address
from tickets.desk import (
    decision,
    errands,
    forms,
    keeping,
    labels,
    marking,
    proofs,
    shipments,
    signals,
    steps,
    talking,
    ticket_clocks,
    timeline,
)
from tickets.desk.person import Desk
from tickets.desk.reading import Read, read
from tickets.desk.rulebook import Rulebook
from tickets.desk.rulebook import read as read_rules
from tickets.lifecycle import ClaimState, DeadlineState
from tickets.models import Claim, Deadline, Event, Evidence, Store, Ticket, User
from tickets.models.event import standing
from tickets.permissions import roles_with
from tickets.references import clean_reference


def ticket_for(desk: Desk, reference: str) -> Ticket:
    """One ticket with all that its page shows, or 404. One query."""
    wanted = clean_reference(reference)
    found = read(desk, wanted, year_ago=desk.now - signals.YEAR) if wanted else None
    if found is None:
        raise Http404
    found.ticket.read = found  # type: ignore[attr-defined]  # for `build`
    return found.ticket


def _read_of(desk: Desk, ticket: Ticket) -> Read:
    """What `ticket_for` has read beside the ticket."""
    found: Read | None = getattr(ticket, "read", None)
    return found or _read_of(desk, ticket_for(desk, ticket.reference))


def claim_of(ticket: Ticket) -> Claim | None:
    """The ticket's claim, if it has one."""
    return getattr(ticket, "claim", None)


def people_of(store: Store) -> list[User]:
    """Who can be given a ticket of this store."""
    return list(
        User.objects.filter(
            is_active=True,
            memberships__store=store,
            memberships__role__in=roles_with("work"),
        ).order_by("name", "email")
    )


def build(
    desk: Desk,
    ticket: Ticket,
    *,
    bound: tuple[str, forms.StepForm] | None = None,
    since: int | None = None,
    what_if: Mapping[str, str] | None = None,
    card: str = "",
) -> dict[str, Any]:
    """The page's context. ``bound`` is a form that was not accepted, shown as typed;
    ``since`` the last event its writer had seen: what came after is shown on top."""
    verbs = desk.verbs(ticket.store_id)
    found = _read_of(desk, ticket)
    events = list(ticket.events.all())
    claim = claim_of(ticket)
    context = desk.context(
        found.counts,
        ticket=ticket,
        store=ticket.store,
        claim=claim,
        about=labels.about(ticket),
        kind=labels.REQUESTS.get(ticket.request, ticket.request),
        history=[timeline.entry(event) for event in reversed(events)],
        may_work="work" in verbs,
        assignee_form=_assignee_form(ticket, found.people, verbs, bound),
        deliveries=shipments.cards(ticket, bound, desk.now),
        bound=bound[0] if bound else "",
        others=_others(found),
        here=found.here,
    )
    context["clocks"] = ticket_clocks.card(desk, ticket)
    context |= talking.context(
        desk, ticket, claim, events, found.attached, bound, since, found.merged
    )
    context["merged"] = found.merged
    context["split_at"] = _split_at(ticket) if "work" in verbs else ""
    context["marks"] = marking.read(desk, ticket, bound, change=card == "marks", rows=found.marks)
    if claim is not None:
        asked = any(event.kind == "sent_to_manufacturer" for event in standing(events))
        context |= _claim_context(claim, verbs, bound, asked_manufacturer=asked)
        context["asked"] = _asked(claim, what_if) if what_if is not None else None
        context["deadlines"] = _deadlines(ticket_clocks.without_targets(found.deadlines))
    else:
        context |= _request_context(ticket, events, verbs, bound)
        rows = ticket_clocks.without_targets(found.deadlines)
        due = [row for row in rows if row.kind != retention.KIND]
        context["deadlines"] = due  # how long files are kept is on a card of its own
    has_files = bool(context["evidence"])
    context |= _proofs_context(desk, found, context["evidence"])
    context["kept"] = keeping.card(ticket, claim, verbs, bound, has_files=has_files)
    return context


def _proofs_context(desk: Desk, found: Read, files: list[Evidence]) -> dict[str, Any]:
    """The files as the viewer shows them, and what stands out about them."""
    shown = proofs.proofs(files, desk.now)
    return {
        "evidence": shown,
        "beside": proofs.beside(shown),
        "signals": signals.of(desk, found.ticket, found.claim, files, found.claims),
    }


def _request_context(
    ticket: Ticket,
    events: list[Event],
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None,
) -> dict[str, Any]:
    """A request that is no claim: its decision, its steps, and its files."""
    return {
        "card": errands.card(events),
        "offers": errands.offers(ticket, events, verbs, bound),
        "refund": errands.refund_to_pay(ticket),
        "address": wanted_address(ticket) if ticket.request == "change_address" else {},
        "evidence": list(ticket.evidence.all()),
        "kinds": labels.EVIDENCE,
    }


def _split_at(ticket: Ticket) -> str:
    """The address of making a ticket of one of its messages, but for the message's key."""
    return reverse("desk:splitting", args=[ticket.reference, 0]).removesuffix("0/")


def what_if(desk: Desk, ticket: Ticket, typed: Mapping[str, str]) -> dict[str, Any]:
    """The context of the answer to changed facts alone."""
    claim = claim_of(ticket)
    if claim is None:
        raise Http404
    return {"asked": _asked(claim, typed), "ticket": ticket, "now": desk.now}


def _asked(claim: Claim, typed: Mapping[str, str]) -> decision.Card:
    changed = decision.parse(claim, typed)
    lines = [item.line for item in claim.items.all()]
    proposal = asking.what_if(claim, lines=lines, locale=get_language() or "en", **changed)
    return decision.card(claim, proposal)


def _claim_context(
    claim: Claim,
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None,
    *,
    asked_manufacturer: bool,
) -> dict[str, Any]:
    lines = [item.line for item in claim.items.all()]
    proposal = asking.propose(claim, lines=lines, locale=get_language() or "en")
    book: Rulebook = read_rules(proposal.pack, claim.type, claim.rule, claim.order.country)
    evidence = list(claim.evidence.all())
    return {
        "card": decision.card(claim, proposal),
        "what_if_fields": decision.fields(claim, proposal),
        "offers": steps.offers(claim, book, verbs, bound, asked_manufacturer=asked_manufacturer),
        "evidence": evidence,
        # Who decides looks at both at once: the film in the middle, the decision beside it.
        "evidence_first": bool(evidence) and claim.state == ClaimState.UNDER_REVIEW,
        "kinds": book.kinds,
    }


def _others(found: Read) -> dict[str, int]:
    """How many more orders and conversations the customer has."""
    return {
        "orders": found.orders - bool(found.ticket.order_id),
        "tickets": found.tickets - 1,
    }


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who it can be given to, and who has it; ``form`` only where that was refused.

    ``note`` is the word that goes with it, as it was typed there.
    """

    people: Sequence[tuple[str, str]]
    chosen: str
    form: forms.StepForm | None
    note: str
    form_key: str


def _assignee_form(
    ticket: Ticket,
    people: Iterable[tuple[int, str]],
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None,
) -> Assignee | None:
    if "work" not in verbs:
        return None
    refused = bound[1] if bound and bound[0] == "assignee" else None
    chosen = refused["assignee"].value() if refused is not None else ticket.assignee_id
    options = [(str(key), name) for key, name in people]
    note, key = "", str(uuid.uuid4())
    if refused is not None:
        note = str(refused["note"].value() or "")
        key = str(refused["form_key"].value() or key)
    return Assignee(options, str(chosen or ""), refused, note, key)


def _deadlines(rows: Iterable[Deadline]) -> list[Deadline]:
    """Those of a claim and its refund: what is to come first, then what was."""
    waiting = (DeadlineState.PENDING, DeadlineState.OVERDUE)
    return sorted(rows, key=lambda row: (row.state not in waiting, row.due_at))
