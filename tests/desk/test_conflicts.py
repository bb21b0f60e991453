"""Two agents at one claim: the second sees what the first did, and loses nothing of theirs."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from tests.cast import NOON
from tests.desk.steps import at_counter, kinds, mails, take, went_back
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.models import Claim, Event, Message, Pickup, Ticket, User


def test_the_second_decision_sees_the_first(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    seen = ready.ticket.last_seq
    omar = as_(second_agent)
    assert went_back(
        take(omar, ready, "decision", decide="refuse", rule="kpopusa.contact-window"), ready
    )
    answer = take(
        nora,
        ready,
        "decision",
        seen=seen,
        decide="approve",
        outcome="replacement",
        note="A card is on its way to you.",
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody was here before you" in page
    assert "Refused" in page
    assert "Omar" in page
    assert "A card is on its way to you." in page
    ready.refresh_from_db()
    assert (ready.state, ready.outcome) == ("refused", "")
    assert kinds(ready) == ["claim_filed", "claim_refused"]
    assert mails(ready) == ["claim_filed", "claim_refused"]


def test_looking_again_and_repeating_works(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    seen = ready.ticket.last_seq
    take(as_(second_agent), ready, "manufacturer")
    assert (
        take(
            nora, ready, "decision", seen=seen, decide="approve", outcome="replacement"
        ).status_code
        == 409
    )
    assert went_back(take(nora, ready, "decision", decide="approve", outcome="replacement"), ready)


def test_the_same_step_twice_is_one_step(nora: Client, ready: Claim) -> None:
    seen = ready.ticket.last_seq
    for _twice in range(2):
        answer = take(nora, ready, "decision", seen=seen, decide="approve", outcome="replacement")
        assert went_back(answer, ready)
    assert kinds(ready) == ["claim_filed", "claim_approved"]


def test_a_step_that_does_not_say_what_it_saw_is_not_taken(nora: Client, ready: Claim) -> None:
    answer = nora.post(
        f"/desk/claims/{ready.ticket.reference}/decision/",
        {"decide": "approve", "outcome": "replacement", "note": "Mine"},
    )
    assert answer.status_code == 422
    assert "Mine" in answer.content.decode()
    assert kinds(ready) == ["claim_filed"]


def test_a_reply_crossing_another_event_is_kept_and_not_sent(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    path = f"/desk/tickets/{ready.ticket.reference}/messages/"
    seen = ready.ticket.last_seq
    take(as_(second_agent), ready, "manufacturer")
    typed = {
        "seen": seen,
        "kind": "agent",
        "body": "We will look into it.",
        "form_key": "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f1",
    }
    answer = nora.post(path, typed)
    assert answer.status_code == 409
    assert "We will look into it." in answer.content.decode()
    assert not Message.objects.exists()


def test_a_pickup_is_handed_over_once(
    nora: Client, as_: Callable[[User], Client], second_agent: User, pickup: Pickup
) -> None:
    at_counter(nora, pickup, "confirmation")
    pickup.refresh_from_db()
    seen = pickup.last_seq
    at_counter(as_(second_agent), pickup, "extension", days=3, reason="On holiday")
    late = nora.post(
        f"/desk/pickups/{pickup.pk}/cancellation/", {"seen": seen, "reason": "Nobody came"}
    )
    page = late.content.decode()
    assert late.status_code == 409
    assert "Reservation extended" in page
    assert "Nobody came" in page
    pickup.refresh_from_db()
    assert pickup.state == "reserved"
    assert not Event.objects.filter(pickup=pickup, kind="pickup_cancelled").exists()


def a_later_question(claim: Claim) -> Ticket:
    """Another ticket about the same order, younger than the claim's."""
    customer = claim.ticket.customer
    return open_ticket(
        customer.store,
        customer,
        order=claim.order,
        request="restock",
        subject="When is it back?",
        body="The Dawn version?",
        actor=Actor.of_customer(customer),
        now=NOON,
    )


def record(client: Client, ticket: Ticket, seen: int) -> int:
    assert ticket.order is not None
    shipment = ticket.order.shipments.get()
    typed = {"seen": seen, "shipment": shipment.pk, "delivered_at": "2026-03-02T18:30"}
    return client.post(f"/desk/tickets/{ticket.reference}/delivery/", typed).status_code


def test_a_delivery_recorded_on_an_older_ticket_sees_what_happened_there(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    newer = a_later_question(ready)
    arrived = ready.order.shipments.get().delivered_at
    seen = ready.ticket.last_seq
    take(as_(second_agent), ready, "manufacturer")
    assert record(nora, ready.ticket, seen) == 409
    assert ready.order.shipments.get().delivered_at == arrived
    assert not Event.objects.filter(kind="delivery_recorded").exists()
    # The newer one is as Nora saw it, so from there, or after another look, it is hers to do.
    assert record(nora, newer, newer.last_seq) == 302
    assert set(Event.objects.filter(kind="delivery_recorded").values_list("ticket", flat=True)) == {
        ready.ticket.pk,
        newer.pk,
    }


def test_what_happens_on_a_newer_ticket_does_not_hold_up_an_older_one(
    nora: Client, ready: Claim
) -> None:
    a_later_question(ready)
    assert record(nora, ready.ticket, ready.ticket.last_seq) == 302
    assert kinds(ready)[-1] == "delivery_recorded"
