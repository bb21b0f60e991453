"""Everything that the page of one ticket shows, in as few queries as there are tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.http import Http404
from django.utils.translation import get_language

from tickets import access
from tickets.actions import retention
from tickets.actions import what_if as asking
from tickets.actions.cancel_order import wanted_address
from tickets.desk import (
    decision,
    errands,
    forms,
    keeping,
    labels,
    proofs,
    shipments,
    signals,
    steps,
    timeline,
)
from tickets.desk.person import Desk
from tickets.desk.rulebook import Rulebook, read
from tickets.lifecycle import ClaimState, DeadlineState
from tickets.models import (
    Claim,
    ClaimItem,
    Deadline,
    Event,
    Evidence,
    Message,
    OrderLine,
    Store,
    Ticket,
    User,
)
from tickets.permissions import roles_with
from tickets.references import clean_reference


def _count(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n"))


def ticket_for(desk: Desk, reference: str) -> Ticket:
    """One ticket with all that its page shows, or 404."""
    mine = Q(customer=OuterRef("customer"))
    ticket = (
        access.tickets_for(desk.actor)
        .filter(reference=clean_reference(reference) or "")
        .select_related("store", "customer", "order", "assignee", "refund", "claim__refund")
        .select_related("claim__policy_version", "claim__overridden_by", "claim__order")
        .defer("claim__policy_version__source")
        .annotate(
            orders_n=_count(access.orders_for(desk.actor).filter(mine)),
            tickets_n=_count(access.tickets_for(desk.actor).filter(mine)),
        )
        .prefetch_related(
            Prefetch("order__lines", OrderLine.objects.select_related("product")),
            "order__shipments__tracking_events",
            Prefetch("claim__items", ClaimItem.objects.order_by("pk")),
            Prefetch("claim__evidence", proofs.rows(Evidence.objects.all())),
            Prefetch(
                "events",
                Event.objects.select_related("actor_user", "actor_customer", "policy_version")
                .defer("policy_version__source")
                .order_by("seq"),
            ),
            Prefetch("messages", Message.objects.select_related("author")),
        )
        .first()
    )
    if ticket is None:
        raise Http404
    _share_rows(ticket)
    return ticket


def _share_rows(ticket: Ticket) -> None:
    """Rows that are the same row become the same object, so that nothing is read twice."""
    for message in ticket.messages.all():
        message.ticket = ticket
    claim = claim_of(ticket)
    if claim is None:
        return
    claim.ticket = ticket
    if ticket.order is not None and claim.order_id == ticket.order_id:
        claim.order = ticket.order
    lines = {line.pk: line for line in claim.order.lines.all()}
    for item in claim.items.all():
        item.claim = claim
        item.line = lines[item.line_id]


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
) -> dict[str, Any]:
    """The page's context. ``bound`` is a form that was not accepted, shown as typed;
    ``since`` the last event its writer had seen: what came after is shown on top."""
    verbs = desk.verbs(ticket.store_id)
    events = list(ticket.events.all())
    claim = claim_of(ticket)
    context = desk.context(
        ticket=ticket,
        store=ticket.store,
        claim=claim,
        about=labels.about(ticket),
        kind=labels.REQUESTS.get(ticket.request, ticket.request),
        entries=timeline.conversation(ticket, events, ticket.messages.all()),
        history=[timeline.entry(event) for event in reversed(events)],
        meanwhile=_meanwhile(events, since),
        may_work="work" in verbs,
        message_form=_message_form(bound),
        assignee_form=_assignee_form(ticket, verbs, bound),
        deliveries=shipments.cards(ticket, bound, desk.now),
        bound=bound[0] if bound else "",
        others=_others(ticket),
    )
    if claim is not None:
        asked = any(event.kind == "sent_to_manufacturer" for event in events)
        context |= _claim_context(claim, verbs, bound, asked_manufacturer=asked)
        context["asked"] = _asked(claim, what_if) if what_if is not None else None
        context["deadlines"] = _deadlines(claim)
    else:
        context |= _request_context(ticket, events, verbs, bound)
    has_files = bool(context["evidence"])
    context |= _proofs_context(desk, ticket, claim, context["evidence"])
    context["kept"] = keeping.card(ticket, claim, verbs, bound, has_files=has_files)
    return context


def _proofs_context(
    desk: Desk, ticket: Ticket, claim: Claim | None, files: list[Evidence]
) -> dict[str, Any]:
    """The files as the viewer shows them, and what stands out about them."""
    shown = proofs.proofs(files, desk.now)
    return {
        "evidence": shown,
        "beside": proofs.beside(shown),
        "signals": signals.of(desk, ticket, claim, files),
    }


def _request_context(
    ticket: Ticket,
    events: list[Event],
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None,
) -> dict[str, Any]:
    """A request that is no claim: its decision, its steps, its files, and its dates."""
    due = Deadline.objects.filter(Q(ticket=ticket) | Q(refund__ticket=ticket))
    due = due.exclude(kind=retention.KIND)  # on a card of its own
    return {
        "card": errands.card(events),
        "offers": errands.offers(ticket, events, verbs, bound),
        "refund": errands.refund_to_pay(ticket),
        "address": wanted_address(ticket) if ticket.request == "change_address" else {},
        "evidence": list(proofs.rows(ticket.evidence.all())),
        "kinds": labels.EVIDENCE,
        "deadlines": list(due.order_by("due_at", "pk")),
    }


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
    book: Rulebook = read(proposal.pack, claim.type, claim.rule, claim.order.country)
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


def _others(ticket: Ticket) -> dict[str, int]:
    """How many more orders and conversations the customer has (counted by `ticket_for`)."""
    orders, tickets = (getattr(ticket, name, None) or 0 for name in ("orders_n", "tickets_n"))
    return {"orders": orders - bool(ticket.order_id), "tickets": tickets - 1}


def _meanwhile(events: list[Event], since: int | None) -> list[timeline.Entry]:
    if since is None:
        return []
    return [timeline.entry(event) for event in events if event.seq > since]


def _message_form(bound: tuple[str, forms.StepForm] | None) -> forms.StepForm:
    return bound[1] if bound and bound[0] == "message" else forms.MessageForm(name="message")


def _assignee_form(
    ticket: Ticket, verbs: frozenset[str], bound: tuple[str, forms.StepForm] | None
) -> forms.StepForm | None:
    if "work" not in verbs:
        return None
    if bound and bound[0] == "assignee":
        return bound[1]
    people = [(person.pk, person.get_full_name()) for person in people_of(ticket.store)]
    return forms.AssigneeForm(
        name="assignee", options=people, initial={"assignee": str(ticket.assignee_id or "")}
    )


def _deliveries(
    ticket: Ticket, bound: tuple[str, forms.StepForm] | None
) -> list[tuple[Any, forms.StepForm]]:
    """Each shipment of the order with the form that records its delivery."""
    if ticket.order is None:
        return []
    found = []
    for shipment in ticket.order.shipments.all():
        name = f"delivery-{shipment.pk}"
        form = bound[1] if bound and bound[0] == name else None
        found.append((shipment, form or forms.DeliveryForm(name=name)))
    return found


def _deadlines(claim: Claim) -> list[Deadline]:
    """The deadlines of a claim and its refund: what is to come first, then what was."""
    rows = Deadline.objects.filter(Q(claim=claim) | Q(refund__claim=claim))
    waiting = (DeadlineState.PENDING, DeadlineState.OVERDUE)
    found = list(rows.order_by("due_at", "pk"))
    return sorted(found, key=lambda row: (row.state not in waiting, row.due_at))
