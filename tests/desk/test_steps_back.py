"""A step of a request, taken back by the bar: every row as it was, and no mail has left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as post
from django.db import IntegrityError
from django.test import Client

from tests.automations.house import let, rule
from tests.cast import NOON, Story, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import ask, mails, on_its_way, step
from tests.desk.steps import kinds, take
from tests.desk.test_undo import press
from tickets import outbox
from tickets.actions import decide_claim, run_automations, stepping, undoing
from tickets.actor import Actor
from tickets.models import (
    AutomationCause,
    Claim,
    Customer,
    Deadline,
    Event,
    Firing,
    Message,
    Outbox,
    Refund,
    ReplyDraft,
    StepBack,
    Ticket,
    User,
)
from tickets.portal.progress import timeline
from tickets.ticket_values import About
from tickets.tidying import tidy

As = Callable[[User], Client]
ITSELF = ("last_seq", "updated_at")


def rows(claim: Claim) -> list[Mapping[str, Any]]:
    """Every row of a case, without what counts its events."""
    ticket = Ticket.objects.filter(pk=claim.ticket_id).values().get()
    found: list[Mapping[str, Any]] = [
        {name: value for name, value in ticket.items() if name not in ITSELF},
        Claim.objects.filter(pk=claim.pk).values().get(),
    ]
    found += Deadline.objects.order_by("pk").values()
    found += Refund.objects.order_by("pk").values()
    return found


def stepped(client: Client, claim: Claim, step: str, **typed: Any) -> Any:
    """Take a step, and look at the page that follows."""
    answer = take(client, claim, step, **typed)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return client.get(answer["Location"])


def reached(claim: Claim) -> list[str]:
    """The mails to the claim's customer that are not called off, in order."""
    mine = Outbox.objects.filter(event__claim=claim, to_customer=claim.ticket.customer)
    return list(mine.exclude(state="dropped").order_by("pk").values_list("template", flat=True))


# What leads to the moment of a step, and the step.
Typed = dict[str, Any]
REFUSE: Typed = {"decide": "refuse", "rule": "kpopusa.contact-window"}
REPLACE: Typed = {"decide": "approve", "outcome": "replacement"}
BACK: list[tuple[str, Typed]] = [
    ("decision", {"decide": "approve", "outcome": "refund", "amount": "20.50"}),
    ("return", {}),
]
WAYS: dict[str, tuple[str, list[tuple[str, Typed]], str, Typed]] = {
    "refused": ("ready", [], "decision", REFUSE),
    "approved": ("ready", [], "decision", REPLACE),
    "asked": ("ready", [], "evidence-request", {"need_photo": 2, "days": 5}),
    "sent": ("ready", [], "manufacturer", {}),
    "agreed": (
        "ready",
        [("manufacturer", {})],
        "manufacturer-answer",
        {"agreed": "yes", "outcome": "replacement"},
    ),
    "not agreed": ("ready", [("manufacturer", {})], "manufacturer-answer", {"agreed": "no"}),
    "fulfilled": ("ready", [("decision", REPLACE)], "fulfilment", {"tracking": "LZ1KR"}),
    "withdrawn": ("ready", [], "withdrawal", {}),
    "reopened": ("ready", [("decision", REFUSE)], "reopening", {"reason": "A slip."}),
    "overridden": ("waiting", [], "override", {"reason": "Seen on the phone."}),
    "to be returned": ("defect", [], *BACK[0]),
    "returned": ("defect", BACK[:1], *BACK[1]),
    "a refund ordered": ("defect", BACK, "inspection", {"passed": "yes"}),
    "not as claimed": (
        "defect",
        BACK,
        "inspection",
        {"passed": "no", "rule": "kpopusa.change-of-mind", "note": "It works."},
    ),
    "paid": ("defect", [*BACK, ("inspection", {"passed": "yes"})], "payment", {}),
}


@pytest.mark.parametrize("name", WAYS)
def test_every_step_is_taken_back_row_by_row(
    request: pytest.FixtureRequest, as_: As, lead: User, still: Clock, name: str
) -> None:
    case, earlier, step, typed = WAYS[name]
    claim: Claim = request.getfixturevalue(case)
    lena = as_(lead)
    for one, words in earlier:
        stepped(lena, claim, one, **words)
        still.at += timedelta(minutes=5)
    before, mails, events = rows(claim), reached(claim), Event.objects.count()
    page = stepped(lena, claim, step, **typed)
    assert rows(claim) != before
    still.at += timedelta(seconds=8)
    assert "Undone." in press(lena, page).text
    assert rows(claim) == before
    assert reached(claim) == mails
    back = Event.objects.get(kind="step_undone")
    taken = back.data["undone"]
    assert taken == list(range(back.seq - len(taken), back.seq))
    assert (back.actor_user, back.data["undoes"]) == (lead, back.seq - 1)
    assert Event.objects.count() == events + len(taken) + 1

    # Pressed again, in a window that still shows it: nothing more happens.
    assert "It was undone already." in press(lena, page).text
    assert Event.objects.count() == events + len(taken) + 1
    outbox.drain(still.at + timedelta(minutes=1))
    assert len(post.outbox) == len(mails)
    # And it can be done again, as if it had not been.
    stepped(lena, claim, step, **typed)
    assert rows(claim) != before


# --- requests that are no claims ---------------------------------------------------------

ERRANDS: dict[str, tuple[list[tuple[str, Typed]], str, Typed]] = {
    "asked": ([], "carrier", {"number": "MR-77"}),
    "found": ([("carrier", {})], "carrier-answer", {"found": "yes"}),
    "lost": ([("carrier", {})], "carrier-answer", {"found": "no"}),
    "replaced": (
        [("carrier", {}), ("carrier-answer", {"found": "no"})],
        "compensation",
        {"outcome": "replacement", "tracking": "LZ1KR"},
    ),
    "refunded": (
        [("carrier", {}), ("carrier-answer", {"found": "no"})],
        "compensation",
        {"outcome": "refund", "amount": "12.00"},
    ),
    "refused": ([], "refusal", {"note": "It has arrived."}),
    "done": ([], "done", {"note": "It has arrived, hasn't it?"}),
}


@pytest.fixture
def lost(mina: Customer) -> Ticket:
    """A parcel that never came."""
    order = make_order(mina, "#7001", placed=timedelta(days=41), delivered=None)
    on_its_way(order, shipped=timedelta(days=40), scanned=timedelta(days=30))
    return ask(order, "lost_parcel", note="It never came.")


def case(ticket: Ticket) -> list[Mapping[str, Any]]:
    """Every row of a request, without what counts its events."""
    ticket_row = Ticket.objects.filter(pk=ticket.pk).values().get()
    found = [{name: value for name, value in ticket_row.items() if name not in ITSELF}]
    for model in (Deadline, Refund, Message):
        found += model.objects.order_by("pk").values()
    return found


@pytest.mark.parametrize("name", ERRANDS)
def test_a_step_of_any_request_is_taken_back(
    nora: Client, lost: Ticket, still: Clock, name: str
) -> None:
    earlier, step_name, typed = ERRANDS[name]
    for one, words in earlier:
        nora.get(step(nora, lost, one, **words)["Location"])  # its bar has been seen
        still.at += timedelta(minutes=5)
    before, told = case(lost), mails(lost)
    for _twice in range(2):  # and it can be done again, as if it had not been
        answer = step(nora, lost, step_name, **typed)
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        assert case(lost) != before
        assert "Undone." in press(nora, nora.get(answer["Location"])).text
        assert case(lost) == before
        still.at += timedelta(minutes=1)
    outbox.drain(still.at)
    assert len(post.outbox) == len(told)


def test_the_answer_that_was_taken_back_is_in_the_writers_hand(
    nora: Client, agent: User, lost: Ticket
) -> None:
    answer = step(nora, lost, "done", note="It has arrived, hasn't it?")
    page = press(nora, nora.get(answer["Location"]))
    assert ReplyDraft.objects.get(ticket=lost, user=agent).body == "It has arrived, hasn't it?"
    assert "It has arrived, hasn&#x27;t it?" in page.text
    assert not Message.objects.filter(ticket=lost, kind="agent").exists()


# --- where it cannot be ------------------------------------------------------------------


def test_the_mail_waits_as_long_as_the_bar_is_there(
    nora: Client, ready: Claim, still: Clock
) -> None:
    outbox.drain(still.at)
    post.outbox.clear()
    page = stepped(nora, ready, "decision", **REFUSE)
    still.at += timedelta(seconds=9)
    outbox.drain(still.at)
    assert post.outbox == []
    still.at += timedelta(seconds=1)
    outbox.drain(still.at)
    assert [mail.to for mail in post.outbox] == [[ready.ticket.customer.email]]
    before = rows(ready)
    assert "has been sent already" in press(nora, page).text
    assert rows(ready) == before
    assert kinds(ready) == ["claim_filed", "claim_refused"]


def test_a_mail_that_a_worker_has_in_hand_is_not_called_back(
    nora: Client, ready: Claim, still: Clock
) -> None:
    outbox.drain(still.at)
    page = stepped(nora, ready, "decision", **REFUSE)
    still.at += timedelta(seconds=10)
    [lease] = outbox.take(still.at)
    assert "has been sent already" in press(nora, page).text
    assert Outbox.objects.get(pk=lease.row_id).state == "pending"
    ready.refresh_from_db()
    assert ready.state == "refused"


def test_what_happened_since_keeps_it(
    nora: Client, as_: As, second_agent: User, ready: Claim
) -> None:
    page = stepped(nora, ready, "decision", **REFUSE)
    step(as_(second_agent), ready.ticket, "assignee", assignee=second_agent.pk)
    before = rows(ready)
    assert "changed again since" in press(nora, page).text
    assert rows(ready) == before


def test_automations_act_on_what_stands(
    nora: Client, manager: User, ready: Claim, still: Clock
) -> None:
    store = ready.ticket.store
    let(store, manager, rule("refused", ("add_tags", {"tags": ["no"]})), now=still.at)
    page = stepped(nora, ready, "decision", **REFUSE)
    run_automations.run_due(still.at + timedelta(seconds=9))
    assert not Firing.objects.exists()
    assert "Undone." in press(nora, page).text
    run_automations.run_due(still.at + timedelta(minutes=1))
    assert not Firing.objects.exists()
    assert not AutomationCause.objects.exists()

    page = stepped(nora, ready, "decision", **REFUSE)
    still.at += timedelta(seconds=10)
    run_automations.run_due(still.at)
    assert Firing.objects.get().outcome == "did"
    assert "changed again since" in press(nora, page).text


def test_what_was_marked_as_paid_in_the_list_is_owed_again(
    nora: Client, defect: Claim, still: Clock
) -> None:
    for one, words in (*BACK, ("inspection", {"passed": "yes"})):
        stepped(nora, defect, one, **words)
        still.at += timedelta(minutes=5)
    before = rows(defect)
    refund = Refund.objects.get()
    answer = nora.post(f"/desk/refunds/{refund.pk}/payment/", {"seen": ""}, follow=True)
    assert rows(defect) != before
    assert "Undone." in press(nora, answer).text
    assert rows(defect) == before


def test_nobody_takes_back_anothers_decision(
    nora: Client, as_: As, lead: User, ready: Claim
) -> None:
    page = stepped(nora, ready, "decision", **REFUSE)
    assert "cannot be undone any more" in press(as_(lead), page).text
    ready.refresh_from_db()
    assert ready.state == "refused"


def test_too_late_is_too_late_even_where_no_mail_tells_of_it(
    as_: As, lead: User, waiting: Claim, still: Clock
) -> None:
    lena = as_(lead)
    page = stepped(lena, waiting, "override", reason="Seen on the phone.")
    still.at += undoing.WITHIN + timedelta(seconds=1)
    assert "cannot be undone any more" in press(lena, page).text
    waiting.refresh_from_db()
    assert waiting.state == "under_review"


def test_the_item_is_claimed_anew_meanwhile(
    nora: Client, story: Story, ready: Claim, still: Clock
) -> None:
    page = stepped(nora, ready, "decision", **REFUSE)
    story.file("missing_photocard", "unboxing_video", opened=True)  # a case of its own
    before = rows(ready)
    assert "changed again since" in press(nora, page).text
    assert rows(ready) == before


def test_the_customer_never_sees_what_was_a_slip(
    nora: Client, as_: As, ready: Claim, still: Clock
) -> None:
    told = [line["text"] for line in timeline([ready.ticket_id])]
    page = stepped(nora, ready, "decision", note="Not for you.", **REFUSE)
    assert "Your request was refused." in [x["text"] for x in timeline([ready.ticket_id])]
    press(nora, page)
    assert [line["text"] for line in timeline([ready.ticket_id])] == told
    seen = nora.get(f"/desk/tickets/{ready.ticket.reference}/").text
    assert "Taken back" in seen
    assert "Not for you." in seen  # colleagues see what was done, and that it was taken back


def test_a_decision_that_was_taken_back_fills_no_placeholder(nora: Client, ready: Claim) -> None:
    page = stepped(nora, ready, "decision", **REFUSE)
    assert last_decision(ready) == "claim_refused"
    press(nora, page)
    assert last_decision(ready) == "claim_filed"


def last_decision(claim: Claim) -> str:
    """The event that the texts of a macro are filled from."""
    event = About(claim.ticket, None, "en", NOON)._event
    assert event is not None
    return event.kind


def test_what_customers_and_the_clock_do_has_no_way_back(ready: Claim) -> None:
    decide_claim.withdraw(ready, actor=Actor.of_customer(ready.ticket.customer), now=NOON)
    assert not StepBack.objects.exists()
    mail = Outbox.objects.get(template="claim_withdrawn")
    assert mail.wake_at == NOON  # and nobody waits for its mail


def test_a_way_back_that_nobody_can_go_is_forgotten(nora: Client, ready: Claim) -> None:
    stepped(nora, ready, "decision", **REFUSE)
    tidy(NOON + stepping.LIVES)
    assert StepBack.objects.filter(ticket=ready.ticket).exists()
    tidy(NOON + stepping.LIVES + timedelta(seconds=1))
    assert not StepBack.objects.exists()


def test_the_database_refuses_a_way_back_from_nothing(ready: Claim, agent: User) -> None:
    with pytest.raises(IntegrityError):
        StepBack.objects.create(ticket=ready.ticket, first=2, last=1, by=agent, at=NOON, record={})
