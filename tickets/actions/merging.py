"""Two tickets of one customer become one conversation.

Messages stay where they are: the page of the one shows those of all that are merged into it, and
what is said on any of them arrives there. ``Ticket.merged_into`` is always that one, however
often it was merged: what was merged into a ticket goes along with it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import merging_rows, roots, snoozing
from tickets.actions.base import Turn, claim_under_lock
from tickets.actions.deeds import ANSWER_KINDS, MOST_TAGS
from tickets.actions.targets import KINDS as TARGETS
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.lifecycle import DeadlineState, EvidenceState, RefundState, TicketState, WaitingFor
from tickets.models import Deadline, Merge, Message, Refund, Ticket, TicketTag, Watcher
from tickets.permissions import permit

_LIVE = (DeadlineState.PENDING, DeadlineState.OVERDUE)
_OURS = (TicketState.NEW, TicketState.OPEN)
_OVER = (TicketState.SOLVED, TicketState.CLOSED)


# --- what may be merged ------------------------------------------------------------------


def why_not(source: Ticket, target: Ticket) -> str:
    """Why the one cannot become a part of the other, in plain words; empty where it can.

    Asks nothing but for their claims, where these were not read with them. What else may still
    stand in the way (money, an inquiry) `merge` says.
    """
    into = {"other": target.spoken_reference, "this": source.spoken_reference}
    if source.pk == target.pk:
        return _("This is the ticket itself.")
    if (source.store_id, source.customer_id) != (target.store_id, target.customer_id):
        return _("Only tickets of the same customer become one. Link the two instead.")
    if source.merged_into_id is not None:
        return _("%(this)s is a part of another ticket already.") % into
    if target.merged_into_id is not None:
        return _("%(other)s is a part of another ticket itself: choose that one.") % into
    if target.state == TicketState.CLOSED:
        return _("%(other)s is closed. Link the two instead.") % into
    if has_open_claim(source):
        if has_open_claim(target):
            return _("Both have an open claim: each is decided on its own. Link them instead.")
        return _("%(this)s has an open claim. Merge %(other)s into it instead.") % into
    return ""


def must_fit(source: Ticket, target: Ticket) -> None:
    """Ask whether the one can become a part of the other, under the locks of both.

    Raises:
        Conflict: it cannot; says why.
    """
    problem = why_not(source, target)
    if not problem and _something_coming(source):
        problem = _("On %(this)s a refund or an inquiry is still under way. Link them instead.") % {
            "this": source.spoken_reference
        }
    if problem:
        raise Conflict(problem)


def has_open_claim(ticket: Ticket) -> bool:
    """Whether an outcome is still to come."""
    claim = getattr(ticket, "claim", None)
    return claim is not None and claim.is_open


def _something_coming(ticket: Ticket) -> bool:
    """Money, or a carrier's answer: it comes to the ticket that asked for it."""
    owed = Refund.objects.filter(state=RefundState.REQUESTED)
    if owed.filter(ticket=ticket).exists() or owed.filter(claim__ticket=ticket).exists():
        return True
    return Deadline.objects.filter(ticket=ticket, kind="carrier_due", state__in=_LIVE).exists()


# --- merge -------------------------------------------------------------------------------


def merge(source: Ticket, target: Ticket, *, actor: Actor, now: datetime) -> Merge:
    """Let ``source`` be a part of ``target``'s conversation. Done already, nothing changes.

    The source is closed and out of every queue, and its clocks and deadlines are called off. The
    target gets its tags and watchers, the more urgent priority, the answer that is owed, and the
    turn, where the source's was the more pressing one.

    Raises:
        Conflict: they cannot be one; says why.
        NotAllowed: the actor may not work there.
    """
    with transaction.atomic():
        turns = hold((source.pk, target.pk), actor=actor, now=now)
        one, other = turns[source.pk], turns.get(target.pk, turns[source.pk])
        assert one.ticket is not None and other.ticket is not None
        done = Merge.objects.filter(source=source.pk, target=target.pk, undone_at=None).first()
        if done is not None:
            return done
        must_fit(one.ticket, other.ticket)
        return join(one, other)


def hold(pks: Collection[int], *, actor: Actor, now: datetime) -> dict[int, Turn]:
    """A turn on each of these tickets, with what is merged into them under lock, too.

    All are locked in the order of their keys, so that two cannot wait for each other.
    """
    wanted = set(pks)
    while True:
        along = set(Ticket.objects.filter(merged_into__in=pks).values_list("pk", flat=True))
        with transaction.atomic():
            rows = (
                Ticket.objects.select_for_update(of=("self",))
                .select_related("store", "customer", "order")
                .filter(pk__in=wanted | along)
                .order_by("pk")
            )
            found = {row.pk: row for row in rows}
            # Read anew: somebody may have merged another one while we waited.
            again = set(Ticket.objects.filter(merged_into__in=pks).values_list("pk", flat=True))
            if again <= along:
                break
            transaction.set_rollback(True)
    turns = {}
    for pk in sorted(wanted):
        row = found[pk]
        permit(actor, row.store, "work", row.customer_id)
        claim = claim_under_lock(row)
        turns[pk] = Turn(actor=actor, now=now, store=row.store, ticket=row, claim=claim)
    return turns


def join(source: Turn, target: Turn, *, takes_turn: bool = True, takes_marks: bool = True) -> Merge:
    """Merge under the locks of `hold`; the caller has asked whether it may be.

    The target ``takes_turn`` and ``takes_marks`` of the source, unless nothing of it is left.
    """
    one, other = source.ticket, target.ticket
    assert one is not None and other is not None and source.actor.user is not None
    along = roots.family(one)[1:]
    pks = [one.pk, other.pk, *along]
    before = merging_rows.look(pks)
    Ticket.objects.filter(pk__in=along).update(merged_into=other)
    _owe(source, target)
    if takes_turn:
        _take_turn(target, one)
    if takes_marks:
        _take_marks(one, other, target.now)
    _close(source)
    one.merged_into = other
    source.event("merged", other=other.reference, way="into")
    event = target.event("merged", other=one.reference, way="in")
    source.flush()
    target.flush()
    record = merging_rows.compare(before, merging_rows.look(pks))
    record["seq"] = event.seq
    made = Merge.objects.create(
        source=one, target=other, at=source.now, by=source.actor.user, before=record
    )
    return made


def _close(source: Turn) -> None:
    """Out of every queue; what was to come is called off, what was missed stays missed."""
    ticket = source.ticket
    assert ticket is not None
    Deadline.objects.filter(
        ticket=ticket, kind__in=TARGETS, state=DeadlineState.PENDING, due_at__gt=source.now
    ).update(state=DeadlineState.CANCELLED, settled_at=source.now)
    source.settle(ticket, ANSWER_KINDS, DeadlineState.CANCELLED)
    source.turn_to(TicketState.CLOSED)


def _owe(source: Turn, target: Turn) -> None:
    """The answer that is owed on the one is owed on the other, by the earlier of both dates."""
    one, other = source.ticket, target.ticket
    assert one is not None and other is not None
    rows = Deadline.objects.filter(kind__in=ANSWER_KINDS, state__in=_LIVE).order_by("due_at", "pk")
    owed, there = rows.filter(ticket=one).first(), rows.filter(ticket=other).first()
    if owed is None or (there is not None and there.due_at <= owed.due_at):
        return
    target.settle(other, ANSWER_KINDS, DeadlineState.CANCELLED)
    last = Deadline.objects.filter(ticket=other, kind=owed.kind).order_by("-cycle").first()
    target.due(
        other, owed.kind, owed.due_at, cycle=last.cycle + 1 if last else 1, wake_at=owed.wake_at
    )
    if owed.state == DeadlineState.OVERDUE:  # staff were told of it once
        target.deadlines[-1].state, target.deadlines[-1].settled_at = owed.state, owed.settled_at


def _take_turn(target: Turn, one: Ticket) -> None:
    """The more pressing of the two: in our queue, put off, waited for, done."""
    ticket = target.ticket
    assert ticket is not None
    handed_in = one.evidence.filter(state=EvidenceState.RECEIVED, message=None, reply=None)
    if _rank(ticket) > 0 and handed_in.exists():  # nobody would look for it on what is closed
        snoozing.wake(target, "merge")
        target.turn_to(TicketState.OPEN)
        return
    if _rank(one) >= _rank(ticket):
        if one.snoozed_until and ticket.snoozed_until and one.snoozed_until < ticket.snoozed_until:
            snoozing.put_off(target, one.snoozed_until)
        return
    if ticket.snoozed_until is not None:
        snoozing.wake(target, "merge")
    if one.state == TicketState.WAITING:
        target.turn_to(TicketState.WAITING, WaitingFor(one.waiting_for))
    elif ticket.state not in _OURS:
        target.turn_to(TicketState.OPEN)
    if one.snoozed_until is not None:
        snoozing.put_off(target, one.snoozed_until)


def _rank(ticket: Ticket) -> int:
    if ticket.state in _OVER:
        return 3
    if ticket.snoozed_until is not None:
        return 1
    return 0 if ticket.state in _OURS else 2


def _take_marks(one: Ticket, other: Ticket, now: datetime) -> None:
    """Tags and watchers of both, the more urgent priority, and who takes care of it."""
    other.priority = min(other.priority, one.priority)
    if other.assignee_id is None and one.state not in _OVER:
        other.assignee_id = one.assignee_id
    has = set(TicketTag.objects.filter(ticket=other).values_list("tag_id", flat=True))
    more = TicketTag.objects.filter(ticket=one).exclude(tag__in=has).order_by("pk")
    room = max(0, MOST_TAGS - len(has))
    TicketTag.objects.bulk_create(
        TicketTag(ticket=other, tag_id=tag) for tag in more.values_list("tag_id", flat=True)[:room]
    )
    Watcher.objects.bulk_create(
        [
            Watcher(ticket=other, user_id=user, since=now)
            for user in Watcher.objects.filter(ticket=one)
            .exclude(user__in=Watcher.objects.filter(ticket=other).values("user"))
            .values_list("user_id", flat=True)
        ]
    )
    said = Message.objects.filter(ticket__in=[one, other], kind__in=["customer", "agent"])
    last = said.order_by("-at", "-pk").first()
    if last is not None:
        other.last_speaker = last.kind
