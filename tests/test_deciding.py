"""Staff decide: each step one event, one mail, and nothing that should not happen."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.cast import NOON, Story
from tickets.actions import decide_claim, fulfil_claim
from tickets.actions.money import mark_refund_paid
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import Claim, Deadline, Event, Outbox, Refund, User


def kinds(claim: Claim) -> list[str]:
    return list(Event.objects.filter(claim=claim).values_list("kind", flat=True))


@pytest.fixture
def ready(story: Story) -> Claim:
    """A claim about a missing photocard, with its video."""
    return story.file("missing_photocard", "unboxing_video", opened=True)


@pytest.fixture
def defect(story: Story) -> Claim:
    return story.file("defect", "photo", "photo", opened=True)


def test_the_missing_photocard_goes_its_whole_way(ready: Claim, agent: User) -> None:
    nora = Actor.staff(agent)
    decide_claim.send_to_manufacturer(ready, actor=nora, now=NOON)
    assert Deadline.objects.filter(claim=ready, kind="manufacturer_update").count() == 3

    later = NOON + timedelta(days=10)
    swept = sweep(later)
    assert swept.fired == {"manufacturer_update": 1}
    decide_claim.record_answer(ready, True, outcome="replacement", actor=nora, now=later)
    ready.refresh_from_db()
    assert (ready.state, ready.outcome) == ("approved", "replacement")
    # The promised weeks run on until the replacement has left.
    assert Deadline.objects.get(kind="manufacturer_due").state == "pending"
    assert not Refund.objects.exists()

    fulfil_claim.fulfil(ready, tracking="LZ123456789KR", actor=nora, now=later)
    ready.refresh_from_db()
    assert (ready.state, ready.fulfilled_at) == ("fulfilled", later)
    assert Deadline.objects.get(kind="manufacturer_due").state == "met"
    assert kinds(ready) == [
        "claim_filed",
        "sent_to_manufacturer",
        "manufacturer_updated",
        "manufacturer_answered",
        "claim_approved",
        "claim_fulfilled",
    ]
    assert [row.template for row in Outbox.objects.filter(event__claim=ready)] == [
        "claim_filed",
        "sent_to_manufacturer",
        "manufacturer_update",
        "claim_approved",
        "claim_fulfilled",
    ]


def test_after_four_weeks_staff_are_alerted_and_the_answer_counts_as_late(
    ready: Claim, agent: User
) -> None:
    decide_claim.send_to_manufacturer(ready, actor=Actor.staff(agent), now=NOON)
    sweep(NOON + timedelta(days=30))

    due = Deadline.objects.get(kind="manufacturer_due")
    assert due.state == "overdue"
    assert Outbox.objects.filter(template="staff_alert", to_store=True).count() == 1
    ready.ticket.refresh_from_db()
    assert ready.ticket.state == "open"
    sweep(NOON + timedelta(days=31))
    assert Outbox.objects.filter(template="staff_alert").count() == 1

    decide_claim.record_answer(
        ready, False, actor=Actor.staff(agent), now=NOON + timedelta(days=32)
    )
    due.refresh_from_db()
    assert due.state == "met_late"


def test_a_defect_comes_back_is_inspected_and_refunded(defect: Claim, agent: User) -> None:
    nora = Actor.staff(agent)
    decide_claim.send_to_manufacturer(defect, actor=nora, now=NOON)
    decide_claim.record_answer(defect, True, outcome="refund", actor=nora, now=NOON)
    defect.refresh_from_db()
    assert defect.state == "awaiting_return"
    assert not Refund.objects.exists()  # no money before the inspection

    fulfil_claim.receive_return(defect, actor=nora, now=NOON)
    assert Deadline.objects.get(kind="process_due").state == "pending"
    fulfil_claim.inspect(defect, True, actor=nora, now=NOON)
    refund = Refund.objects.get(claim=defect)
    assert (refund.amount, refund.currency, refund.state) == (Decimal("24.90"), "USD", "requested")
    with pytest.raises(Conflict):
        fulfil_claim.fulfil(defect, actor=nora, now=NOON)

    mark_refund_paid(refund, actor=nora, now=NOON)
    mark_refund_paid(refund, actor=nora, now=NOON)
    defect.refresh_from_db()
    assert defect.state == "fulfilled"
    assert kinds(defect).count("refund_paid") == 1
    # Nothing is waited for any more; its photos are kept for their days.
    assert Deadline.objects.get(state="pending").kind == "retention_due"


def test_the_day_before_the_thirty_days_staff_are_warned(defect: Claim, agent: User) -> None:
    nora = Actor.staff(agent)
    decide_claim.approve(defect, "refund", actor=nora, now=NOON)
    fulfil_claim.receive_return(defect, actor=nora, now=NOON)

    sweep(NOON + timedelta(days=26))
    assert [e.data["deadline"] for e in Event.objects.filter(kind="deadline_near")] == [
        "process_warning"
    ]
    assert not Event.objects.filter(kind="deadline_missed").exists()
    sweep(NOON + timedelta(days=31))
    assert Event.objects.filter(kind="deadline_missed").count() == 1


def test_an_outcome_that_the_rule_does_not_know_is_refused(ready: Claim, agent: User) -> None:
    with pytest.raises(InvalidInput):
        decide_claim.approve(ready, "refund", actor=Actor.staff(agent), now=NOON)
    ready.refresh_from_db()
    assert (ready.state, ready.outcome) == ("under_review", "")
    assert kinds(ready) == ["claim_filed"]


def test_refusing_needs_a_rule_of_the_store(ready: Claim, agent: User) -> None:
    nora = Actor.staff(agent)
    with pytest.raises(InvalidInput):
        decide_claim.refuse(ready, "popmart.defect", actor=nora, now=NOON)
    decide_claim.refuse(ready, "kpopusa.contact-window", note="See above", actor=nora, now=NOON)
    ready.refresh_from_db()
    assert (ready.state, ready.refused_rule) == ("refused", "kpopusa.contact-window")
    event = Event.objects.get(kind="claim_refused")
    assert "7 days" in event.data["sentence"]
    assert event.data["facts"]["request"] == "missing_photocard"


def test_more_evidence_is_asked_for_with_a_new_deadline(ready: Claim, agent: User) -> None:
    decide_claim.ask_for_evidence(
        ready, {"photo": 2}, 5, note="of the spine", actor=Actor.staff(agent), now=NOON
    )
    ready.refresh_from_db()
    assert (ready.state, ready.missing) == ("awaiting_evidence", [{"photo": 2}])
    assert Deadline.objects.filter(kind="evidence_due", state="pending").count() == 1


def test_an_expired_claim_can_be_taken_up_again(story: Story, agent: User) -> None:
    claim = story.file("missing_photocard", opened=True)
    late = NOON + timedelta(days=9)
    sweep(late)
    claim.refresh_from_db()
    assert claim.state == "expired"

    with pytest.raises(InvalidInput):
        decide_claim.reopen(claim, " ", actor=Actor.staff(agent), now=late)
    decide_claim.reopen(claim, "She was in hospital", actor=Actor.staff(agent), now=late)
    claim.refresh_from_db()
    assert claim.state == "awaiting_evidence"
    assert claim.items.get().claim_open is True
    assert Deadline.objects.get(kind="evidence_due", cycle=2).state == "pending"


def test_only_a_lead_may_go_on_without_the_evidence(story: Story, agent: User, lead: User) -> None:
    claim = story.file("missing_photocard", opened=True)
    with pytest.raises(NotAllowed):
        decide_claim.override_evidence(claim, "known", actor=Actor.staff(agent), now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(state="under_review")
    decide_claim.override_evidence(claim, "known", actor=Actor.staff(lead), now=NOON)
    claim.refresh_from_db()
    assert (claim.state, claim.overridden_by) == ("under_review", lead)


def test_staff_of_another_store_cannot_decide(ready: Claim, stranger: User) -> None:
    with pytest.raises(NotAllowed):
        decide_claim.approve(ready, "replacement", actor=Actor.staff(stranger), now=NOON)
    assert kinds(ready) == ["claim_filed"]


def test_the_customer_can_take_it_back_once(ready: Claim, agent: User) -> None:
    mina = Actor.of_customer(ready.ticket.customer)
    for _ in range(2):
        decide_claim.withdraw(ready, actor=mina, now=NOON)
    assert kinds(ready).count("claim_withdrawn") == 1
    with pytest.raises(Conflict):
        decide_claim.approve(ready, "replacement", actor=Actor.staff(agent), now=NOON)


def test_a_page_that_is_out_of_date_shows_what_happened(
    ready: Claim, agent: User, second_agent: User
) -> None:
    seen = Event.objects.filter(ticket=ready.ticket).count()
    decide_claim.approve(ready, "replacement", actor=Actor.staff(agent), now=NOON, seen=seen)
    with pytest.raises(Conflict) as conflict:
        decide_claim.refuse(
            ready,
            "kpopusa.contact-window",
            actor=Actor.staff(second_agent),
            now=NOON,
            seen=seen,
        )
    assert conflict.value.event is not None
    assert conflict.value.event.actor_user == agent
    ready.refresh_from_db()
    assert ready.state == "approved"


# --- the weeks of a replacement ---------------------------------------------------------------


def test_a_replacement_after_transit_damage_has_its_weeks(story: Story, agent: User) -> None:
    claim = story.file("transit_damage", "photo", "photo", opened=False, package_damaged=True)
    decide_claim.approve(claim, "replacement", actor=Actor.staff(agent), now=NOON)
    due = claim.deadlines.get(kind="manufacturer_due")
    # Four weeks from Thursday the 5th, over the change of the clocks: 2 April is its last day.
    assert due.due_at.isoformat() == "2026-04-03T07:00:00+00:00"
    assert claim.deadlines.filter(kind="manufacturer_update", state="pending").count() == 3
    event = claim.events.get(kind="claim_approved")
    assert datetime.fromisoformat(event.data["due_at"]) == due.due_at


def test_a_refund_has_no_weeks(story: Story, agent: User) -> None:
    claim = story.file("transit_damage", "photo", "photo", opened=False, package_damaged=True)
    decide_claim.approve(claim, "refund", actor=Actor.staff(agent), now=NOON)
    assert not claim.deadlines.filter(kind__startswith="manufacturer", state="pending").exists()
