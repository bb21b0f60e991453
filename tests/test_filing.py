"""A customer files a claim: one ticket, one claim, one event, its deadlines and its mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from tests.cast import NOON, Story, a_file, add_evidence
from tests.promises import promised
from tickets.actions.file_claim import file_claim
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import CannotFile, Conflict, InvalidInput, NotAllowed
from tickets.models import Claim, ClaimItem, Customer, Deadline, Event, Order, Outbox, Ticket


def test_with_a_video_the_claim_is_ready_to_decide(story: Story) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)

    assert claim.state == "under_review"
    assert (claim.verdict, claim.rule) == ("accepted", "kpopusa.missing-contents")
    event = Event.objects.get(ticket=claim.ticket)
    assert (event.kind, event.seq, event.actor_kind) == ("claim_filed", 1, "customer")
    assert event.rule == claim.rule
    assert event.policy_version_id == claim.policy_version_id
    assert event.data["facts"]["evidence"] == ["unboxing_video"]
    assert [row.template for row in Outbox.objects.all()] == ["claim_filed"]
    assert not promised().exists()


def test_without_it_the_customer_has_seven_days_and_two_reminders(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)

    assert (claim.state, claim.missing) == ("awaiting_evidence", [{"unboxing_video": 1}])
    claim.ticket.refresh_from_db()
    assert (claim.ticket.state, claim.ticket.waiting_for) == ("waiting", "customer")
    due = Deadline.objects.get(claim=claim, kind="evidence_due")
    # Thursday 5 March + 7 local days, to the end of the day; the clocks change on the 8th.
    assert due.due_at == datetime(2026, 3, 13, 7, 0, tzinfo=UTC)
    assert due.wake_at == due.due_at + timedelta(hours=2)
    assert claim.ticket.next_due_at == due.due_at  # a reminder on the way is no due date
    assert Deadline.objects.filter(claim=claim, kind="evidence_reminder").count() == 2


def test_the_missing_video_completes_the_claim(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    later = NOON + timedelta(days=2)
    customer = Actor.of_customer(claim.ticket.customer)

    add_evidence(a_file(at=later), claim=claim, actor=customer, now=later)

    claim.refresh_from_db()
    claim.ticket.refresh_from_db()
    assert (claim.state, claim.verdict, claim.missing) == ("under_review", "accepted", [])
    assert claim.ticket.state == "open"
    assert set(promised().values_list("state", flat=True)) == {"met"}
    # Nothing is promised any more; what is due next is the store's own target.
    assert claim.ticket.next_due_at == claim.ticket.first_due_at is not None
    kinds = list(Event.objects.values_list("kind", flat=True))
    assert kinds == ["claim_filed", "file_received", "evidence_added", "evidence_complete"]


def test_the_same_file_twice_is_one_piece_of_evidence(story: Story) -> None:
    claim = story.file("defect", opened=True)
    customer = Actor.of_customer(claim.ticket.customer)
    for _ in range(2):
        add_evidence(a_file("photo"), claim=claim, actor=customer, now=NOON)

    claim.refresh_from_db()
    assert [row.state for row in claim.evidence.all()] == ["ready", "repeated"]
    assert Event.objects.filter(kind="evidence_added").count() == 1
    assert claim.state == "awaiting_evidence"
    assert claim.missing == [{"photo": 1}, {"unboxing_video": 1}]


def test_sent_twice_it_is_one_claim(story: Story) -> None:
    draft = story.draft("missing_photocard", opened=True)
    mina = Actor.of_customer(story.order.customer)

    first = file_claim(draft, actor=mina, now=NOON)
    again = file_claim(draft, actor=mina, now=NOON)

    assert first.pk == again.pk
    assert Ticket.objects.count() == Event.objects.count() == Outbox.objects.count() == 1


def test_too_late_is_refused_with_its_rule_and_files_nothing(late_order: Order) -> None:
    with pytest.raises(CannotFile) as refused:
        Story(late_order).file("missing_photocard", "unboxing_video", opened=True)

    assert refused.value.decision.rule == "kpopusa.contact-window"
    assert not Ticket.objects.exists()
    assert not Event.objects.exists()


def test_opened_without_a_video_goes_to_a_person(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True, video_exists=False)

    assert (claim.state, claim.verdict) == ("under_review", "discretionary")
    assert claim.rule == "kpopusa.missing-contents.no-evidence"


def test_a_second_open_claim_on_the_same_item_is_refused(story: Story) -> None:
    story.file("missing_photocard", opened=True)
    with pytest.raises(Conflict):
        story.file("missing_photocard", opened=True)

    assert Claim.objects.count() == 1
    assert story.file("defect", opened=True).type == "defect"  # another kind may


def test_the_database_itself_refuses_the_second_open_claim(story: Story) -> None:
    first = story.file("missing_photocard", opened=True)
    item = first.items.get()
    other = story.file("defect", opened=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=other.pk).update(type="missing_photocard")
    with pytest.raises(IntegrityError), transaction.atomic():
        ClaimItem.objects.create(
            claim=other, line=item.line, claim_type="missing_photocard", claim_open=True
        )


def test_when_a_claim_ends_its_items_are_free_again(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    sweep(NOON + timedelta(days=9))

    claim.refresh_from_db()
    assert claim.state == "expired"
    assert claim.items.get().claim_open is False


def test_nobody_else_can_file_it(story: Story, jo: Customer) -> None:
    with pytest.raises(NotAllowed):
        file_claim(story.draft(opened=True), actor=Actor.of_customer(jo), now=NOON)
    assert not Ticket.objects.exists()


def test_more_than_was_bought_is_told(story: Story) -> None:
    draft = story.draft(opened=True)
    draft.answers["items"][0]["quantity"] = 3
    draft.save()
    with pytest.raises(InvalidInput, match="There are 2"):
        file_claim(draft, actor=Actor.of_customer(story.order.customer), now=NOON)


@pytest.mark.parametrize("table", ["tickets_event", "policies_policyversion"])
def test_what_happened_cannot_be_changed(story: Story, table: str) -> None:
    story.file("missing_photocard", opened=True)
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
