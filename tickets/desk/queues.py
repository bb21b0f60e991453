"""The queues of the desk: what stands in each, and in which order.

Each says by columns of a ticket what it holds, so that each is one partial index: a list is read
from it in order (`lists`), and its count is a sum of the tallies of the same columns
(`queue_counts`). All but *snoozed* and *done* hold only what is open and not put off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.desk import lines, lists
from tickets.desk.lists import AWAKE, Order, Page, Selection
from tickets.models import Ticket, User

SOON = timedelta(hours=4)
_WATCHING = "tickets_watcher w JOIN tickets_ticket t ON t.id = w.ticket_id"
_CALLED = (
    "tickets_mention n JOIN tickets_message m ON m.id = n.message_id"
    " JOIN tickets_ticket t ON t.id = m.ticket_id"
)
# A ticket in which somebody was called twice stands where they were called last.
_LAST_CALL = (
    "NOT EXISTS (SELECT FROM tickets_mention later JOIN tickets_message lm"
    " ON lm.id = later.message_id WHERE later.user_id = n.user_id"
    " AND lm.ticket_id = t.id AND later.message_id > n.message_id)"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its name in the address, its title, what it holds, what to say when empty.

    ``columns`` are those of a tally too (``assignee`` is *me* or *nobody*); what else it asks
    stands in ``where``, on the rows of ``source``. ``index`` is the one it is read from.
    ``short`` is its name on the left, where that says less.
    """

    key: str
    title: Promise
    empty: Promise
    icon: str
    index: str
    columns: Mapping[str, str] = field(default_factory=dict)
    order: Order = lists.QUEUE
    where: tuple[str, ...] = (AWAKE,)
    source: str = "tickets_ticket t"
    tallied: bool = True
    urgent: bool = False
    group: int = 0
    short: Promise | None = None

    @property
    def per_store(self) -> bool:
        """Whether its index begins with the store (else with the person)."""
        return self.source == "tickets_ticket t"

    def selection(self, user: User, stores: Sequence[int], now: datetime) -> Selection:
        """What a list of it reads."""
        asked = (f"{name}={value}" for name, value in self.columns.items())
        where = (*(_WHOSE.get(one) or _is(one) for one in asked), *self.where)
        told = {"me": user.pk, "now": now, "soon": now + SOON}
        if self.per_store:
            return Selection(self.order, stores, where, told)
        each = "t.store_id = ANY({})"
        return Selection(self.order, [list(stores)], where, told, source=self.source, each=each)


def _is(column: str) -> str:
    """``stage=ready`` in SQL; both are names of ours."""
    return "t.{} = '{}'".format(*column.split("="))


_WHOSE = {
    "assignee=me": "t.assignee_id = %(me)s",
    "assignee=nobody": "t.assignee_id IS NULL",
    "snoozed=yes": "t.snoozed_until IS NOT NULL",
}

_ALL: tuple[Queue, ...] = (
    Queue(
        "mine",
        _("Mine"),
        _("Nothing is yours to do. Take something from the unassigned, or from the new."),
        "user-check",
        "ticket_assigned",
        columns={"assignee": "me"},
        group=0,
    ),
    Queue(
        "unassigned",
        _("Unassigned"),
        _("Nothing is without an owner. What nobody has taken yet will be here."),
        "user-question",
        "ticket_unassigned",
        columns={"assignee": "nobody"},
        group=0,
    ),
    Queue(
        "new",
        _("New"),
        _("Nothing new. What nobody has answered yet will be here."),
        "sparkles",
        "ticket_new",
        columns={"state": "new"},
        order=lists.RANK,
        group=0,
    ),
    Queue(
        "overdue",
        _("Overdue"),
        _("Nothing is overdue: every promise is being kept."),
        "clock-exclamation",
        "ticket_due",
        order=lists.DUE,
        where=(AWAKE, "t.next_due_at < %(now)s"),
        tallied=False,
        urgent=True,
        group=1,
    ),
    Queue(
        "soon",
        _("Due within four hours"),
        _("Nothing is due within the next four hours."),
        "clock",
        "ticket_due",
        order=lists.DUE,
        where=(AWAKE, "t.next_due_at >= %(now)s", "t.next_due_at < %(soon)s"),
        tallied=False,
        group=1,
        short=_("Due soon"),
    ),
    Queue(
        "cancellations",
        _("Cancellations"),
        _("Nobody waits for a cancellation. They are urgent: orders are packed within a day."),
        "shopping-cart-x",
        "ticket_stage",
        columns={"stage": "cancellation"},
        urgent=True,
        group=1,
    ),
    Queue(
        "ready",
        _("Ready to decide"),
        _("Nothing to decide. A claim comes here when the evidence its rule asks for is complete."),
        "scale",
        "ticket_stage",
        columns={"stage": "ready"},
        group=2,
    ),
    Queue(
        "fulfil",
        _("To fulfil"),
        _("Nothing to fulfil. Approved claims come here until the customer has what was promised."),
        "truck-delivery",
        "ticket_stage",
        columns={"stage": "fulfil"},
        group=2,
    ),
    Queue(
        "parcels",
        _("Lost parcels"),
        _("No lost parcels. What customers have reported as not arrived will be here."),
        "truck",
        "ticket_stage",
        columns={"stage": "parcel"},
        group=2,
    ),
    Queue(
        "questions",
        _("Questions"),
        _("No open questions. Conversations without a claim will be here."),
        "message",
        "ticket_stage",
        columns={"stage": "question"},
        group=2,
    ),
    Queue(
        "evidence",
        _("Waiting for evidence"),
        _("No claim waits for evidence. Reminders and closing happen by themselves."),
        "camera",
        "ticket_stage",
        columns={"stage": "evidence"},
        group=3,
        short=_("Evidence"),
    ),
    Queue(
        "customer",
        _("Waiting for customer"),
        _("Nothing waits for a customer's answer."),
        "hourglass",
        "ticket_waiting",
        columns={"state": "waiting", "waiting_for": "customer"},
        order=lists.RANK,
        group=3,
        short=_("Customer"),
    ),
    Queue(
        "manufacturer",
        _("Waiting for manufacturer"),
        _("Nothing waits for a manufacturer."),
        "building-factory-2",
        "ticket_waiting",
        columns={"state": "waiting", "waiting_for": "manufacturer"},
        order=lists.RANK,
        group=3,
        short=_("Manufacturer"),
    ),
    Queue(
        "carrier",
        _("Waiting for carrier"),
        _("Nothing waits for a carrier."),
        "package",
        "ticket_waiting",
        columns={"state": "waiting", "waiting_for": "carrier"},
        order=lists.RANK,
        group=3,
        short=_("Carrier"),
    ),
    Queue(
        "watching",
        _("Watching"),
        _("You watch nothing that is open. Watch a ticket on its page to see it here."),
        "eye",
        "watched_by",
        order=lists.WATCHED,
        where=("w.user_id = %(me)s", AWAKE),
        source=_WATCHING,
        tallied=False,
        group=4,
    ),
    Queue(
        "mentions",
        _("Mentions"),
        _("Nobody has called you in an open ticket. Notes with your @name bring it here."),
        "message-2",
        "mentions_of",
        order=lists.MENTIONED,
        where=("n.user_id = %(me)s", _LAST_CALL, AWAKE),
        source=_CALLED,
        tallied=False,
        group=4,
    ),
    Queue(
        "snoozed",
        _("Snoozed"),
        _(
            "Nothing is put off. What you snooze sleeps here until its day, "
            "or until the customer writes."
        ),
        "moon",
        "ticket_snoozed",
        columns={"snoozed": "yes"},
        order=lists.SNOOZE,
        where=(),
        group=5,
    ),
    Queue(
        "open",
        _("All open"),
        _("Nothing is open. Claims and questions appear here as soon as they come in."),
        "inbox",
        "ticket_queue",
        group=5,
    ),
    Queue(
        "done",
        _("Done"),
        _("Nothing is done yet. Solved and closed conversations will be here."),
        "check",
        "ticket_done",
        order=lists.NEWEST,
        where=("t.state IN ('solved', 'closed')",),
        tallied=False,
        group=5,
    ),
)
# What a group is called on the left, where its queues are named shortly.
HEADINGS: Mapping[int, Promise] = {3: _("Waiting for")}
QUEUES: Mapping[str, Queue] = {queue.key: queue for queue in _ALL}


def newest(rows: QuerySet[Ticket], after: str) -> Page:
    """One page of tickets that somebody else has found, the newest first."""
    place = lists.NEWEST.place(after)
    found = rows.order_by("-pk") if place is None else rows.filter(pk__lt=place[0]).order_by("-pk")
    keys = list(found.values_list("pk", flat=True)[: lists.PAGE + 1])
    shown = keys[: lists.PAGE]
    more = lists.NEWEST.after((shown[-1],)) if len(keys) > lists.PAGE else ""
    return Page(lines.of(shown), more)
