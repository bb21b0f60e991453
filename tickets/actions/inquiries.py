"""A guided question: kept when its answer is told, and ended by what ended it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tickets.actions.base import inquiry_turn
from tickets.actions.drafts import Preview, form_key_of
from tickets.actor import SYSTEM, Actor
from tickets.models import Draft, Inquiry, Message, Ticket

# Ends that brought a person into it; the others were the guidance's own.
WITH_A_PERSON = ("wrote", "filed")


def latest(draft: Draft) -> Inquiry | None:
    """The newest question of a draft."""
    return Inquiry.objects.filter(draft=draft).order_by("-pk").first()


def tell(draft: Draft, found: Preview, *, now: datetime) -> Inquiry:
    """Keep what the rules have answered; the same answer again writes nothing.

    A draft has one open question: asked with other answers, it holds the latest. One that has
    ended stays as it is, and another answer begins a new one.
    """
    last = latest(draft)
    if last is not None and _same(last, draft, found):
        return last
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        last = latest(draft)  # another page of the same draft may have been faster
        if last is not None and _same(last, draft, found):
            return last
        if last is None or last.ended:
            last = Inquiry(store=draft.store, draft=draft)
        fill(last, draft, found, now)
        last.save()
    return last


def fill(inquiry: Inquiry, draft: Draft, found: Preview, now: datetime) -> None:
    """Put an answer into a question's row; the caller saves it."""
    decision = found.decision
    inquiry.order = draft.order
    if draft.order is not None:
        inquiry.customer = draft.asker
    inquiry.request = draft.request
    inquiry.at = now
    inquiry.facts = found.facts.as_json()
    inquiry.verdict = str(decision.verdict)
    inquiry.rule = decision.rule
    inquiry.policy_version = found.version
    inquiry.closes_at = decision.closes_at
    inquiry.opens_at = decision.opens_at


def _same(inquiry: Inquiry, draft: Draft, found: Preview) -> bool:
    """Whether the row says this already; the moment of asking is no difference."""
    if inquiry.ticket_id is not None:
        return True  # it was sent: nothing is asked any more
    decision = found.decision
    return (
        inquiry.request == draft.request
        and inquiry.order_id == draft.order_id
        and inquiry.verdict == decision.verdict
        and inquiry.rule == decision.rule
        and inquiry.policy_version_id == found.version.pk
        and inquiry.closes_at == decision.closes_at
        and inquiry.opens_at == decision.opens_at
        and _timeless(inquiry.facts) == _timeless(found.facts.as_json())
    )


def _timeless(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in ("at", "id")}


def end(draft: Draft, how: str, ticket: Ticket, *, now: datetime) -> None:
    """The newest question of a draft has become a ticket; in the transaction that made it one.

    One statement, and nothing where no answer was ever told (a request over the API, say).
    """
    # By hand: it stands in the way of every claim, and building it took longer than doing it.
    table = Inquiry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET ended = %s, ended_at = %s, ticket_id = %s, customer_id = %s"  # noqa: S608  (our own table's name)
            f" WHERE id = (SELECT max(id) FROM {table} WHERE draft_id = %s)",
            [how, now, ticket.pk, ticket.customer_id, draft.pk],
        )


def helped(draft: Draft, *, now: datetime) -> None:
    """The customer says that the answer helped; saying so twice counts once."""
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        last = latest(draft)
        if last is None or last.ended:
            return
        with inquiry_turn(last.pk, "say", actor=visitor(last), now=now) as turn:
            row = turn.inquiry
            assert row is not None
            row.ended, row.ended_at = "helped", now
            turn.event("guidance_helped", request=row.request, verdict=row.verdict)


def visitor(inquiry: Inquiry) -> Actor:
    """Who asks: the customer whose order it is, or somebody whom we do not know."""
    return Actor.of_customer(inquiry.customer) if inquiry.customer is not None else SYSTEM


def ticket_of(draft: Draft) -> Ticket | None:
    """The conversation that a draft has become, if it was sent."""
    claim = getattr(draft, "claim", None)
    if claim is not None:
        found: Ticket = claim.ticket
        return found
    asked = (
        Inquiry.objects.select_related("ticket").filter(draft=draft, ticket__isnull=False).first()
    )
    if asked is not None:
        return asked.ticket
    said = Message.objects.select_related("ticket").filter(form_key=form_key_of(draft)).first()
    return said.ticket if said is not None else None
