"""Send a draft: it becomes a ticket with one claim, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from policies.evaluate import explain
from tickets.actions import clocks, custody
from tickets.actions.base import Turn
from tickets.actions.drafts import Preview, judge_in_time, merge
from tickets.actions.evidence_deadlines import set_evidence_deadlines
from tickets.actions.files_to_send import files_to_send
from tickets.actions.inquiries import end
from tickets.actions.people import learn
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import ActionError, CannotFile, Conflict, InvalidInput
from tickets.facts import lines_of_draft
from tickets.lifecycle import ClaimState, TicketState, WaitingFor
from tickets.models import Claim, ClaimItem, Draft, Event, Evidence, OrderLine, Ticket
from tickets.models.claim import FILED_VERDICTS
from tickets.permissions import permit
from tickets.references import new_reference


def file_claim(
    draft: Draft,
    *,
    answers: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> Claim:
    """File what the draft asks for, with these last answers; sent twice it is one claim.

    Raises:
        CannotFile: the store's rule lets this not become a claim (refused, wait, …).
        InvalidInput: an item is missing or its quantity is not in the order.
        Conflict: one of the items has an open claim of this type already; or a file is still on
            its way (``field`` is ``files``).
        NotAllowed: the actor is neither the customer nor staff of the store.
    """
    try:
        with transaction.atomic():
            return _file(draft, answers or {}, actor, now)
    except (ActionError, IntegrityError) as error:
        # Sent before: then that is the answer, whatever a second look would say.
        before = Claim.objects.select_related("ticket__store").filter(form_key=draft.key).first()
        if before is not None:
            permit(actor, before.ticket.store, "file", before.ticket.customer_id)
            return before
        if "one_open_claim_per" in str(error):
            raise Conflict(_already_open()) from error
        if "reference" in str(error):  # one in 22 billion: draw another
            return file_claim(draft, answers=answers, actor=actor, now=now)
        raise


def _file(draft: Draft, answers: Mapping[str, Any], actor: Actor, now: datetime) -> Claim:
    touched = Draft.objects.select_for_update().values_list("touched_at", flat=True)
    # Whoever read the draft may have seen that it has no files; adding one touches it.
    has_files = getattr(draft, "has_files", True)
    if touched.get(pk=draft.pk) != draft.touched_at:  # touched again since it was read
        draft.refresh_from_db()
        has_files = True
    if draft.order is None:
        raise InvalidInput(_("Please tell us which order this is about."), "order")
    asker = draft.asker
    assert asker is not None
    permit(actor, draft.store, "file", asker.pk)
    merge(draft, answers)
    lines = lines_of_draft(draft)
    items = _items(draft, lines)
    files = files_to_send(draft, now) if has_files else []
    found = judge_in_time(draft, now, lines=lines, files=files)
    _fit_to_file(found)
    ticket = _ticket(draft, lines, found, now)
    claim = _claim(draft, ticket, found, now)
    turn = Turn(actor=actor, now=now, store=draft.store, ticket=ticket, claim=claim)
    event = _filed(turn, draft, items, found)
    # Everything is known by now, so each row is written once, as it will stay.
    if claim.state == ClaimState.AWAITING_EVIDENCE:
        ticket.next_due_at = set_evidence_deadlines(turn, claim, found.pack)
        event.data["evidence_due_at"] = ticket.next_due_at.isoformat()
    turn.mail("claim_filed", event)
    clocks.follow(turn)
    ticket.next_due_at = ticket.next_due_at or clocks.due_of(ticket)
    ticket.save(force_insert=True)
    claim.ticket = ticket
    claim.save(force_insert=True)
    for item in items:
        item.claim = claim
    ClaimItem.objects.bulk_create(items)
    if files:
        Evidence.objects.filter(pk__in=[row.pk for row in files]).update(claim=claim)
        custody.begin(files, "filed", actor=actor, now=now)
    turn.write()
    end(draft, "filed", ticket, now=now)
    return claim


def _filed(turn: Turn, draft: Draft, items: Sequence[ClaimItem], found: Preview) -> Event:
    return turn.event(
        "claim_filed",
        rule=found.decision.rule,
        version=found.version,
        note=str(draft.answers.get("note", ""))[:4000],
        items=[
            {"title": i.line.title, "quantity": i.quantity, "component": i.component} for i in items
        ],
        **decision_data(found.decision, found.facts, found.pack),
    )


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
        if not 1 <= quantity <= line.own:
            raise InvalidInput(
                ngettext(
                    "There is %(n)d of “%(title)s” in this order.",
                    "There are %(n)d of “%(title)s” in this order.",
                    line.own,
                )
                % {"n": line.own, "title": line.title},
                "items",
            )
        items.append(
            ClaimItem(
                line=line,
                share=line.own_share,
                quantity=quantity,
                component=str(wanted.get("component", "")).strip()[:200],
                claim_type=draft.request,
                claim_open=True,
            )
        )
    if not items:
        raise InvalidInput(_("Please tick at least one item."), "items")
    return items


def _already_open() -> str:
    return _(
        "There is already an open request about one of these items. "
        "Use the link in the mail we sent you to add to it."
    )


def _ticket(draft: Draft, lines: Sequence[OrderLine], found: Preview, now: datetime) -> Ticket:
    order, customer = draft.order, draft.asker
    assert order is not None and customer is not None
    learn(customer, draft.answers)
    # Where a law lets no evidence be needed, what is missing would only help.
    waits = found.decision.verdict == "evidence_needed"
    return Ticket(
        store=draft.store,
        reference=new_reference(),
        customer=customer,
        order=order,
        request=draft.request,
        subject=", ".join(line.title for line in lines)[:200],
        state=TicketState.WAITING if waits else TicketState.NEW,
        waiting_for=WaitingFor.CUSTOMER if waits else WaitingFor.NOBODY,
        # The database would find it out by itself, and write the row a second time for it.
        stage="evidence" if waits else "ready",
        opened_at=now,
        updated_at=now,
    )


def _claim(draft: Draft, ticket: Ticket, found: Preview, now: datetime) -> Claim:
    decision = found.decision
    order = draft.order
    assert order is not None
    needs = decision.verdict == "evidence_needed"
    return Claim(
        ticket=ticket,
        order=order,
        draft=draft,
        form_key=draft.key,
        type=draft.request,
        state=ClaimState.AWAITING_EVIDENCE if needs else ClaimState.UNDER_REVIEW,
        said=draft.answers.get("said", {}),
        filed_at=found.facts.at,
        policy_version=found.version,
        verdict=decision.verdict,
        rule=decision.rule,
        closes_at=decision.closes_at,
        missing=[dict(way) for way in decision.missing],
        outcomes=list(decision.outcomes),
    )
