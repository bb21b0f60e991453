"""A customer's message becomes a ticket of its own: it was about something else.

The message moves, with the files that came with it, and keeps its time and its words. Undone, it
comes back, and what was said in the new ticket meanwhile comes along: the new one is merged into
the old.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from policies.publish import in_force, pack_of
from tickets.actions import custody, merging
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.requests import OTHER
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.lifecycle import DeadlineState
from tickets.models import Deadline, Evidence, Message, Split, Ticket, TicketLink
from tickets.models.ticket import NORMAL
from tickets.references import new_reference

LONGEST_SUBJECT = 80


def why_not(message: Message, ticket: Ticket) -> str:
    """Why a message cannot become a ticket of its own, in plain words; empty where it can."""
    if message.kind != "customer":
        return _("Only what the customer has said becomes a ticket of its own.")
    if message.ticket_id != ticket.pk:
        return _("This was said on another ticket. Take the two apart first.")
    if ticket.merged_into_id is not None:
        return _("This was merged into another ticket. Take it apart first.")
    rest = Message.objects.filter(ticket=ticket, kind="customer").exclude(pk=message.pk)
    if not rest.exists() and getattr(ticket, "claim", None) is None:
        return _("It is all that the customer has said here.")
    return ""


def split(ticket: Ticket, message: int, *, actor: Actor, now: datetime) -> Split:
    """Make a ticket of one of a ticket's messages. Done already, nothing changes.

    The new one is of the same customer and order, for the same colleague, is owed an answer, and
    is linked to the old one.

    Raises:
        Conflict: it is no customer's message of this ticket, or all there is; says which.
        NotAllowed: the actor may not work here.
    """
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        old = turn.ticket
        assert old is not None and actor.user is not None
        done = Split.objects.filter(source=old, undone_at=None, messages__contains=[message])
        before = done.select_related("target").first()
        if before is not None:
            return before
        row = Message.objects.filter(pk=message).first()
        if row is None:
            raise Conflict(_("This message is not here any more."))
        problem = why_not(row, old)
        if problem:
            raise Conflict(problem)
        its = _opened(turn, row)
        assert its.ticket is not None
        made = Split.objects.create(
            source=old, target=its.ticket, messages=[row.pk], at=now, by=actor.user
        )
        _move([row.pk], old, its)
        turn.event("split_off", other=its.ticket.reference, message=row.pk)
        its.flush()
        _last_speaker(old)
    return made


def _opened(turn: Turn, message: Message) -> Turn:
    """The new ticket and the turn that is on it; nobody else knows of it yet."""
    old = turn.ticket
    assert old is not None
    new = Ticket.objects.create(
        store=turn.store,
        reference=new_reference(),
        customer=old.customer,
        order=old.order,
        request=OTHER,
        subject=_subject(message.body),
        priority=NORMAL,
        assignee=old.assignee if old.assignee is not None and old.assignee.is_active else None,
        channel=message.channel if message.channel in ("page", "mail", "phone") else "",
        opened_at=turn.now,
        updated_at=turn.now,
    )
    its = Turn(actor=turn.actor, now=turn.now, store=turn.store, ticket=new)
    due_at = pack_of(in_force(turn.store.pk, turn.now)).answer_due("", turn.now)
    its.event(
        "ticket_opened",
        request=OTHER,
        message=message.pk,
        other=old.reference,
        answer_due_at=due_at.isoformat(),
    )
    its.due(new, "answer_due", due_at)
    TicketLink.objects.create(
        ticket=old, other=new, kind="related", made_at=turn.now, made_by=turn.actor.user
    )
    turn.event("linked", other=new.reference, link="related")
    its.event("linked", other=old.reference, link="related")
    return its


def _subject(body: str) -> str:
    line = next((line.strip() for line in body.splitlines() if line.strip()), "")
    short = " ".join(line.split())
    return short if len(short) <= LONGEST_SUBJECT else f"{short[: LONGEST_SUBJECT - 1]}…"


def _move(messages: Iterable[int], source: Ticket, target: Turn) -> None:
    """Move messages with their files; the log of each file says to where."""
    assert target.ticket is not None
    keys = list(messages)
    files = list(
        Evidence.objects.select_for_update(of=("self",))
        .filter(message__in=keys, ticket=source)
        .order_by("pk")
    )
    Message.objects.filter(pk__in=keys, ticket=source).update(ticket=target.ticket)
    Evidence.objects.filter(pk__in=[file.pk for file in files]).update(ticket=target.ticket)
    for file in files:
        custody.add(
            file,
            "filed",
            actor=target.actor,
            now=target.now,
            moved={"from": source.reference, "to": target.ticket.reference},
        )


def _last_speaker(ticket: Ticket) -> None:
    said = Message.objects.filter(ticket=ticket, kind__in=["customer", "agent"])
    last = said.order_by("-at", "-pk").values_list("kind", flat=True).first()
    ticket.last_speaker = last or ticket.last_speaker


def undo(made: Split, *, actor: Actor, now: datetime) -> bool:
    """Put the message back where it was, and let the new ticket be a part of the old one.

    Where nothing has happened in the new one, nothing of it is owed on the old. Done already,
    nothing changes, and it answers False.

    Raises:
        Conflict: one of the two was merged since, or the new one has a claim or money of its own.
        NotAllowed: the actor may not work here.
    """
    with transaction.atomic():
        turns = merging.hold((made.source_id, made.target_id), actor=actor, now=now)
        row = Split.objects.select_for_update(of=("self",)).get(pk=made.pk)
        if row.undone_at is not None:
            return False
        old, new = turns[made.source_id], turns[made.target_id]
        assert old.ticket is not None and new.ticket is not None
        merging.must_fit(new.ticket, old.ticket)
        moved = [int(key) for key in row.messages]
        _move(moved, new.ticket, old)
        pair = [old.ticket.pk, new.ticket.pk]
        TicketLink.objects.filter(ticket__in=pair, other__in=pair, kind="related").delete()
        old.event("split_undone", other=new.ticket.reference)
        used = Message.objects.filter(ticket=new.ticket).exists()
        if not used:
            _owes_nothing(new)
        _last_speaker(old.ticket)
        unanswered = old.ticket.last_speaker == "customer"
        merge = merging.join(new, old, takes_turn=used or unanswered, takes_marks=used)
        merge.before["split"] = row.pk
        merge.save(update_fields=["before"])
        row.undone_at, row.undone_by = now, actor.user
        row.save(update_fields=["undone_at", "undone_by"])
    return True


def _owes_nothing(turn: Turn) -> None:
    """What was opened for this message alone ends with it."""
    live = (DeadlineState.PENDING, DeadlineState.OVERDUE)
    Deadline.objects.filter(ticket=turn.ticket, kind="answer_due", state__in=live).update(
        state=DeadlineState.CANCELLED, settled_at=turn.now
    )
