"""An agent decides in the browser: each step one event, one mail, and nothing besides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests.desk.conftest import Clock
from tests.desk.steps import kinds, mails, take, went_back
from tickets.models import Claim, Deadline, Event, Refund, User


def test_a_missing_photocard_goes_to_the_manufacturer_and_on_to_the_customer(
    nora: Client, ready: Claim, agent: User, still: Clock
) -> None:
    assert went_back(take(nora, ready, "manufacturer", note="Please, two of them."), ready)
    ready.refresh_from_db()
    assert (ready.state, ready.ticket.waiting_for) == ("with_manufacturer", "manufacturer")

    still.at += timedelta(days=8)
    answered = take(nora, ready, "manufacturer-answer", agreed="yes", outcome="replacement")
    assert went_back(answered, ready)
    assert went_back(take(nora, ready, "fulfilment", tracking="LZ123456785KR"), ready)

    ready.refresh_from_db()
    assert (ready.state, ready.outcome, ready.fulfilled_at) == (
        "fulfilled",
        "replacement",
        still.at,
    )
    assert kinds(ready) == [
        "claim_filed",
        "sent_to_manufacturer",
        "manufacturer_answered",
        "claim_approved",
        "claim_fulfilled",
    ]
    assert Event.objects.filter(claim=ready, actor_user=agent).count() == 4
    assert mails(ready) == [
        "claim_filed",
        "sent_to_manufacturer",
        "claim_approved",
        "claim_fulfilled",
    ]
    assert not Refund.objects.exists()


def test_the_button_says_which_outcome(nora: Client, ready: Claim) -> None:
    assert went_back(take(nora, ready, "decision", decide="approve", outcome="replacement"), ready)
    ready.refresh_from_db()
    assert (ready.state, ready.outcome) == ("approved", "replacement")
    approved = Event.objects.get(claim=ready, kind="claim_approved")
    assert approved.rule == "kpopusa.missing-contents"
    assert approved.policy_version_id == ready.policy_version_id
    assert approved.data["facts"]["evidence"] == ["unboxing_video"]
    assert mails(ready)[-1] == "claim_approved"


def test_an_outcome_that_the_rule_does_not_give_is_not_given(nora: Client, ready: Claim) -> None:
    answer = take(nora, ready, "decision", decide="approve", outcome="refund", note="My words")
    assert answer.status_code == 422
    assert "The rule does not allow this outcome." in answer.content.decode()
    assert "My words" in answer.content.decode()
    ready.refresh_from_db()
    assert ready.state == "under_review"
    assert kinds(ready) == ["claim_filed"]
    assert not Refund.objects.exists()


def test_a_refusal_cites_a_rule_and_says_its_sentence(nora: Client, ready: Claim) -> None:
    page = nora.get(f"/desk/tickets/{ready.ticket.reference}/").content.decode()
    assert 'value="kpopusa.contact-window"' in page
    answer = take(
        nora, ready, "decision", decide="refuse", rule="kpopusa.contact-window", note="Sorry."
    )
    assert went_back(answer, ready)
    ready.refresh_from_db()
    assert (ready.state, ready.refused_rule) == ("refused", "kpopusa.contact-window")
    refused = Event.objects.get(claim=ready, kind="claim_refused")
    assert "7 days" in refused.data["sentence"]
    assert mails(ready)[-1] == "claim_refused"


def test_a_refusal_without_a_rule_is_no_refusal(nora: Client, ready: Claim) -> None:
    answer = take(nora, ready, "decision", decide="refuse", rule="", note="Because I say so.")
    assert answer.status_code == 422
    assert "Because I say so." in answer.content.decode()
    assert kinds(ready) == ["claim_filed"]


def test_more_evidence_is_asked_for_with_a_new_deadline(
    nora: Client, ready: Claim, still: Clock
) -> None:
    answer = take(
        nora,
        ready,
        "evidence-request",
        need_photo=2,
        need_unboxing_video=0,
        days=5,
        note="The back of the box, please.",
    )
    assert went_back(answer, ready)
    ready.refresh_from_db()
    assert (ready.state, ready.missing) == ("awaiting_evidence", [{"photo": 2}])
    due = Deadline.objects.get(claim=ready, kind="evidence_due")
    assert due.due_at - still.at > timedelta(days=5)
    assert kinds(ready)[-1] == mails(ready)[-1] == "evidence_asked"


def test_asking_for_nothing_asks_nobody(nora: Client, ready: Claim) -> None:
    answer = take(nora, ready, "evidence-request", days=5, note="Please.")
    assert answer.status_code == 422
    assert "Say how many files of which kind are needed." in answer.content.decode()
    assert not Deadline.objects.filter(claim=ready).exists()


def test_a_defect_comes_back_is_inspected_and_paid(
    nora: Client, defect: Claim, still: Clock
) -> None:
    take(nora, defect, "manufacturer")
    answer = take(
        nora, defect, "manufacturer-answer", agreed="yes", outcome="refund", amount="20.50"
    )
    assert went_back(answer, defect)
    defect.refresh_from_db()
    assert defect.state == "awaiting_return"
    assert not Refund.objects.exists()

    assert went_back(take(nora, defect, "return"), defect)
    assert went_back(take(nora, defect, "inspection", passed="yes"), defect)
    refund = Refund.objects.get(claim=defect)
    assert (refund.amount, refund.state) == (Decimal("20.50"), "requested")

    assert went_back(take(nora, defect, "payment"), defect)
    defect.refresh_from_db()
    refund.refresh_from_db()
    assert (defect.state, refund.state) == ("fulfilled", "paid")
    assert mails(defect)[-1] == "refund_paid"


def test_an_inspection_that_fails_refuses_by_a_rule(nora: Client, defect: Claim) -> None:
    take(nora, defect, "decision", decide="approve", outcome="replacement")
    take(nora, defect, "return")
    without = take(nora, defect, "inspection", passed="no", rule="")
    assert without.status_code == 422
    answer = take(
        nora, defect, "inspection", passed="no", rule="kpopusa.change-of-mind", note="It works."
    )
    assert went_back(answer, defect)
    defect.refresh_from_db()
    assert (defect.state, defect.refused_rule) == ("refused", "kpopusa.change-of-mind")
    assert not Refund.objects.exists()


def test_an_amount_beyond_the_order_is_refused_beside_its_field(
    nora: Client, defect: Claim
) -> None:
    answer = take(
        nora,
        defect,
        "decision",
        decide="approve",
        outcome="refund",
        amount="5000",
        note="All of it",
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The amount must be between" in page
    assert 'value="5000"' in page
    assert "All of it" in page
    assert not Refund.objects.exists()


def test_only_a_lead_reviews_without_the_evidence(
    nora: Client, as_: Callable[[User], Client], lead: User, waiting: Claim
) -> None:
    path = f"/desk/tickets/{waiting.ticket.reference}/"
    assert "Review without the evidence" not in nora.get(path).content.decode()
    assert take(nora, waiting, "override", reason="I saw it.").status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == "awaiting_evidence"

    lena = as_(lead)
    assert "Review without the evidence" in lena.get(path).content.decode()
    assert take(lena, waiting, "override", reason="").status_code == 422
    assert went_back(take(lena, waiting, "override", reason="Seen on the phone."), waiting)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.overridden_by) == ("under_review", lead)
    assert kinds(waiting)[-1] == "evidence_overridden"
    assert mails(waiting) == ["claim_filed"]


def test_a_refused_claim_is_taken_up_again_with_a_reason(nora: Client, ready: Claim) -> None:
    take(nora, ready, "decision", decide="refuse", rule="kpopusa.contact-window")
    assert take(nora, ready, "reopening", reason="  ").status_code == 422
    assert went_back(take(nora, ready, "reopening", reason="The parcel was late."), ready)
    ready.refresh_from_db()
    assert (ready.state, ready.refused_rule) == ("under_review", "")
    assert kinds(ready)[-1] == mails(ready)[-1] == "claim_reopened"


def test_a_claim_is_withdrawn_for_the_customer(nora: Client, ready: Claim) -> None:
    assert went_back(take(nora, ready, "withdrawal"), ready)
    ready.refresh_from_db()
    assert ready.state == "withdrawn"
    assert kinds(ready) == ["claim_filed", "claim_withdrawn"]


@pytest.mark.parametrize("step", ["manufacturer-answer", "return", "inspection", "fulfilment"])
def test_a_step_that_cannot_follow_changes_nothing(nora: Client, ready: Claim, step: str) -> None:
    answer = take(nora, ready, step, agreed="yes", outcome="replacement", passed="yes")
    assert answer.status_code == 409
    assert kinds(ready) == ["claim_filed"]
    assert mails(ready) == ["claim_filed"]


def test_a_delivery_is_recorded_on_the_stores_clock(nora: Client, ready: Claim) -> None:
    shipment = ready.order.shipments.get()
    answer = nora.post(
        f"/desk/tickets/{ready.ticket.reference}/delivery/",
        {
            "seen": ready.ticket.last_seq,
            "shipment": shipment.pk,
            "delivered_at": "2026-03-02T18:30",
        },
    )
    assert went_back(answer, ready)
    shipment.refresh_from_db()
    assert shipment.delivered_at is not None
    assert shipment.delivered_at.isoformat() == "2026-03-03T02:30:00+00:00"
    assert kinds(ready)[-1] == "delivery_recorded"


def test_a_delivery_in_the_future_is_told_beside_its_field(nora: Client, ready: Claim) -> None:
    shipment = ready.order.shipments.get()
    before = shipment.delivered_at
    answer = nora.post(
        f"/desk/tickets/{ready.ticket.reference}/delivery/",
        {
            "seen": ready.ticket.last_seq,
            "shipment": shipment.pk,
            "delivered_at": "2027-01-01T10:00",
        },
    )
    assert answer.status_code == 422
    assert "lies in the future" in answer.content.decode()
    shipment.refresh_from_db()
    assert shipment.delivered_at == before
