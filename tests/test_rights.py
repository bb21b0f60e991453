"""A right of the customer's country: filing without evidence, and no end for want of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import NOON, Story, a_file, add_evidence
from tests.promises import promised
from tests.rights import FLOOR, korean_order
from tickets.actions import decide_claim, fulfil_claim
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import InvalidInput
from tickets.models import Claim, Customer, Event, Outbox, User


@pytest.fixture
def korea(mina: Customer) -> Story:
    return Story(korean_order(mina))


def kinds(claim: Claim) -> list[str]:
    return list(Event.objects.filter(claim=claim).values_list("kind", flat=True))


def asked_for_more(claim: Claim, agent: User) -> None:
    decide_claim.ask_for_evidence(
        claim, {"photo": 1}, 7, actor=Actor.staff(agent), now=NOON, note="One of the back, please."
    )
    claim.refresh_from_db()


def test_without_a_video_it_is_filed_and_a_person_looks_at_once(korea: Story) -> None:
    claim = korea.file("missing_photocard", opened=True, video_exists=True)

    assert (claim.state, claim.verdict) == ("under_review", "discretionary")
    assert claim.rule == "kpopusa.missing-contents"
    assert claim.missing == [{"unboxing_video": 1}]  # it would still help
    assert claim.outcomes == ["replacement"]
    claim.ticket.refresh_from_db()
    assert (claim.ticket.state, claim.ticket.waiting_for) == ("new", "")
    assert not promised().exists()
    event = Event.objects.get(claim=claim)
    assert event.data["decision"]["floor"] == FLOOR
    assert event.data["decision"]["explain"][-1].endswith("not legal advice.")
    assert event.data["facts"]["order"]["country"] == "KR"
    assert Outbox.objects.get().template == "claim_filed"


def test_the_law_is_cited_even_when_it_only_made_the_window_longer(mina: Customer) -> None:
    order = korean_order(mina, delivered=timedelta(days=40), shipped=timedelta(days=50))
    claim = Story(order).file("defect", "photo", "photo", opened=True)

    assert (claim.state, claim.verdict, claim.missing) == ("under_review", "accepted", [])
    assert Event.objects.get(claim=claim).data["decision"]["floor"] == FLOOR


def test_an_order_to_another_country_stands_under_the_rule_alone(mina: Customer) -> None:
    claim = Story(korean_order(mina, country="US")).file("missing_photocard", opened=True)

    assert (claim.state, claim.verdict) == ("awaiting_evidence", "evidence_needed")
    assert "floor" not in Event.objects.get(claim=claim).data["decision"]


def test_the_video_still_makes_it_accepted(korea: Story) -> None:
    claim = korea.file("missing_photocard", opened=True, video_exists=True)
    mina = Actor.of_customer(claim.ticket.customer)

    add_evidence(a_file(at=NOON), claim=claim, actor=mina, now=NOON)

    claim.refresh_from_db()
    assert (claim.state, claim.verdict, claim.missing) == ("under_review", "accepted", [])
    assert kinds(claim) == ["claim_filed", "file_received", "evidence_added"]


@pytest.mark.parametrize("evidence", [(), ("photo", "photo")])
def test_what_an_agent_asked_for_and_did_not_get_goes_to_a_person(
    korea: Story, agent: User, evidence: tuple[str, ...]
) -> None:
    claim = korea.file("defect", *evidence, opened=True)
    asked_for_more(claim, agent)
    assert claim.state == "awaiting_evidence"

    sweep(NOON + timedelta(days=30))

    claim.refresh_from_db()
    claim.ticket.refresh_from_db()
    assert claim.state == "under_review"
    assert claim.verdict == ("accepted" if evidence else "discretionary")
    assert claim.ticket.state == "open"
    assert kinds(claim)[-1] == "evidence_waived"
    assert "claim_expired" not in kinds(claim)
    waived = Event.objects.get(claim=claim, kind="evidence_waived")
    assert (waived.actor_kind, waived.rule) == ("system", "kpopusa.defect")
    assert waived.data["floor"] == FLOOR
    assert not Outbox.objects.filter(template="claim_expired").exists()
    assert set(promised().values_list("state", flat=True)) <= {"fired", "cancelled"}


def test_the_reminder_does_not_threaten_to_close_it(korea: Story, agent: User) -> None:
    claim = korea.file("defect", opened=True)
    asked_for_more(claim, agent)

    sweep(NOON + timedelta(days=5))

    reminded = Event.objects.filter(claim=claim, kind="evidence_reminded").first()
    assert reminded is not None
    assert reminded.data["closes"] is False


def test_without_such_a_right_it_still_expires(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)

    sweep(NOON + timedelta(days=30))

    claim.refresh_from_db()
    assert claim.state == "expired"
    reminded = Event.objects.filter(claim=claim, kind="evidence_reminded").first()
    assert reminded is not None
    assert reminded.data["closes"] is True


def test_a_country_that_was_corrected_meanwhile_counts(korea: Story) -> None:
    korea.order.country = "US"
    korea.order.save()
    claim = korea.file("missing_photocard", opened=True)
    assert claim.state == "awaiting_evidence"
    korea.order.country = "KR"
    korea.order.save()

    sweep(NOON + timedelta(days=30))

    claim.refresh_from_db()
    assert (claim.state, claim.verdict) == ("under_review", "discretionary")


def test_a_refusal_needs_a_reason(korea: Story, agent: User) -> None:
    claim = korea.file("missing_photocard", opened=True, video_exists=True)
    nora = Actor.staff(agent)

    for silence in ("", "  \n"):
        with pytest.raises(InvalidInput) as refused:
            decide_claim.refuse(
                claim, "kpopusa.missing-contents", note=silence, actor=nora, now=NOON
            )
        assert refused.value.field == "note"
    claim.refresh_from_db()
    assert claim.state == "under_review"
    assert kinds(claim) == ["claim_filed"]

    decide_claim.refuse(
        claim, "kpopusa.missing-contents", note="The shop saw it sealed.", actor=nora, now=NOON
    )
    claim.refresh_from_db()
    assert (claim.state, claim.refused_rule) == ("refused", "kpopusa.missing-contents")
    event = Event.objects.get(claim=claim, kind="claim_refused")
    assert event.data["decision"]["floor"] == FLOOR
    assert event.data["note"] == "The shop saw it sealed."


def test_so_does_a_refusal_after_the_inspection(korea: Story, agent: User) -> None:
    claim = korea.file("defect", "photo", "photo", opened=True)
    nora = Actor.staff(agent)
    decide_claim.approve(claim, "replacement", actor=nora, now=NOON)
    fulfil_claim.receive_return(claim, actor=nora, now=NOON)

    with pytest.raises(InvalidInput):
        fulfil_claim.inspect(claim, False, rule="kpopusa.change-of-mind", actor=nora, now=NOON)

    claim.refresh_from_db()
    assert (claim.state, claim.inspected_at) == ("inspecting", None)


def test_elsewhere_a_refusal_needs_none(story: Story, agent: User) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)

    decide_claim.refuse(claim, "kpopusa.contact-window", actor=Actor.staff(agent), now=NOON)

    claim.refresh_from_db()
    assert claim.state == "refused"
