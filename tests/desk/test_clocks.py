"""Targets: two clocks that run in opening hours, stand still while others are waited for, and
are told to somebody when they are missed.

KPOP USA opens Monday to Saturday from 12:00 to 19:30 in Las Vegas; the stories begin on a
Thursday at noon. Of a normal ticket the first answer is due after 450 minutes, a day in the shop,
and the end after five of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from supportdesk import clock
from tests.cast import NOON, Story, a_file, add_evidence, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import ask, kinds, on_its_way, states, step
from tickets import access, outbox
from tickets.actions import targets
from tickets.actions.replies import send_due
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Membership,
    Outbox,
    Role,
    Store,
    Target,
    Ticket,
    User,
)

LA = ZoneInfo("America/Los_Angeles")
HOUR = timedelta(hours=1)
As = Callable[[User], Client]


def la(text: str) -> datetime:
    """``03-05 19:30`` on the store's clock, in 2026."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=LA)


@pytest.fixture(autouse=True)
def fresh_figures(settings: Any) -> None:
    targets.forget()
    settings.SEND_DELAY_SECONDS = 0  # nobody takes a reply back in these stories


@pytest.fixture
def asked(kpopusa: Store, mina: Customer) -> Ticket:
    """Mina asks something on Thursday at noon."""
    return question(kpopusa, mina)


def question(store: Store, customer: Customer, at: datetime = NOON) -> Ticket:
    return open_ticket(
        store,
        customer,
        order=None,
        request="other",
        subject="When do you open?",
        body="When do you open on Sundays?",
        actor=Actor.of_customer(customer),
        now=at,
    )


def reply(client: Client, ticket: Ticket, kind: str = "agent") -> None:
    ticket.refresh_from_db()
    answer = client.post(
        f"/desk/tickets/{ticket.reference}/messages/",
        {
            "seen": ticket.last_seq,
            "kind": kind,
            "body": "Never on Sundays.",
            "form_key": str(uuid.uuid4()),
        },
    )
    assert answer.status_code == 302, answer.status_code
    send_due(clock.now())
    ticket.refresh_from_db()


def write(ticket: Ticket, body: str = "And on Mondays?") -> None:
    """The customer answers on their page."""
    answer = Client().post(
        access.link_for(ticket) + "say/", {"body": body, "form_key": str(uuid.uuid4())}
    )
    assert answer.status_code == 302
    ticket.refresh_from_db()


def mark(client: Client, ticket: Ticket, name: str, **typed: Any) -> None:
    ticket.refresh_from_db()
    told = {"seen": ticket.last_seq, **typed}
    answer = client.post(f"/desk/tickets/{ticket.reference}/{name}/", told)
    assert answer.status_code == 302, answer.status_code
    ticket.refresh_from_db()


def cycles(ticket: Ticket, kind: str) -> list[tuple[str, datetime]]:
    rows = Deadline.objects.filter(ticket=ticket, kind=kind).order_by("cycle")
    return [(row.state, row.due_at) for row in rows]


def told_to() -> list[str]:
    """Whom staff mails about missed targets go to."""
    rows = Outbox.objects.filter(event__kind="target_missed").order_by("pk")
    return [row.to_user.email if row.to_user else "the store" for row in rows]


# --- they run -----------------------------------------------------------------------------


def test_a_question_starts_both_clocks(asked: Ticket) -> None:
    assert asked.first_due_at == la("03-05 19:30")
    # Thursday, Friday, Saturday, Monday, Tuesday: over the change of the clocks on Sunday.
    assert asked.resolve_due_at == la("03-10 19:30")
    assert (asked.resolve_left, asked.answered_at) == (None, None)
    assert asked.next_due_at == asked.first_due_at
    assert cycles(asked, "first_target") == [("pending", la("03-05 19:30"))]
    assert cycles(asked, "resolve_target") == [("pending", la("03-10 19:30"))]


def test_what_comes_at_night_begins_with_the_next_opening(kpopusa: Store, mina: Customer) -> None:
    ticket = question(kpopusa, mina, la("03-07 22:00"))  # Saturday night

    assert ticket.first_due_at == la("03-09 19:30")


def test_a_holiday_is_no_opening_time(kpopusa: Store, mina: Customer) -> None:
    ticket = question(kpopusa, mina, la("11-25 15:45"))  # the day before Thanksgiving

    assert ticket.first_due_at == la("11-27 15:45")


def test_a_claim_that_can_be_decided_has_targets_too(ready: Claim) -> None:
    ticket = Ticket.objects.get(pk=ready.ticket_id)

    assert ticket.first_due_at == la("03-05 19:30")
    assert ticket.next_due_at == ticket.first_due_at


def test_a_claim_that_waits_for_its_evidence_has_none_yet(waiting: Claim) -> None:
    ticket = Ticket.objects.get(pk=waiting.ticket_id)

    assert (ticket.first_due_at, ticket.resolve_due_at, ticket.resolve_left) == (None, None, None)
    assert not Deadline.objects.filter(ticket=ticket).exists()
    sweep(NOON + timedelta(days=3))
    assert not Event.objects.filter(kind="target_missed").exists()


def test_a_store_without_targets_has_no_clocks(kpopusa: Store, mina: Customer) -> None:
    Target.objects.all().delete()
    ticket = question(kpopusa, mina)

    assert (ticket.first_due_at, ticket.resolve_due_at, ticket.next_due_at) == (None, None, None)
    assert not Deadline.objects.filter(ticket=ticket).exists()


def test_one_figure_alone_is_one_clock(kpopusa: Store, mina: Customer) -> None:
    Target.objects.update(first_minutes=None)
    ticket = question(kpopusa, mina)

    assert ticket.first_due_at is None
    assert ticket.next_due_at == ticket.resolve_due_at == la("03-10 19:30")


# --- they are answered, and stand still ------------------------------------------------------


def test_a_reply_ends_the_first_clock_and_the_other_stands(
    asked: Ticket, nora: Client, still: Clock
) -> None:
    still.at = la("03-05 14:00")
    reply(nora, asked)

    assert (asked.state, asked.answered_at) == ("waiting", still.at)
    assert cycles(asked, "first_target") == [("met", la("03-05 19:30"))]
    assert states("resolve_target", ticket=asked) == ["cancelled"]
    assert asked.resolve_due_at is None
    assert asked.resolve_left == (2250 - 120) * 60
    assert asked.next_due_at is None


def test_the_clock_goes_on_with_what_is_left(asked: Ticket, nora: Client, still: Clock) -> None:
    still.at = la("03-05 14:00")
    reply(nora, asked)
    still.at = la("03-16 12:00")  # eleven days later
    write(asked)

    assert asked.state == "open"
    # Two hours were used: 35 h 30 min are left, four days and five and a half hours.
    assert asked.resolve_due_at == la("03-20 17:30")
    assert asked.resolve_left is None
    assert states("resolve_target", ticket=asked) == ["cancelled", "pending"]
    assert cycles(asked, "resolve_target")[0][1] == la("03-10 19:30")  # what was is not changed
    assert states("first_target", ticket=asked) == ["met"]
    assert asked.next_due_at == asked.resolve_due_at
    sweep(la("03-20 17:29"))
    assert "target_missed" not in kinds(asked)


def test_a_note_answers_nobody(asked: Ticket, nora: Client) -> None:
    reply(nora, asked, "note")

    assert asked.answered_at is None
    assert states("first_target", ticket=asked) == ["pending"]
    assert asked.first_due_at == la("03-05 19:30")


def test_more_words_of_the_customer_change_nothing(asked: Ticket, still: Clock) -> None:
    still.at = NOON + HOUR
    write(asked)

    assert cycles(asked, "first_target") == [("pending", la("03-05 19:30"))]
    assert cycles(asked, "resolve_target") == [("pending", la("03-10 19:30"))]


def test_it_stands_while_the_carrier_is_waited_for(
    nora: Client, mina: Customer, still: Clock
) -> None:
    order = make_order(mina, "#7001", placed=timedelta(days=41), delivered=None)
    on_its_way(order, shipped=timedelta(days=40), scanned=timedelta(days=30))
    lost = ask(order, "lost_parcel", note="It never came.")
    figure = Target.objects.get(store=lost.store, priority=lost.priority).resolve_minutes
    still.at = NOON + HOUR
    assert step(nora, lost, "carrier", number="MR-77").status_code == 302
    lost.refresh_from_db()

    assert (lost.state, lost.waiting_for) == ("waiting", "carrier")
    assert figure is not None
    assert lost.resolve_left == figure * 60 - 3600
    assert lost.resolve_due_at is None
    assert states("resolve_target", ticket=lost) == ["cancelled"]
    assert lost.answered_at == still.at  # the customer was written to
    assert lost.next_due_at == lost.deadlines.get(kind="carrier_due").due_at


def test_put_off_the_end_waits_and_the_first_answer_does_not(
    asked: Ticket, nora: Client, still: Clock
) -> None:
    still.at = NOON + HOUR
    mark(nora, asked, "snooze", until="week")

    assert asked.snoozed_until is not None
    assert (asked.resolve_due_at, asked.resolve_left) == (None, 2190 * 60)
    assert states("first_target", ticket=asked) == ["pending"]
    assert asked.first_due_at == la("03-05 19:30")
    still.at = asked.snoozed_until
    sweep(still.at)
    asked.refresh_from_db()
    assert asked.resolve_due_at is not None
    assert states("resolve_target", ticket=asked) == ["cancelled", "pending"]


def test_solved_settles_and_reopened_goes_on(asked: Ticket, nora: Client, still: Clock) -> None:
    still.at = la("03-06 12:00")
    assert step(nora, asked, "solution").status_code == 302
    asked.refresh_from_db()

    assert asked.state == "solved"
    assert states("resolve_target", ticket=asked) == ["met"]
    assert states("first_target", ticket=asked) == ["met_late"]  # due on Thursday, never swept
    assert (asked.resolve_left, asked.first_due_at) == (1800 * 60, None)
    assert asked.next_due_at is None
    still.at = la("03-12 12:00")
    write(asked)
    assert states("resolve_target", ticket=asked) == ["met", "pending"]
    assert asked.resolve_due_at == la("03-16 19:30")  # four days in the shop
    assert states("first_target", ticket=asked) == ["met_late", "pending"]  # still unanswered


# --- another priority, other figures ------------------------------------------------------------


def test_another_priority_counts_what_was_used(asked: Ticket, nora: Client, still: Clock) -> None:
    still.at = NOON + HOUR
    mark(nora, asked, "priority", priority="1")  # 120 and 900 minutes

    assert asked.first_due_at == la("03-05 14:00")
    assert asked.resolve_due_at == la("03-06 19:30")
    assert states("first_target", ticket=asked) == ["cancelled", "pending"]
    mark(nora, asked, "priority", priority="3")
    assert asked.first_due_at == la("03-06 19:30")
    assert asked.resolve_due_at == la("03-16 19:30")
    assert Event.objects.filter(kind="target_missed").count() == 0


def test_another_priority_while_it_stands_counts_when_it_goes_on(
    asked: Ticket, nora: Client, still: Clock
) -> None:
    still.at = NOON + HOUR
    reply(nora, asked)
    mark(nora, asked, "priority", priority="0")  # 450 minutes
    assert (asked.resolve_left, asked.resolve_due_at) == (2190 * 60, None)
    write(asked)

    assert asked.resolve_due_at == la("03-05 19:30")  # the hour was used


def test_a_changed_target_counts_from_the_next_turn(
    asked: Ticket, nora: Client, still: Clock, as_: As, person: Callable[..., User]
) -> None:
    target = Target.objects.get(store=asked.store, priority=2)
    chief = as_(person("chief", is_staff=True, is_superuser=True))
    page = f"/admin/tickets/target/{target.pk}/change/"
    assert chief.post(page, {"first_minutes": "60", "resolve_minutes": "450"}).status_code == 302
    targets.forget()
    asked.refresh_from_db()
    assert asked.first_due_at == la("03-05 19:30")

    still.at = NOON + HOUR / 2
    write(asked)

    assert asked.first_due_at == la("03-05 13:00")
    assert asked.resolve_due_at == la("03-05 19:30")
    assert states("resolve_target", ticket=asked) == ["cancelled", "pending"]


def test_a_target_is_refused_in_words(as_: As, person: Callable[..., User], kpopusa: Store) -> None:
    target = Target.objects.get(store=kpopusa, priority=2)
    chief = as_(person("chief", is_staff=True, is_superuser=True))
    page = f"/admin/tickets/target/{target.pk}/change/"

    late = chief.post(page, {"first_minutes": "600", "resolve_minutes": "450"}).content.decode()
    huge = chief.post(page, {"first_minutes": "0", "resolve_minutes": "99999999"}).content.decode()

    assert "cannot take longer than the solution (450 minutes)" in late
    assert "less than or equal to 30000" in huge
    assert "greater than or equal to 1" in huge
    assert "from now on" in chief.get(page).content.decode()
    again = {"store": kpopusa.pk, "priority": "2", "first_minutes": "5", "resolve_minutes": "6"}
    twice = chief.post("/admin/tickets/target/add/", again).content.decode()
    assert "already exists" in twice
    target.refresh_from_db()
    assert (target.first_minutes, target.resolve_minutes) == (450, 2250)


def test_an_old_ticket_gets_its_targets_from_its_next_turn(asked: Ticket, still: Clock) -> None:
    Deadline.objects.filter(ticket=asked).delete()
    old = NOON - timedelta(days=200)
    Ticket.objects.update(first_due_at=None, resolve_due_at=None, next_due_at=None, opened_at=old)
    sweep(NOON)
    assert not Deadline.objects.filter(ticket=asked).exists()

    write(asked)

    assert asked.first_due_at == la("03-05 19:30")
    assert asked.resolve_due_at == la("03-10 19:30")
    sweep(NOON + HOUR)
    assert not Event.objects.filter(kind="target_missed").exists()


# --- missed -------------------------------------------------------------------------------------


def test_a_missed_answer_is_told_and_made_urgent(
    asked: Ticket, lead: User, agent: User, reader: User, nora: Client, still: Clock
) -> None:
    sweep(la("03-05 19:29"))
    assert not Event.objects.filter(kind="target_missed").exists()
    still.at = la("03-05 19:31")
    swept = sweep(still.at)
    asked.refresh_from_db()

    assert swept.fired == {"first_target": 1}
    missed, raised = Event.objects.filter(ticket=asked, actor_kind="system").order_by("seq")
    assert (missed.kind, missed.data["kind"]) == ("target_missed", "first_target")
    assert datetime.fromisoformat(missed.data["due_at"]) == la("03-05 19:30")
    assert (raised.kind, raised.data) == ("priority_set", {"before": 2, "after": 1})
    assert (asked.priority, asked.escalated_at) == (1, still.at)
    assert told_to() == [lead.email]
    assert states("first_target", ticket=asked) == ["overdue"]
    assert asked.next_due_at == la("03-05 19:30")
    page = nora.get("/desk/?queue=overdue").content.decode()
    assert asked.reference in page or asked.spoken_reference in page
    # Two days are the figure of the new priority, and one of them is used.
    assert asked.resolve_due_at == la("03-06 19:30")


def test_missed_twice_at_once_is_told_once(asked: Ticket, lead: User) -> None:
    sweep(la("03-05 20:00"))
    again = sweep(la("03-05 20:00"))

    assert again.fired == {}
    assert told_to() == [lead.email]
    assert Event.objects.filter(kind="target_missed").count() == 1


def test_the_assignee_hears_of_it_before_the_leads(
    asked: Ticket, lead: User, agent: User, nora: Client
) -> None:
    mark(nora, asked, "assignee", assignee=str(agent.pk))
    sweep(la("03-05 20:00"))

    assert told_to() == [agent.email, lead.email]


def test_who_has_left_hears_nothing_and_without_a_lead_others_do(
    asked: Ticket, lead: User, manager: User
) -> None:
    User.objects.filter(pk=lead.pk).update(is_active=False)
    sweep(la("03-05 20:00"))

    assert told_to() == [manager.email]


def test_without_anybody_the_store_hears_of_it(asked: Ticket, agent: User) -> None:
    sweep(la("03-05 20:00"))

    assert told_to() == ["the store"]


def test_a_lead_of_another_store_hears_nothing(
    asked: Ticket, lead: User, person: Callable[..., User], popmart: Store
) -> None:
    person("paul", popmart, Role.LEAD)
    sweep(la("03-05 20:00"))

    assert told_to() == [lead.email]
    assert Membership.objects.filter(role=Role.LEAD).count() == 2


def test_answered_too_late_is_met_late(asked: Ticket, nora: Client, still: Clock) -> None:
    still.at = la("03-06 12:30")
    sweep(still.at)
    reply(nora, asked)

    assert states("first_target", ticket=asked) == ["met_late"]
    assert asked.answered_at == still.at
    assert asked.next_due_at is None


def test_what_is_urgent_already_stays_so(asked: Ticket, lead: User) -> None:
    Ticket.objects.update(priority=0)
    sweep(la("03-05 20:00"))
    asked.refresh_from_db()

    assert asked.priority == 0
    assert kinds(asked)[-1] == "target_missed"
    assert told_to() == [lead.email]


def test_an_escalation_never_gives_more_time(asked: Ticket, nora: Client, still: Clock) -> None:
    Target.objects.filter(priority=1).update(first_minutes=3000, resolve_minutes=9000)
    targets.forget()
    sweep(la("03-05 20:00"))
    asked.refresh_from_db()
    assert (asked.priority, asked.resolve_due_at) == (1, la("03-10 19:30"))

    still.at = la("03-06 12:00")
    write(asked)

    assert asked.resolve_due_at == la("03-10 19:30")


def test_a_missed_end_is_told_for_itself_and_waiting_is_not_overdue(
    asked: Ticket, lead: User, nora: Client, still: Clock
) -> None:
    Target.objects.update(first_minutes=None, resolve_minutes=60)
    targets.forget()
    write(asked)  # the new figures hold
    still.at = NOON + 2 * HOUR
    sweep(still.at)
    asked.refresh_from_db()
    assert states("resolve_target", ticket=asked)[-1] == "overdue"
    assert asked.next_due_at == NOON + HOUR
    reply(nora, asked)
    assert (asked.resolve_due_at, asked.resolve_left, asked.next_due_at) == (None, 0, None)
    assert states("resolve_target", ticket=asked)[-1] == "overdue"

    still.at = NOON + 3 * HOUR
    write(asked)
    sweep(still.at)
    asked.refresh_from_db()

    assert asked.resolve_due_at == NOON + HOUR  # overdue as before, and told once
    assert told_to() == [lead.email]
    assert step(nora, asked, "solution").status_code == 302
    assert states("resolve_target", ticket=asked)[-1] == "met_late"


def test_taken_up_again_with_no_time_left_is_missed_again_and_told_once(
    asked: Ticket, lead: User, nora: Client, still: Clock
) -> None:
    Target.objects.update(first_minutes=None, resolve_minutes=60)
    targets.forget()
    write(asked)
    still.at = NOON + 2 * HOUR
    sweep(still.at)
    reply(nora, asked)
    assert step(nora, asked, "solution").status_code == 302
    still.at = NOON + 3 * HOUR
    write(asked)
    sweep(still.at)
    asked.refresh_from_db()

    assert asked.next_due_at == still.at
    assert Event.objects.filter(kind="target_missed").count() == 2
    assert told_to() == [lead.email]
    assert asked.priority == 1  # one step for this target


def test_due_before_the_sweep_came_is_missed_though_it_waits_now(
    asked: Ticket, lead: User, nora: Client, still: Clock
) -> None:
    Target.objects.update(first_minutes=None, resolve_minutes=60)
    targets.forget()
    write(asked)
    still.at = NOON + 2 * HOUR  # nothing has swept since
    reply(nora, asked)
    assert states("resolve_target", ticket=asked)[-1] == "pending"
    sweep(still.at)
    asked.refresh_from_db()

    assert states("resolve_target", ticket=asked)[-1] == "overdue"
    assert told_to() == [lead.email]
    assert asked.next_due_at is None


def test_a_deadline_of_a_solved_ticket_does_nothing(asked: Ticket, lead: User) -> None:
    Ticket.objects.update(state="solved")  # by hand, past every action
    sweep(la("03-30 12:00"))

    assert states("first_target", ticket=asked) == ["cancelled"]
    assert states("resolve_target", ticket=asked) == ["met_late"]
    assert told_to() == []


# --- shown ---------------------------------------------------------------------------------------


def test_the_page_counts_down_in_opening_hours(asked: Ticket, nora: Client, still: Clock) -> None:
    still.at = la("03-05 14:10")
    page = nora.get(f"/desk/tickets/{asked.reference}/").content.decode()

    assert "5 h 20 min left, in opening hours" in page
    assert "By Thu 5 Mar, 19:30" in page
    assert "35 h 20 min left, in opening hours" in page
    assert "By Tue 10 Mar, 19:30" in page
    assert "Target:" not in page  # not a second time among the deadlines

    reply(nora, asked)
    page = nora.get(f"/desk/tickets/{asked.reference}/").content.decode()
    assert "Given Thu 5 Mar, 14:10" in page
    assert "in time" in page
    assert "35 h 20 min left" in page
    assert "It stands still while we wait for the customer." in page


def test_the_page_says_what_is_over(asked: Ticket, nora: Client, still: Clock) -> None:
    still.at = la("03-06 13:00")
    sweep(still.at)
    page = nora.get(f"/desk/tickets/{asked.reference}/").content.decode()

    assert "1 h over, in opening hours" in page
    assert "It was due Thu 5 Mar, 19:30" in page


def test_the_customer_sees_nothing_of_it(asked: Ticket, lead: User, still: Clock) -> None:
    before = Client().get(access.link_for(asked)).content.decode()
    still.at = la("03-05 20:00")
    sweep(still.at)
    outbox.drain(still.at)
    asked.refresh_from_db()
    after = Client().get(access.link_for(asked)).content.decode()

    for page in (before, after):
        for word in ("19:30:00", "Target", "target", "priority", "Overdue", "overdue"):
            assert word not in page
    to_customer = Outbox.objects.filter(event__ticket=asked, to_customer__isnull=False)
    assert set(to_customer.values_list("template", flat=True)) == {"ticket_opened"}


def test_the_mail_to_the_lead_says_which_target(asked: Ticket, lead: User) -> None:
    at = la("03-05 20:00")
    sweep(at)
    outbox.drain(at)

    found = [one for one in mail.outbox if lead.email in one.to]
    assert len(found) == 1
    assert asked.spoken_reference in found[0].subject
    assert "a person should have answered first" in found[0].body
    assert "Thu" in found[0].body or "Thursday" in found[0].body


def test_the_story_of_a_claim(story: Story, nora: Client, still: Clock) -> None:
    """From the evidence to the manufacturer and back, over the night on which the clocks change."""
    claim = story.file("missing_photocard", opened=True)
    ticket = claim.ticket
    assert cycles(ticket, "resolve_target") == []
    still.at = la("03-07 12:00")  # Saturday
    mina = Actor.of_customer(ticket.customer)
    add_evidence(a_file("unboxing_video", still.at), claim=claim, actor=mina, now=still.at)
    ticket.refresh_from_db()
    assert ticket.state in ("new", "open")
    assert ticket.first_due_at == la("03-07 19:30")
    assert ticket.resolve_due_at == la("03-12 19:30")  # Sunday is closed
    assert Event.objects.filter(kind="target_missed").count() == 0
