"""Two at once, with real threads and real transactions: one wins, nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connections

from tests.cast import NOON, Story, a_file, add_evidence, make_order
from tests.desk.errands import ask
from tickets.actions import decide_claim, pickups
from tickets.actions.cancel_order import cancel_order
from tickets.actions.deliveries import record_delivery
from tickets.actions.file_claim import file_claim
from tickets.actions.releases import confirm, propose
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import ActionError, Conflict
from tickets.models import (
    Claim,
    Customer,
    Event,
    Outbox,
    Pickup,
    Product,
    Refund,
    Shipment,
    Ticket,
    User,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run each act in a thread of its own, all let loose together; results or errors."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(timeout=10)
            return act()
        except ActionError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_the_form_sent_by_eight_threads_is_one_claim(story: Story) -> None:
    draft = story.draft("missing_photocard", opened=True)
    mina = Actor.of_customer(story.order.customer)
    results = at_once(*[lambda: file_claim(draft, actor=mina, now=NOON)] * 8)

    assert len({claim.pk for claim in results if isinstance(claim, Claim)}) == 1
    assert Ticket.objects.count() == Event.objects.count() == Outbox.objects.count() == 1


def test_two_drafts_about_one_item_make_one_claim(story: Story) -> None:
    mina = Actor.of_customer(story.order.customer)
    drafts = [story.draft("missing_photocard", opened=True) for _ in range(4)]
    results = at_once(*[lambda d=d: file_claim(d, actor=mina, now=NOON) for d in drafts])

    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert Claim.objects.count() == Ticket.objects.count() == 1


def test_two_agents_decide_at_once_and_one_wins(
    story: Story, agent: User, second_agent: User
) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    results = at_once(
        lambda: decide_claim.approve(
            claim, "replacement", actor=Actor.staff(agent), now=NOON, seen=1
        ),
        lambda: decide_claim.refuse(
            claim, "kpopusa.contact-window", actor=Actor.staff(second_agent), now=NOON, seen=1
        ),
    )
    losers = [result for result in results if isinstance(result, Conflict)]
    assert len(losers) == 1
    assert losers[0].event is not None
    decided = Event.objects.filter(kind__in=["claim_approved", "claim_refused"])
    assert decided.count() == 1
    assert losers[0].event.pk == decided.get().pk
    seqs = list(Event.objects.filter(ticket=claim.ticket).values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_the_last_minute_file_and_the_expiry_do_not_both_win(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    late = NOON + timedelta(days=9)
    mina = Actor.of_customer(claim.ticket.customer)
    in_time = a_file(at=NOON + timedelta(days=1))
    at_once(
        lambda: add_evidence(in_time, claim=claim, actor=mina, now=late),
        lambda: sweep(late),
    )
    claim.refresh_from_db()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert ("claim_expired" in kinds) != ("evidence_complete" in kinds)
    assert claim.state == ("expired" if "claim_expired" in kinds else "under_review")


def test_four_sweeps_at_once_expire_each_pickup_once(pickup: Pickup, agent: User) -> None:
    pickups.confirm(pickup, actor=Actor.staff(agent), now=NOON)
    end = NOON + timedelta(days=30)
    sweep(NOON + timedelta(days=19))
    Outbox.objects.filter(template="pickup_reminder").update(state="done", settled_at=NOON)
    at_once(*[lambda: sweep(end)] * 4)

    assert Event.objects.filter(kind="pickup_expired").count() == 1
    assert Refund.objects.count() == 1
    assert Outbox.objects.filter(template="pickup_expired").count() == 1


def test_handing_over_while_it_expires_is_one_or_the_other(pickup: Pickup, agent: User) -> None:
    nora = Actor.staff(agent)
    pickups.confirm(pickup, actor=nora, now=NOON)
    sweep(NOON + timedelta(days=19))
    Outbox.objects.filter(template="pickup_reminder").update(state="done", settled_at=NOON)
    end = NOON + timedelta(days=30)
    at_once(
        lambda: sweep(end),
        lambda: pickups.hand_over(
            pickup, receipt_seen=True, identification_seen=True, actor=nora, now=end
        ),
    )
    sweep(end)
    pickup.refresh_from_db()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert ("pickup_collected" in kinds) != ("pickup_expired" in kinds)
    assert Refund.objects.count() == (1 if pickup.state == "expired" else 0)


def test_two_parcels_of_one_order_arrive_on_two_tickets_at_once(story: Story, agent: User) -> None:
    first = story.file("missing_photocard", "unboxing_video", opened=True).ticket
    customer = story.order.customer
    second = open_ticket(
        customer.store,
        customer,
        order=story.order,
        request="restock",
        subject="When?",
        body="The Dawn version?",
        actor=Actor.of_customer(customer),
        now=NOON,
    )
    parcels = [story.order.shipments.get(), Shipment.objects.create(order=story.order)]
    looked_at = list(zip(parcels, (second, first), strict=True))
    results = at_once(
        *[
            lambda parcel=parcel, ticket=ticket: record_delivery(
                parcel,
                NOON - timedelta(hours=1),
                actor=Actor.staff(agent),
                now=NOON,
                ticket=ticket,
                seen=1,
            )
            for parcel, ticket in looked_at
        ]
    )
    # Nobody waits for the other for ever: one is recorded, the other is told of it.
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Shipment"]
    assert Event.objects.filter(kind="delivery_recorded").count() == 2


def test_two_agents_cancel_at_once_and_the_money_is_owed_once(
    mina: Customer, agent: User, second_agent: User
) -> None:
    order = make_order(mina, "#4001", shipped=None)
    ticket = ask(order, "cancel_order")
    results = at_once(
        *(
            lambda who=who: cancel_order(ticket, actor=Actor.staff(who), now=NOON, seen=1)
            for who in (agent, second_agent)
        )
    )
    assert all(isinstance(result, Ticket) for result in results)
    assert Refund.objects.count() == 1
    assert ticket.events.filter(kind="order_cancelled").count() == 1


def test_a_pickup_cancelled_at_the_counter_and_at_the_desk_is_cancelled_once(
    pickup: Pickup, agent: User, second_agent: User
) -> None:
    ticket = ask(pickup.order, "cancel_order")
    results = at_once(
        lambda: cancel_order(ticket, actor=Actor.staff(agent), now=NOON),
        lambda: pickups.cancel(pickup, "Asked", actor=Actor.staff(second_agent), now=NOON),
    )
    assert not [result for result in results if not isinstance(result, Ticket | Pickup | Conflict)]
    assert Refund.objects.count() == 1
    pickup.refresh_from_db()
    assert pickup.state == "cancelled"


def test_two_leads_confirm_a_release_at_once_and_each_order_hears_once(
    mina: Customer, lead: User, manager: User
) -> None:
    orders = [make_order(mina, f"#60{n}", shipped=None, preorder=True) for n in range(6)]
    album = Product.objects.get(sku="ALB-AURORA")
    move = propose(album, date(2026, 4, 3), actor=Actor.staff(lead), now=NOON)
    assert move is not None
    at_once(
        *(
            lambda who=who: confirm(move, date(2026, 4, 3), actor=Actor.staff(who), now=NOON)
            for who in (lead, manager)
        )
    )
    at_once(lambda: sweep(NOON), lambda: sweep(NOON))
    move.refresh_from_db()
    assert move.orders_told == len(orders)
    assert Outbox.objects.filter(template="release_moved").count() == len(orders)
