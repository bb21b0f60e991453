"""How long a case's files are kept: so many days after its end, by how it ended.

The deadline ``retention_due`` (step ``ROWS``) is set when a case with files ends and taken back
when it is reopened. When it comes due the rows give up their files in one transaction; their
stored names stand in the event, and a second row (step ``FILES``) waits until the storage has
really let go of them: see ``tickets.evidence.erase``. Hashes, sizes, marks, decisions and the log
of custody stay, and so does every number of the reports.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet

from policies.publish import in_force, pack_of
from supportdesk.nudge import erase_files as nudge
from tickets.actions import custody
from tickets.actions.ledger import files_of
from tickets.lifecycle import ClaimState, DeadlineState, TicketState
from tickets.models import Claim, Deadline, Evidence, EvidenceCopy, FileJob, FilePrint, Ticket

if TYPE_CHECKING:
    from tickets.actions.base import Turn

KIND = "retention_due"
# The steps of the deadline: the rows give up their files; the storage is to let go of them.
ROWS, FILES = 0, 1
# While a case is held its deadline is looked at again so often; after a hold was released nothing
# is erased before as much time has gone by, so that a release by mistake can be taken back (house).
AFTER_RELEASE = timedelta(days=7)

OUTCOMES: dict[str, str] = {
    ClaimState.FULFILLED: "approved",
    ClaimState.REFUSED: "refused",
    ClaimState.EXPIRED: "expired",
    ClaimState.WITHDRAWN: "withdrawn",
}
_OVER = (TicketState.SOLVED, TicketState.CLOSED)


def outcome_of(ticket: Ticket | None, claim: Claim | None) -> str:
    """How a case has ended, as the pack names it; empty while it has not.

    What was merged into another ticket goes on there, and its files with it; but a claim's end is
    its own.
    """
    if claim is not None:
        return OUTCOMES.get(claim.state, "")
    if ticket is not None and ticket.merged_into_id is not None:
        return ""
    return "other" if ticket is not None and ticket.state in _OVER else ""


def follow(turn: Turn, before: str) -> None:
    """Let the deadline follow the case: set at its end, taken back when it goes on.

    ``before`` is the outcome at the beginning of the turn. Nothing is asked of the database
    unless that has changed, or a file came in after the end.
    """
    ticket = turn.ticket
    if ticket is None:
        return
    outcome = outcome_of(ticket, turn.claim)
    if not outcome:
        if before:
            last = _last(turn, ticket)
            if last is not None and last.state == DeadlineState.PENDING:
                turn.ledger.close(last, DeadlineState.CANCELLED, turn.now)
        return
    late_file = any(
        event.kind in ("file_received", "merged")
        or (event.kind == "message_added" and bool(event.data.get("files")))
        for event in turn.events
    )
    if (outcome != before or late_file) and turn.ledger.has_files(ticket):
        _set(turn, ticket, outcome)


def _last(turn: Turn, ticket: Ticket) -> Deadline | None:
    return turn.ledger.newest(ticket, (KIND,), ROWS).get(KIND)


def _waiting(ticket: Ticket) -> QuerySet[Deadline]:
    return Deadline.objects.filter(ticket=ticket, kind=KIND, step=ROWS, state=DeadlineState.PENDING)


def _set(turn: Turn, ticket: Ticket, outcome: str) -> None:
    """The next cycle, unless one waits already: what came later goes with the rest."""
    last = _last(turn, ticket)
    if last is not None and last.state == DeadlineState.PENDING:
        return
    due_at = keep_until(ticket, turn.claim, outcome, turn.now)
    turn.due(ticket, KIND, due_at, cycle=last.cycle + 1 if last else 1)


def keep_until(ticket: Ticket, claim: Claim | None, outcome: str, ended_at: datetime) -> datetime:
    """The end of the last local day on which the files of a case are kept.

    By the version of the rules that the claim falls under; without a claim by the version that
    is in force at the end.
    """
    version = claim.policy_version if claim else in_force(ticket.store_id, ended_at)
    pack = pack_of(version)
    return pack.calendar.window_closes(ended_at, pack.keep_days(outcome))


def fire(turn: Turn, deadline: Deadline) -> DeadlineState:
    """The days are over: the rows give up their files, unless the case is held or goes on."""
    ticket = turn.ticket
    assert ticket is not None
    outcome = outcome_of(ticket, turn.claim)
    if not outcome:
        return DeadlineState.CANCELLED
    if _held(ticket):
        deadline.wake_at = turn.now + AFTER_RELEASE
        return DeadlineState.PENDING
    rows = list(
        files_of(ticket).select_for_update(of=("self",)).prefetch_related("copies").order_by("pk")
    )
    if not rows:
        return DeadlineState.CANCELLED
    _erase(turn, rows, deadline, outcome)
    turn.due(ticket, KIND, turn.now, step=FILES, cycle=deadline.cycle)
    transaction.on_commit(nudge)
    return DeadlineState.FIRED


def _held(ticket: Ticket) -> bool:
    """Whether the case is held, or another that is one conversation with it."""
    if ticket.held_at is not None:
        return True
    root = ticket.merged_into_id or ticket.pk
    one = Ticket.objects.filter(Q(pk=root) | Q(merged_into=root))
    return one.filter(held_at__isnull=False).exists()


def _erase(turn: Turn, rows: Iterable[Evidence], deadline: Deadline, outcome: str) -> None:
    rows = list(rows)
    copies = [str(copy.file.name) for row in rows for copy in row.copies.all()]
    turn.event(
        "evidence_erased",
        cycle=deadline.cycle,
        ended=outcome,
        count=len(rows),
        bytes=sum(row.size for row in rows),
        files=[{"evidence": row.pk, "sha256": row.sha256, "size": row.size} for row in rows],
        stored=[*(str(row.file.name) for row in rows), *copies],
    )
    for row in rows:
        custody.add(row, "erased", actor=turn.actor, now=turn.now, ended=outcome)
    mine = Q(evidence__in=[row.pk for row in rows])
    EvidenceCopy.objects.filter(mine).delete()
    FilePrint.objects.filter(mine).delete()
    FileJob.objects.filter(mine).delete()  # whoever works on one of them settles nothing any more
    Evidence.objects.filter(pk__in=[row.pk for row in rows]).update(file="", erased_at=turn.now)


def wait_after_release(ticket: Ticket, now: datetime) -> None:
    """A hold was released: the deadline acts on its own date, but not before ``AFTER_RELEASE``."""
    for row in _waiting(ticket):
        row.wake_at = max(row.due_at, now + AFTER_RELEASE)
        row.save(update_fields=["wake_at"])


def kept_until(ticket: Ticket) -> datetime | None:
    """Until when the files of a case that has ended are kept; None where nothing is to go.

    After a hold, or while one lasts, that may be later: see ``Ticket.held_at``.
    """
    row = _waiting(ticket).only("due_at", "wake_at").first()
    return max(row.due_at, row.wake_at) if row is not None else None


def take_erasures(
    now: datetime, *, until: datetime, limit: int
) -> list[tuple[Deadline, list[str]]]:
    """Rows whose files the storage is to let go of, with the stored names; nobody else gets
    them before ``until``."""
    with transaction.atomic():
        rows = list(
            Deadline.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("ticket")
            .filter(kind=KIND, step=FILES, state=DeadlineState.PENDING, wake_at__lte=now)
            .order_by("wake_at", "pk")[:limit]
        )
        for row in rows:
            row.wake_at, row.attempts = until, row.attempts + 1
        Deadline.objects.bulk_update(rows, ["wake_at", "attempts"])
    return [(row, _stored(row)) for row in rows]


def _stored(deadline: Deadline) -> list[str]:
    assert deadline.ticket is not None
    event = deadline.ticket.events.filter(
        kind="evidence_erased", data__cycle=deadline.cycle
    ).first()
    return list(event.data["stored"]) if event is not None else []


def files_are_gone(deadline: Deadline, *, now: datetime) -> None:
    """The storage has let go of everything that this row names."""
    Deadline.objects.filter(pk=deadline.pk, state=DeadlineState.PENDING).update(
        state=DeadlineState.FIRED, settled_at=now, last_error=""
    )


def files_stay(deadline: Deadline, reason: str, *, again_at: datetime) -> None:
    """The storage would not: another try at ``again_at``."""
    Deadline.objects.filter(pk=deadline.pk, state=DeadlineState.PENDING).update(
        wake_at=again_at, last_error=reason[:300]
    )
