"""Put off, tagged, urgent, watched, linked: what staff put on a ticket, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from tests.cast import NOON, Story
from tests.test_races import at_once
from tickets.actions import talk, ticket_marks
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.effects.letters import render
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Outbox,
    QueueTally,
    Store,
    Tag,
    Ticket,
    TicketLink,
    TicketTag,
    User,
    Watcher,
)
from tickets.models.ticket import AWAKE

DAY = timedelta(days=1)


@pytest.fixture
def ticket(story: Story) -> Ticket:
    """A claim that is ready to be decided."""
    return story.file("missing_photocard", "unboxing_video", opened=True).ticket


@pytest.fixture
def question(kpopusa: Store, jo: Customer) -> Ticket:
    return talk.open_ticket(
        kpopusa,
        jo,
        order=None,
        request="other",
        subject="A question",
        body="Do you sell posters?",
        actor=Actor.of_customer(jo),
        now=NOON,
    )


def events(ticket: Ticket, *kinds: str) -> list[dict[str, object]]:
    return list(Event.objects.filter(ticket=ticket, kind__in=kinds).values_list("data", flat=True))


def awake(ticket: Ticket) -> bool:
    return Ticket.objects.filter(AWAKE, pk=ticket.pk).exists()


# --- put off ---------------------------------------------------------------------------


def test_what_is_put_off_leaves_the_queues_and_comes_back_by_itself(
    question: Ticket, agent: User
) -> None:
    nora = Actor.staff(agent)
    ticket_marks.snooze(question, NOON + DAY, actor=nora, now=NOON)
    assert not awake(question)
    assert events(question, "snoozed") == [
        {"until": (NOON + DAY).isoformat(), "zone": "America/Los_Angeles"}
    ]

    sweep(NOON + DAY - timedelta(seconds=1))
    assert not awake(question)
    sweep(NOON + DAY)
    sweep(NOON + DAY)

    assert awake(question)
    assert events(question, "woken") == [{"by": "time"}]
    row = Deadline.objects.get(kind="snooze_over")
    assert (row.state, row.ticket_id) == ("fired", question.pk)


def test_the_customer_wakes_it_with_a_word(question: Ticket, agent: User, jo: Customer) -> None:
    ticket_marks.snooze(question, NOON + DAY, actor=Actor.staff(agent), now=NOON)

    talk.say(question, "Hello?", kind="customer", actor=Actor.of_customer(jo), now=NOON)

    assert awake(question)
    assert events(question, "woken") == [{"by": "customer"}]
    sweep(NOON + 2 * DAY)
    assert events(question, "woken") == [{"by": "customer"}]
    assert Deadline.objects.get(kind="snooze_over").state == "cancelled"


def test_a_note_of_a_colleague_lets_it_sleep(question: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    ticket_marks.snooze(question, NOON + DAY, actor=nora, now=NOON)
    talk.say(question, "Asked the warehouse.", kind="note", actor=nora, now=NOON)
    assert not awake(question)


def test_solved_it_is_no_longer_put_off(question: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    ticket_marks.snooze(question, NOON + DAY, actor=nora, now=NOON)
    talk.set_solved(question, actor=nora, now=NOON)

    question.refresh_from_db()
    assert (question.state, question.snoozed_until) == ("solved", None)
    assert Deadline.objects.get(kind="snooze_over").state == "cancelled"
    with pytest.raises(Conflict):
        ticket_marks.snooze(question, NOON + DAY, actor=nora, now=NOON)


def test_the_later_word_counts(question: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    ticket_marks.snooze(question, NOON + DAY, actor=nora, now=NOON)
    ticket_marks.snooze(question, NOON + 3 * DAY, actor=nora, now=NOON)
    sweep(NOON + 2 * DAY)
    assert not awake(question)
    assert list(
        Deadline.objects.filter(kind="snooze_over").order_by("cycle").values_list("cycle", "state")
    ) == [(1, "cancelled"), (2, "pending")]
    ticket_marks.unsnooze(question, actor=nora, now=NOON + 2 * DAY)
    assert awake(question)


@pytest.mark.parametrize("until", [NOON, NOON - DAY, NOON + 400 * DAY])
def test_only_a_time_ahead_will_do(question: Ticket, agent: User, until: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        ticket_marks.snooze(question, until, actor=Actor.staff(agent), now=NOON)  # type: ignore[arg-type]  # an instant
    assert refused.value.field == "until"
    assert awake(question) and not Deadline.objects.filter(kind="snooze_over").exists()


# --- tags ------------------------------------------------------------------------------


def test_tags_are_made_once_and_compared_without_case(
    question: Ticket, ticket: Ticket, agent: User
) -> None:
    nora = Actor.staff(agent)
    ticket_marks.set_tags(question, ["VIP  buyer", " 포토카드 ", ""], actor=nora, now=NOON)
    ticket_marks.set_tags(ticket, ["vip buyer"], actor=nora, now=NOON)
    ticket_marks.set_tags(question, ["Vip Buyer"], actor=nora, now=NOON)

    assert [tag.name for tag in Tag.objects.all()] == ["VIP buyer", "포토카드"]
    assert TicketTag.objects.filter(ticket=question).count() == 1
    assert events(question, "tagged") == [
        {"added": ["VIP buyer", "포토카드"], "removed": []},
        {"added": [], "removed": ["포토카드"]},
    ]


@pytest.mark.parametrize("names", [["x" * 41], [f"tag {n}" for n in range(21)]])
def test_too_long_and_too_many_are_told(question: Ticket, agent: User, names: list[str]) -> None:
    with pytest.raises(InvalidInput):
        ticket_marks.set_tags(question, names, actor=Actor.staff(agent), now=NOON)
    assert not Tag.objects.exists() and not events(question, "tagged")


# --- priority, watchers ----------------------------------------------------------------


def test_a_priority_is_set_once(question: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    ticket_marks.set_priority(question, 0, actor=nora, now=NOON)
    ticket_marks.set_priority(question, 0, actor=nora, now=NOON)
    question.refresh_from_db()
    assert question.priority == 0
    assert events(question, "priority_set") == [{"before": 2, "after": 0}]
    with pytest.raises(InvalidInput):
        ticket_marks.set_priority(question, 4, actor=nora, now=NOON)


def test_who_may_see_may_watch_and_nobody_else(
    question: Ticket, reader: User, stranger: User
) -> None:
    rita = Actor.staff(reader)
    ticket_marks.watch(question, reader, True, actor=rita, now=NOON)
    ticket_marks.watch(question, reader, True, actor=rita, now=NOON)
    assert Watcher.objects.count() == 1
    with pytest.raises(InvalidInput):
        ticket_marks.watch(question, stranger, True, actor=rita, now=NOON)
    with pytest.raises(NotAllowed):
        ticket_marks.watch(question, stranger, True, actor=Actor.staff(stranger), now=NOON)
    ticket_marks.watch(question, reader, False, actor=rita, now=NOON)
    assert not Watcher.objects.exists()


@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_who_may_only_look_marks_nothing(
    question: Ticket, ticket: Ticket, who: str, request: pytest.FixtureRequest
) -> None:
    actor = Actor.staff(request.getfixturevalue(who))
    acts: list[Callable[[], object]] = [
        lambda: ticket_marks.snooze(question, NOON + DAY, actor=actor, now=NOON),
        lambda: ticket_marks.unsnooze(question, actor=actor, now=NOON),
        lambda: ticket_marks.set_tags(question, ["a"], actor=actor, now=NOON),
        lambda: ticket_marks.set_priority(question, 0, actor=actor, now=NOON),
        lambda: ticket_marks.link(question, ticket, "related", actor=actor, now=NOON),
        lambda: ticket_marks.unlink(question, ticket, actor=actor, now=NOON),
    ]
    before = Event.objects.count()
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert Event.objects.count() == before
    assert not Tag.objects.exists() and not TicketLink.objects.exists()


# --- links -----------------------------------------------------------------------------


def test_a_link_stands_on_both_and_goes_from_both(
    ticket: Ticket, question: Ticket, agent: User
) -> None:
    nora = Actor.staff(agent)
    ticket_marks.link(question, ticket, "related", actor=nora, now=NOON)
    ticket_marks.link(ticket, question, "related", actor=nora, now=NOON)
    assert TicketLink.objects.count() == 1
    for one, other in ((ticket, question), (question, ticket)):
        assert events(one, "linked") == [{"other": other.reference, "link": "related"}]

    ticket_marks.link(question, ticket, "duplicate", actor=nora, now=NOON)
    assert [(one.ticket_id, one.kind) for one in TicketLink.objects.all()] == [
        (question.pk, "duplicate")
    ]
    ticket_marks.unlink(ticket, question, actor=nora, now=NOON)
    ticket_marks.unlink(ticket, question, actor=nora, now=NOON)
    assert not TicketLink.objects.exists()
    assert len(events(ticket, "unlinked")) == len(events(question, "unlinked")) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_link_crosswise_do_not_wait_for_each_other(
    ticket: Ticket, question: Ticket, agent: User, second_agent: User
) -> None:
    nora, omar = Actor.staff(agent), Actor.staff(second_agent)
    for _time in range(5):
        found = at_once(
            lambda: ticket_marks.link(ticket, question, "related", actor=nora, now=NOON),
            lambda: ticket_marks.link(question, ticket, "related", actor=omar, now=NOON),
        )
        assert found == [None, None]
        assert TicketLink.objects.count() == 1
        ticket_marks.unlink(ticket, question, actor=nora, now=NOON)


# --- through the desk ------------------------------------------------------------------


def test_a_ticket_links_to_a_reference_as_it_is_spoken(
    client: Client, ticket: Ticket, question: Ticket, agent: User
) -> None:
    client.force_login(agent)
    typed = {"kind": "duplicate", "other": ticket.spoken_reference.lower(), "seen": 1}
    client.post(f"/desk/tickets/{question.reference}/links/", typed)
    assert TicketLink.objects.get().other == ticket

    page = client.get(f"/desk/tickets/{ticket.reference}/").content.decode()
    assert question.spoken_reference in page and "has as a duplicate" in page


def test_an_unknown_reference_is_told_and_kept(
    client: Client, question: Ticket, agent: User
) -> None:
    client.force_login(agent)
    typed = {"kind": "related", "other": "ABCD-EFGH", "seen": 1}
    answer = client.post(f"/desk/tickets/{question.reference}/links/", typed)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "No ticket of yours has this reference." in text and "ABCD-EFGH" in text


def test_a_day_is_chosen_on_the_stores_clock(client: Client, question: Ticket, agent: User) -> None:
    client.force_login(agent)
    typed = {"until": "at", "at": "2027-03-10T09:30", "seen": 1}
    answer = client.post(f"/desk/tickets/{question.reference}/snooze/", typed)
    assert answer.status_code == 302
    question.refresh_from_db()
    assert question.snoozed_until is not None
    assert question.snoozed_until.isoformat() == "2027-03-10T17:30:00+00:00"
    page = client.get(f"/desk/tickets/{question.reference}/?card=marks").content.decode()
    assert "Back into the queue now" in page
    client.post(f"/desk/tickets/{question.reference}/wake/", {"seen": 1})
    assert awake(question)


def test_the_card_comes_by_itself_for_a_script(
    client: Client, question: Ticket, agent: User, stranger: User
) -> None:
    client.force_login(agent)
    address = f"/desk/tickets/{question.reference}/marks/"
    assert client.get(address).status_code == 302
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and 'name="tags"' in part
    client.force_login(stranger)
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 404


def test_a_script_in_a_tag_is_a_word(client: Client, question: Ticket, agent: User) -> None:
    client.force_login(agent)
    typed = {"tags": "<script>alert(1)</script>", "seen": 1}
    client.post(f"/desk/tickets/{question.reference}/tags/", typed)
    page = client.get(f"/desk/tickets/{question.reference}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert" not in page


# --- where it stands: kept by the database ---------------------------------------------


def tally() -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in QueueTally.objects.all():
        key = (row.stage, row.state)
        found[key] = found.get(key, 0) + row.n
    return {key: n for key, n in found.items() if n}


def test_the_stage_follows_the_claim_whoever_moves_it(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    assert Ticket.objects.get().stage == "evidence"
    assert tally() == {("evidence", "waiting"): 1}

    Claim.objects.filter(pk=claim.pk).update(state="under_review", missing=[])
    assert Ticket.objects.get().stage == "ready"
    assert tally() == {("ready", "waiting"): 1}

    Ticket.objects.update(stage="parcel")  # nobody sets it by hand
    assert Ticket.objects.get().stage == "ready"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tickets_ticket SET state = 'solved', waiting_for = ''")
    assert tally() == {}


def test_the_history_says_it_in_words(
    client: Client, ticket: Ticket, question: Ticket, agent: User
) -> None:
    nora = Actor.staff(agent)
    ticket_marks.set_tags(question, ["VIP"], actor=nora, now=NOON)
    ticket_marks.set_tags(question, [], actor=nora, now=NOON)
    ticket_marks.set_priority(question, 0, actor=nora, now=NOON)
    ticket_marks.snooze(question, NOON + DAY, actor=nora, now=NOON)
    ticket_marks.link(question, ticket, "follow_up", actor=nora, now=NOON)
    client.force_login(agent)

    page = client.get(f"/desk/tickets/{question.reference}/").content.decode()
    for said in ("+ VIP", "− vip", "Normal → Urgent", "Until Fri 6 Mar, 12:00", "follows up on"):
        assert said in page, said


def test_who_watches_hears_of_the_customers_words_and_of_no_others(
    question: Ticket, agent: User, reader: User, second_agent: User, jo: Customer
) -> None:
    nora = Actor.staff(agent)
    for person in (reader, second_agent):
        ticket_marks.watch(question, person, True, actor=Actor.staff(person), now=NOON)
    second_agent.is_active = False
    second_agent.save()
    Outbox.objects.all().delete()

    talk.say(question, "A note.", kind="note", actor=nora, now=NOON)
    assert not Outbox.objects.exists()
    talk.say(question, "Are they red?", kind="customer", actor=Actor.of_customer(jo), now=NOON)

    row = Outbox.objects.get()
    assert (row.template, row.to_user, row.to_customer) == ("watched", reader, None)
    letter = render(row, NOON)
    assert question.spoken_reference in letter.subject
    assert "red" not in letter.text and "red?" not in letter.html
