"""What a turn asks and settles in the database on its way, besides its subject's own row.

Here for one ticket, at once. `tickets.actions.many` has the other one, in which what hundreds of
turns ask was read before them, and what they settle is written after them. A deed knows neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Case, Min, Model, Q, QuerySet, Value, When

from tickets.actions.targets import KINDS as TARGETS
from tickets.lifecycle import DeadlineState
from tickets.models import Deadline, Evidence, Store, Tag, Ticket, TicketTag, User
from tickets.models.deadline import BINDING_KINDS
from tickets.permissions import may

Newest = dict[str, Deadline]
LIVE = (DeadlineState.PENDING, DeadlineState.OVERDUE)
# What binds and is not a clock of the ticket's own row.
PROMISED = tuple(kind for kind in BINDING_KINDS if kind not in TARGETS)


class Ledger:
    """Deadlines, tags, files and rights, of the database as it stands at this moment."""

    # --- deadlines ---------------------------------------------------------------------

    def newest(self, ticket: Ticket, kinds: Collection[str], step: int | None = None) -> Newest:
        """The last cycle of each of these kinds of a ticket's own deadlines, by kind."""
        rows = Deadline.objects.filter(ticket=ticket, kind__in=list(kinds))
        if step is not None:
            rows = rows.filter(step=step)
        return {row.kind: row for row in rows.order_by("kind", "-cycle").distinct("kind")}

    def live(self, ticket: Ticket, kinds: Collection[str]) -> Deadline | None:
        """The first to come due of a ticket's own deadlines that still wait."""
        rows = Deadline.objects.filter(ticket=ticket, kind__in=list(kinds), state__in=LIVE)
        return rows.order_by("due_at", "pk").first()

    def promised(self, ticket: Ticket) -> datetime | None:
        """By when something was promised on a ticket, its claim and its refunds."""
        waiting = Deadline.objects.filter(
            Q(claim__ticket=ticket)
            | Q(refund__claim__ticket=ticket)
            | Q(ticket=ticket)
            | Q(refund__ticket=ticket),
            state__in=LIVE,
            kind__in=PROMISED,
        )
        found: datetime | None = waiting.aggregate(at=Min("due_at"))["at"]
        return found

    def settle(
        self, subject: Model, kinds: Iterable[str], state: DeadlineState, now: datetime
    ) -> None:
        """Close what still waits of these kinds; what was overdue is met, but late."""
        late = DeadlineState.MET_LATE if state == DeadlineState.MET else state
        Deadline.objects.filter(
            Q(**{type(subject).__name__.lower(): subject}),
            kind__in=list(kinds),
            state__in=LIVE,
        ).update(
            state=Case(
                When(state=DeadlineState.OVERDUE, then=Value(late.value)),
                When(
                    Q(kind__endswith="_due", wake_at__lt=now) & Q(state=DeadlineState.PENDING),
                    then=Value(late.value),
                ),
                default=Value(state.value),
            ),
            settled_at=now,
        )

    def close(self, row: Deadline, state: DeadlineState, now: datetime) -> None:
        """Close one deadline that was asked for."""
        Deadline.objects.filter(pk=row.pk).update(state=state, settled_at=now)

    # --- tags --------------------------------------------------------------------------

    def tags(self, ticket: Ticket) -> Mapping[str, int]:
        """A ticket's tags: the keys, and the ids of the tags."""
        return dict(TicketTag.objects.filter(ticket=ticket).values_list("tag__key", "tag_id"))

    def retag(self, ticket: Ticket, add: Mapping[str, str], remove: Mapping[str, int]) -> None:
        """Put tags on (names by key; new ones are made) and take tags off (ids by key)."""
        if add:
            TicketTag.objects.bulk_create(
                TicketTag(ticket=ticket, tag_id=pk) for pk in made(ticket.store_id, add).values()
            )
        if remove:
            TicketTag.objects.filter(ticket=ticket, tag__in=list(remove.values())).delete()

    # --- what else is asked ------------------------------------------------------------

    def has_files(self, ticket: Ticket) -> bool:
        """Whether there are files of a case that are still there."""
        return files_of(ticket).exists()

    def may(self, user: User, store: Store, verb: str) -> bool:
        """Whether a member of staff may do something in a store."""
        return may(user, store, verb)


def made(store_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """A store's tags with these keys, made where they are missing: ids by key."""
    Tag.objects.bulk_create(
        [Tag(store_id=store_id, key=key, name=name) for key, name in names.items()],
        ignore_conflicts=True,
    )
    return dict(Tag.objects.filter(store=store_id, key__in=names).values_list("key", "pk"))


def files_of(ticket: Ticket) -> QuerySet[Evidence]:
    """The files of a case that are still there: its claim's, its own, and those of what was merged
    into it and was no claim."""
    along = Ticket.objects.filter(merged_into=ticket, claim=None).values_list("pk", flat=True)
    mine = Q(claim__ticket=ticket) | Q(ticket__in=[ticket.pk, *along])
    return Evidence.objects.filter(mine, erased_at=None).order_by("pk")
