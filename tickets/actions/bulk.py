"""Many tickets changed at once: begun, stopped, taken back. The work is `run_bulk`'s.

Which tickets is written down when it begins: what comes into a list afterwards is not changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from supportdesk.nudge import run_bulk as nudge
from tickets.actions.bulk_verbs import Plan
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.lifecycle import BulkState, RowState
from tickets.models import BulkJob, Macro, Store, User
from tickets.permissions import may

MOST = 20_000  # tickets of one change
UNDO_WITHIN = timedelta(days=30)
KEPT = timedelta(days=180)  # what was done stands in the tickets' own history for ever
_LONGEST_TOLD = 300
# Each with the last event that was seen of it.
_FREEZE = """
    INSERT INTO tickets_bulkrow (job_id, ticket_id, state, seen, reason, numbers)
    SELECT %s, t.id, 'waiting', t.last_seq, '', '[]' FROM tickets_ticket t
    WHERE t.id = ANY(%s) ORDER BY t.id
"""
_WHERE = "SELECT t.store_id, count(*) FROM tickets_ticket t WHERE t.id = ANY(%s) GROUP BY 1"
_FREEZE_UNDO = """
    INSERT INTO tickets_bulkrow (job_id, ticket_id, state, seen, reason, numbers)
    SELECT %s, r.ticket_id, 'waiting', 0, '', '[]' FROM tickets_bulkrow r
    WHERE r.job_id = %s AND r.state = 'done' ORDER BY r.ticket_id
"""


# --- begun -------------------------------------------------------------------------------


def start(
    plan: Plan,
    ids: Sequence[int],
    *,
    told: str,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
) -> BulkJob:
    """Write down what is to be done to which tickets; a worker begins at once.

    The same ``form_key`` twice is one change.

    Args:
        ids: of the tickets, which the face has let this person see. What is more than ``MOST``
            is left out, and the job says so.
        told: what was chosen, in the words of the person who did.

    Raises:
        InvalidInput: nothing was chosen, or nothing is to be done.
        NotAllowed: the actor may not work in any store of these tickets.
        Conflict: the form was somebody else's; the macro is used no more.
    """
    user = _person(actor)
    before = _made(form_key, user)
    if before is not None:
        return before
    plan.check()
    if plan.macro is not None:
        _usable(plan.macro, user)
    wanted = list(dict.fromkeys(ids))
    chosen = wanted[:MOST]
    counts = _stores_of(chosen)
    if not counts:
        raise InvalidInput(_("No ticket was chosen."))
    stores = Store.objects.filter(pk__in=counts)
    if not any(may(user, store, "work") for store in stores):
        raise NotAllowed
    job = BulkJob(
        user=user,
        verb=plan.verb,
        params=plan.as_json(),
        told=told[:_LONGEST_TOLD],
        stores=sorted(counts),
        cut=len(wanted) > MOST,
        total=sum(counts.values()),
        made_at=now,
        form_key=form_key,
    )
    try:
        with transaction.atomic():
            job.save()
            _frozen(_FREEZE, [job.pk, chosen])
            transaction.on_commit(nudge)
    except IntegrityError:
        first = _made(form_key, user)  # the same form, sent twice at this very moment
        if first is None:
            raise
        return first
    return job


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise NotAllowed
    return actor.user


def _made(form_key: uuid.UUID, user: User) -> BulkJob | None:
    found = BulkJob.objects.filter(form_key=form_key).first()
    if found is not None and found.user_id != user.pk:
        raise Conflict(_("This form was sent before. Open it again."))
    return found


def _usable(pk: int, user: User) -> None:
    macro = Macro.objects.filter(pk=pk).first()
    if macro is None or macro.owner_id not in (None, user.pk):
        raise InvalidInput(_("Choose one of the macros."), "macro")
    if macro.retired_at is not None:
        raise Conflict(_("This macro is used no more."), field="macro")


def _stores_of(ids: Sequence[int]) -> dict[int, int]:
    """How many of these tickets each store has."""
    with connection.cursor() as cursor:
        cursor.execute(_WHERE, [list(ids)])
        return dict(cursor.fetchall())


def _frozen(sql: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


# --- stopped, taken back -----------------------------------------------------------------


def stop(job: BulkJob, *, actor: Actor, now: datetime) -> bool:
    """Let it go no further; what was done stays. False where it has ended already.

    Raises:
        NotAllowed: it is neither the actor's own, nor do they lead all of its stores.
    """
    user = _person(actor)
    with transaction.atomic():
        row = BulkJob.objects.select_for_update().get(pk=job.pk)  # waits for a chunk at work
        if row.user_id != user.pk and not _leads(user, row):
            raise NotAllowed
        return _stop(row, now)


def _leads(user: User, job: BulkJob) -> bool:
    stores = Store.objects.filter(pk__in=job.stores)
    return all(may(user, store, "override") for store in stores)


def _stop(row: BulkJob, now: datetime) -> bool:
    if not row.live:
        return False
    row.state, row.ended_at = BulkState.STOPPED, now
    row.lease_token = row.lease_until = None
    row.save(update_fields=["state", "ended_at", "lease_token", "lease_until"])
    return True


def undo(job: BulkJob, *, actor: Actor, now: datetime) -> BulkJob:
    """Take back what it has done, where that still stands: a job of its own. Twice is once.

    What is at work is stopped first.

    Raises:
        NotAllowed: it is somebody else's.
        Conflict: there is nothing to take back (any more).
    """
    user = _person(actor)
    with transaction.atomic():
        row = BulkJob.objects.select_for_update().get(pk=job.pk)
        if row.user_id != user.pk:
            raise NotAllowed
        before = row.undos.exclude(state=BulkState.STOPPED).first()
        if before is not None:
            return before
        if not may_be_undone(row, now):
            raise Conflict(_("This cannot be undone any more."))
        _stop(row, now)
        if not row.rows.filter(state=RowState.DONE).exists():
            raise Conflict(_("Nothing of it was done: there is nothing to take back."))
        made = BulkJob.objects.create(
            user=user,
            verb="undo",
            told=row.told,
            stores=row.stores,
            total=row.rows.filter(state=RowState.DONE).count(),
            made_at=now,
            undoes=row,
        )
        _frozen(_FREEZE_UNDO, [made.pk, row.pk])
        transaction.on_commit(nudge)
    return made


def may_be_undone(job: BulkJob, now: datetime) -> bool:
    """Whether there is a way back from it at all: not from notes, nor from what was taken back."""
    if job.verb == "undo" or now - job.made_at > UNDO_WITHIN:
        return False
    return job.verb != "note" or bool(job.params.get("deeds"))


def forget(now: datetime) -> int:
    """Throw away what came of changes long past; returns how many changes went."""
    gone = 0
    for undos in (True, False):  # those first that name another
        old = BulkJob.objects.filter(ended_at__lt=now - KEPT, undoes__isnull=not undos)
        for pk in old.filter(undos=None).values_list("pk", flat=True)[:1000]:
            BulkJob.objects.filter(pk=pk).delete()
            gone += 1
    return gone
