"""“Remind me then”: a deadline on a question, which decides again before it writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from policies.types import Facts, Verdict
from supportdesk.zones import zone_or_none
from tickets.actions.base import Turn, inquiry_turn
from tickets.actions.drafts import judge, judge_facts
from tickets.actions.inquiries import WITH_A_PERSON, latest, tell
from tickets.actions.people import learn
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.facts import facts_of_draft, facts_of_inquiry
from tickets.lifecycle import DeadlineState, PickupState
from tickets.models import Customer, Deadline, Draft, Inquiry, Pickup, Ticket

KIND = "wait_over"
HOUR = 10  # of the morning, on the reader's clock
# For how long the link of a reminder leads back.
LINK_LIVES = timedelta(days=60)
# What is over once the parcel is there, and once it has left.
_UNTIL_DELIVERED = frozenset({"lost_parcel", "tracking_stalled", "poster_missing", "shipping_time"})
_UNTIL_SHIPPED = frozenset({"order_not_shipped", "preorder"})


def pending(inquiry: Inquiry) -> Deadline | None:
    """The reminder that is still to come, if one was asked for."""
    rows = Deadline.objects.filter(inquiry=inquiry, kind=KIND, state=DeadlineState.PENDING)
    return rows.order_by("cycle").last()


def morning_from(opens_at: datetime, zone: ZoneInfo) -> datetime:
    """The first ten in the morning of a zone that is not before ``opens_at``."""
    local = opens_at.astimezone(zone)
    day = local.date()
    while True:
        at = datetime(day.year, day.month, day.day, HOUR, tzinfo=zone).astimezone(UTC)
        if at >= opens_at:
            return at
        day += timedelta(days=1)


def ask(draft: Draft, *, customer: Customer, now: datetime) -> Deadline:
    """Remind this customer when the wait is over; asked again it is one reminder.

    The same question about the same order in another draft hands its reminder over.

    Raises:
        InvalidInput: there is no date to remind of (any more).
        Conflict: the draft was sent meanwhile.
    """
    with transaction.atomic():
        rows = Draft.objects.select_for_update(of=("self",))
        row = rows.select_related("store", "order__customer").get(pk=draft.pk)
        found = judge(row, facts_of_draft(row, now))
        opens_at = found.decision.opens_at
        if found.decision.verdict != Verdict.WAIT or opens_at is None:
            raise InvalidInput(_("There is no date yet on which we could remind you."))
        inquiry = tell(row, found, now=now)
        if inquiry.ended in WITH_A_PERSON:
            raise Conflict(_("This request has already been sent."))
        before = pending(inquiry)
        if before is not None:
            return before
        if row.order is not None:
            learn(customer, row.answers)
        _take_over(inquiry, customer, now)
        Inquiry.objects.filter(pk=inquiry.pk).update(customer=customer)
        actor = Actor.of_customer(customer)
        with inquiry_turn(inquiry.pk, "file", actor=actor, now=now) as turn:
            asked = turn.inquiry
            assert asked is not None
            asked.ended, asked.ended_at = "reminder", now
            _plan(turn, asked, opens_at, "reminder_asked")
    planned = pending(inquiry)
    assert planned is not None
    return planned


def _take_over(inquiry: Inquiry, customer: Customer, now: datetime) -> None:
    """One reminder for one thing: what the same customer asked for before is dropped."""
    same = Q(draft=inquiry.draft_id)
    if inquiry.order_id is not None:
        same |= Q(customer=customer, order=inquiry.order_id, request=inquiry.request)
    waiting = Inquiry.objects.filter(
        same, deadlines__kind=KIND, deadlines__state=DeadlineState.PENDING
    ).exclude(pk=inquiry.pk)
    for pk in waiting.order_by("pk").values_list("pk", flat=True).distinct():
        with inquiry_turn(pk, "file", actor=Actor.of_customer(customer), now=now) as turn:
            _drop(turn, "asked_again")


def _plan(turn: Turn, inquiry: Inquiry, opens_at: datetime, event: str) -> None:
    customer = inquiry.customer
    zone = zone_or_none(customer.time_zone if customer else "") or ZoneInfo(turn.store.time_zone)
    remind_at = morning_from(opens_at, zone)
    turn.event(event, opens_at=opens_at.isoformat(), remind_at=remind_at.isoformat())
    cycle = Deadline.objects.filter(inquiry=inquiry, kind=KIND).count() + 1
    turn.due(inquiry, KIND, opens_at, cycle=cycle, wake_at=remind_at)


def forget(draft: Draft, *, now: datetime) -> None:
    """Do not remind any more; twice is no error."""
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        inquiry = latest(draft)
        if inquiry is None or inquiry.customer is None or pending(inquiry) is None:
            return
        actor = Actor.of_customer(inquiry.customer)
        with inquiry_turn(inquiry.pk, "file", actor=actor, now=now) as turn:
            row = turn.inquiry
            assert row is not None
            _drop(turn, "customer")
            if row.ended == "reminder":
                row.ended, row.ended_at = "", None


def _drop(turn: Turn, reason: str) -> None:
    assert turn.inquiry is not None
    turn.settle(turn.inquiry, (KIND,), DeadlineState.CANCELLED)
    turn.event("reminder_dropped", reason=reason)


def remind(turn: Turn, deadline: Deadline) -> DeadlineState:
    """The wait is over, if it still is: decide again with the facts of this moment.

    Still waiting for a later date: the next cycle. Nobody needs it any more: dropped. Else a
    mail with a link that leads back to the answer.
    """
    inquiry = turn.inquiry
    assert inquiry is not None
    facts = facts_of_inquiry(inquiry, turn.now)
    needless = _needless(inquiry, facts)
    if needless:
        turn.event("reminder_dropped", reason=needless)
        return DeadlineState.CANCELLED
    found = judge_facts(inquiry.store_id, inquiry.order, facts)
    opens_at = found.decision.opens_at
    if found.decision.verdict == Verdict.WAIT and opens_at is not None and opens_at > turn.now:
        inquiry.opens_at = opens_at
        _plan(turn, inquiry, opens_at, "reminder_moved")
        return DeadlineState.CANCELLED
    event = turn.event(
        "reminded",
        rule=found.decision.rule,
        version=found.version,
        request=inquiry.request,
        **decision_data(found.decision, facts, found.pack),
    )
    turn.mail("wait_over", event)
    return DeadlineState.FIRED


def _needless(inquiry: Inquiry, facts: Facts) -> str:
    """Why nobody has to be reminded any more; empty when somebody has."""
    if inquiry.ended in WITH_A_PERSON or _was_asked(inquiry):
        return "sent"
    order, row = facts.order, inquiry.order
    if order is None or row is None:
        return ""
    if row.cancelled_at is not None:
        return "cancelled"
    arrived = order.delivered_at or order.collected_at
    if inquiry.request in _UNTIL_DELIVERED and arrived and not _had_arrived(inquiry):
        return "delivered"
    if inquiry.request in _UNTIL_SHIPPED and (order.shipped_at or arrived):
        return "shipped"
    if inquiry.request == "pickup":
        ready = Pickup.objects.filter(order=row).exclude(state=PickupState.PREPARING)
        return "ready" if ready.exists() else ""
    return ""


def _had_arrived(inquiry: Inquiry) -> bool:
    """Whether the records said so when it was asked: who asks all the same does not have it."""
    return bool((inquiry.facts.get("order") or {}).get("delivered_at"))


def _was_asked(inquiry: Inquiry) -> bool:
    """Whether it was sent on another way meanwhile, about the same order."""
    if inquiry.draft_id is not None:
        sent = Inquiry.objects.filter(draft=inquiry.draft_id, ended__in=WITH_A_PERSON)
        if sent.exists():
            return True
    if inquiry.order_id is None:
        return False
    asked_at = inquiry.ended_at or inquiry.at
    return Ticket.objects.filter(
        order=inquiry.order_id, request=inquiry.request, opened_at__gte=asked_at
    ).exists()


def come_back(inquiry: Inquiry, *, now: datetime) -> Draft:
    """The draft with everything that was said; made again where it was tidied away."""
    if inquiry.draft is not None:
        return inquiry.draft
    with transaction.atomic():
        row = (
            Inquiry.objects.select_for_update(of=("self",))
            .select_related("store", "order__customer", "draft__store")
            .get(pk=inquiry.pk)
        )
        if row.draft is None:
            row.draft = Draft.objects.create(
                store=row.store,
                order=row.order,
                request=row.request,
                answers={"said": row.facts.get("said", {})},
                started_at=now,
                touched_at=now,
            )
            row.save(update_fields=["draft"])
        return row.draft


def link_is_old(inquiry: Inquiry, now: datetime) -> bool:
    """Whether the link of a reminder has had its time."""
    newest = inquiry.events.filter(kind="reminded").order_by("-seq").first()
    return newest is not None and now > newest.at + LINK_LIVES
