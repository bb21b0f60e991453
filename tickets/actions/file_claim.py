"""Send a draft: it becomes a ticket with one claim, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from policies.evaluate import explain
from tickets.actions.base import Turn
from tickets.actions.drafts import Preview, preview
from tickets.actions.evidence_deadlines import set_evidence_deadlines
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import CannotFile, Conflict, InvalidInput
from tickets.facts import lines_of_draft
from tickets.lifecycle import ClaimState, EvidenceState, TicketState, WaitingFor
from tickets.models import Claim, ClaimItem, Draft, Evidence, OrderLine, Ticket
from tickets.models.claim import FILED_VERDICTS
from tickets.permissions import permit
from tickets.references import new_reference


def file_claim(draft: Draft, *, actor: Actor, now: datetime) -> Claim:
    """File what the draft asks for; sent twice it is the same claim.

    Raises:
        CannotFile: the store's rule lets this not become a claim (refused, wait, …).
        InvalidInput: an item is missing or its quantity is not in the order.
        Conflict: one of the items has an open claim of this type already.
        NotAllowed: the actor is neither the customer nor staff of the store.
    """
    try:
        with transaction.atomic():
            return _file(draft, actor, now)
    except IntegrityError as error:
        if "one_open_claim_per_line" in str(error):
            raise Conflict(_already_open(draft)) from error
        raise


def _file(draft: Draft, actor: Actor, now: datetime) -> Claim:
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("store", "order__customer")
        .get(pk=draft.pk)
    )
    before = Claim.objects.select_related("ticket__store").filter(form_key=draft.key).first()
    if before is not None:
        return before
    if draft.order is None:
        raise InvalidInput(_("Please tell us which order this is about."), "order")
    permit(actor, draft.store, "file", draft.order.customer_id)
    lines = lines_of_draft(draft)
    items = _items(draft, lines)
    found = preview(draft, now=now)
    _fit_to_file(found)
    ticket = _ticket(draft, lines, found, now)
    claim = _claim(draft, ticket, found, now)
    for item in items:
        item.claim = claim
    ClaimItem.objects.bulk_create(items)
    Evidence.objects.filter(draft=draft, state=EvidenceState.READY).update(claim=claim)
    turn = Turn(actor=actor, now=now, store=draft.store, ticket=ticket, claim=claim)
    event = turn.event(
        "claim_filed",
        rule=claim.rule,
        version=found.version,
        note=str(draft.answers.get("note", ""))[:4000],
        items=[
            {"title": i.line.title, "quantity": i.quantity, "component": i.component} for i in items
        ],
        **decision_data(found.decision, found.facts, found.pack),
    )
    if claim.missing:
        set_evidence_deadlines(turn, claim, found.pack)
        ticket.next_due_at = min(deadline.due_at for deadline in turn.deadlines)
        event.data["evidence_due_at"] = turn.deadlines[0].due_at.isoformat()
    turn._deadlines_touched = False  # a new ticket has no deadlines but these
    turn.mail("claim_filed", event)
    turn.flush()
    return claim


def _fit_to_file(found: Preview) -> None:
    decision = found.decision
    if (
        found.facts.request not in found.pack.claim_requests
        or decision.verdict not in FILED_VERDICTS
    ):
        sentences = explain(found.pack, found.facts, decision)
        raise CannotFile(" ".join(sentences), decision)


def _items(draft: Draft, lines: Sequence[OrderLine]) -> list[ClaimItem]:
    by_pk = {line.pk: line for line in lines}
    items: list[ClaimItem] = []
    for wanted in draft.answers.get("items", []):
        line = by_pk.pop(wanted.get("line"), None)
        if line is None:
            continue
        quantity = int(wanted.get("quantity") or 1)
        if not 1 <= quantity <= line.quantity:
            raise InvalidInput(
                ngettext(
                    "There is %(n)d of “%(title)s” in this order.",
                    "There are %(n)d of “%(title)s” in this order.",
                    line.quantity,
                )
                % {"n": line.quantity, "title": line.title},
                "items",
            )
        items.append(
            ClaimItem(
                line=line,
                quantity=quantity,
                component=str(wanted.get("component", "")).strip()[:200],
                claim_type=draft.request,
                claim_open=True,
            )
        )
    if not items:
        raise InvalidInput(_("Please tick at least one item."), "items")
    open_now = ClaimItem.objects.filter(
        line__in=[item.line for item in items], claim_type=draft.request, claim_open=True
    )
    if open_now.exists():
        raise Conflict(_already_open(draft))
    return items


def _already_open(draft: Draft) -> str:
    return _(
        "There is already an open request about one of these items. "
        "Use the link in the mail we sent you to add to it."
    )


def _ticket(draft: Draft, lines: Sequence[OrderLine], found: Preview, now: datetime) -> Ticket:
    order = draft.order
    assert order is not None
    customer = order.customer
    fresh: dict[str, Any] = {
        key: str(draft.answers[key])[:64]
        for key in ("time_zone", "locale")
        if draft.answers.get(key) and str(draft.answers[key]) != getattr(customer, key)
    }
    if fresh:
        type(customer).objects.filter(pk=customer.pk).update(**fresh)
        for key, value in fresh.items():
            setattr(customer, key, value)
    waits = bool(found.decision.missing)
    return Ticket.objects.create(
        store=draft.store,
        reference=new_reference(),
        customer=customer,
        order=order,
        request=draft.request,
        subject=", ".join(line.title for line in lines)[:200],
        state=TicketState.WAITING if waits else TicketState.NEW,
        waiting_for=WaitingFor.CUSTOMER if waits else WaitingFor.NOBODY,
        opened_at=now,
        updated_at=now,
    )


def _claim(draft: Draft, ticket: Ticket, found: Preview, now: datetime) -> Claim:
    decision = found.decision
    order = draft.order
    assert order is not None
    needs = decision.verdict == "evidence_needed"
    return Claim.objects.create(
        ticket=ticket,
        order=order,
        draft=draft,
        form_key=draft.key,
        type=draft.request,
        state=ClaimState.AWAITING_EVIDENCE if needs else ClaimState.UNDER_REVIEW,
        said=draft.answers.get("said", {}),
        filed_at=now,
        policy_version=found.version,
        verdict=decision.verdict,
        rule=decision.rule,
        closes_at=decision.closes_at,
        missing=[dict(way) for way in decision.missing],
        outcomes=list(decision.outcomes),
    )
