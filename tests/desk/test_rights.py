"""The desk beside a right of the customer's country: what the card cites, what refusing asks."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Story
from tests.desk.steps import kinds, take, went_back
from tests.rights import FLOOR, korean_order
from tickets.models import Claim, Customer, Shipment


@pytest.fixture
def korea(mina: Customer) -> Claim:
    """A missing photocard without its video, from Korea."""
    return Story(korean_order(mina)).file("missing_photocard", opened=True, video_exists=True)


def page(client: Client, claim: Claim) -> str:
    return client.get(f"/desk/tickets/{claim.ticket.reference}/").content.decode()


def test_the_decision_card_cites_both_and_says_that_it_is_no_legal_advice(
    nora: Client, korea: Claim
) -> None:
    told = page(nora, korea)

    assert "<code>kpopusa.missing-contents</code>" in told
    assert f"<code>{FLOOR}</code>" in told
    assert "By a right of the customer's country" in told
    assert "Missing evidence alone may not be the reason to refuse." in told
    assert "It is not legal advice." in told
    assert "An example, not legal advice." in told


def test_a_right_that_has_not_changed_the_answer_is_told_apart(
    nora: Client, mina: Customer
) -> None:
    claim = Story(korean_order(mina)).file("transit_damage", "photo", "photo")
    Shipment.objects.update(delivered_at=None)  # nothing to claim yet, for the law as well

    told = page(nora, claim)

    assert FLOOR in told
    assert "A right of the customer's country applies, too" in told


def test_without_such_a_right_the_card_has_none(nora: Client, ready: Claim) -> None:
    told = page(nora, ready)

    assert "right of the customer" not in told
    assert "legal advice" not in told


def test_the_page_asks_for_the_reason_of_a_refusal(nora: Client, korea: Claim) -> None:
    told = page(nora, korea)

    assert "Reason, for the customer" in told
    assert "so a refusal says why" in told


def test_a_refusal_without_it_is_a_plain_form_error(nora: Client, korea: Claim) -> None:
    rule = "kpopusa.missing-contents"
    answer = take(nora, korea, "decision", decide="refuse", rule=rule)

    assert answer.status_code == 422
    assert 'id="refuse-note"' in answer.content.decode()
    korea.refresh_from_db()
    assert korea.state == "under_review"
    assert kinds(korea) == ["claim_filed"]

    told = take(nora, korea, "decision", decide="refuse", rule=rule, note="It was seen sealed.")
    assert went_back(told, korea)
    korea.refresh_from_db()
    assert korea.state == "refused"


def test_the_day_of_the_discovery_can_be_tried(nora: Client, korea: Claim) -> None:
    assert 'id="what-if-discovered_at"' in page(nora, korea)
    url = f"/desk/claims/{korea.ticket.reference}/what-if/"

    soon = nora.get(url, {"discovered_at": "2026-03-03"}).content.decode()
    nonsense = nora.get(url, {"discovered_at": "tomorrow"}).content.decode()

    assert "Thu 2 Apr" in soon
    assert "Wed 3 Jun" in nonsense
    korea.refresh_from_db()
    assert korea.said == {"opened": True, "video_exists": True}
