"""What was merged is two conversations again: every row as it was, where nobody has changed it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import merging_rows
from tickets.actions.base import Turn
from tickets.actions.merging import hold
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.models import Merge, Ticket

# After these a ticket stands as the merge left it; anything else is somebody's word, or work.
_QUIET = frozenset(
    {
        "assigned",
        "evidence_erased",
        "linked",
        "merged",
        "priority_set",
        "snoozed",
        "tagged",
        "unlinked",
        "unmerged",
        "woken",
    }
)


def take_apart(source: Ticket, *, actor: Actor, now: datetime) -> Merge | None:
    """Let a merged ticket be on its own again, as it was; None where it is so already.

    Every row that the merge has changed is put back, unless somebody has changed it since. What
    was said after the merge stays with the other one.

    Raises:
        Conflict: the other one was merged further, or nothing of this one is left.
        NotAllowed: the actor may not work here.
    """
    with transaction.atomic():
        found = Merge.objects.filter(source=source, undone_at=None).first()
        if found is None:
            return None
        turns = hold((found.source_id, found.target_id), actor=actor, now=now)
        done = Merge.objects.filter(pk=found.pk, undone_at=None).first()
        if done is None:
            return None
        one, other = turns[done.source_id], turns[done.target_id]
        assert one.ticket is not None and other.ticket is not None
        if one.ticket.merged_into_id != other.ticket.pk:
            raise Conflict(
                _("%(other)s was merged further since. Take that apart first.")
                % {"other": other.ticket.spoken_reference}
            )
        if done.before.get("split"):
            raise Conflict(_("What was split off is back: nothing is left to take apart."))
        _part(done, one, other)
        return done


def _part(done: Merge, one: Turn, other: Turn) -> None:
    source, target = one.ticket, other.ticket
    assert source is not None and target is not None
    record = done.before
    spoken = _spoken_since(target, record["seq"])
    whole = merging_rows.put_back(one, record, spoken=False)
    source.merged_into = None
    _carry_back(record, source, target)
    later = Merge.objects.select_for_update().filter(target=target, undone_at=None)
    others = list(later.exclude(pk=done.pk).order_by("pk"))
    merging_rows.take_off(record, others)
    newer = [each for each in others if each.pk > done.pk]
    if newer:
        merging_rows.hand_over(record, target.pk, newer[0])
        all_back = False
    else:
        all_back = merging_rows.put_back(other, record, spoken=spoken)
    one.event("unmerged", other=target.reference, way="into")
    other.event("unmerged", other=source.reference, way="in")
    for turn, exact in ((one, whole), (other, all_back)):
        _save(turn, exact=exact)
    done.undone_at, done.undone_by = one.now, one.actor.user
    done.save(update_fields=["undone_at", "undone_by"])


def _save(turn: Turn, *, exact: bool) -> None:
    """The turn's trace and its ticket. Put back exactly, it is as it was, and nothing follows."""
    assert turn.ticket is not None
    if not exact:
        turn.deadlines_touched()
        turn.flush()
        return
    turn.write()
    turn.ticket.updated_at = turn.now
    turn.ticket.save()


def _carry_back(record: merging_rows.Record, source: Ticket, target: Ticket) -> None:
    """What had come along with the source goes back with it."""
    along = [
        int(pk)
        for pk, columns in record["tickets"].items()
        if columns.get("merged_into_id") == [source.pk, target.pk]
    ]
    Ticket.objects.filter(pk__in=along, merged_into=target).update(merged_into=source)


def _spoken_since(ticket: Ticket, seq: int) -> bool:
    """Whether something was said, or done that moves a ticket, after this event."""
    later = ticket.events.filter(seq__gt=seq).exclude(kind__in=_QUIET)
    return later.exclude(kind="message_added", data__message_kind="note").exists()
