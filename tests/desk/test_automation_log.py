"""What automations did: the log and its pages, the way back, whose it is, and hostile texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.test import Client

from tests.automations.house import THEN, URGENT, has, let, rule, run, tags, writes
from tests.cast import NOON, make_customer
from tests.desk.conftest import Clock
from tests.desk.talk import question
from tests.desk.test_automation_pages import LIST, LOG, at, form_of, new_of, typed
from tickets.actions import keep_macros
from tickets.actions.keep_macros import Wanted
from tickets.actor import Actor
from tickets.desk.automation_log import PER_PAGE
from tickets.models import Automation, Customer, Firing, Role, Store, Ticket, User

HOSTILE = '<b onclick="x">“&{{ 7 }}{% now %}</b>'


@pytest.fixture
def boss(as_: Callable[[User | None], Client], manager: User) -> Client:
    return as_(manager)


@pytest.fixture
def asked(mina: Customer) -> Ticket:
    return question(mina)


@pytest.fixture
def made(kpopusa: Store, manager: User) -> Automation:
    return let(kpopusa, manager, rule("customer_wrote", URGENT, has("again")), name="Again")


def fired(made: Automation, ticket: Ticket, outcome: str = "did", n: int = 1) -> list[Firing]:
    assert made.current is not None
    return Firing.objects.bulk_create(
        Firing(
            automation=made,
            version=made.current,
            ticket=ticket,
            caused_at=NOON,
            at=NOON + timedelta(seconds=at),
            outcome=outcome,
            did=[{"key": "solve", "value": {}, "events": []}] if outcome == "did" else [],
            reason="" if outcome == "did" else f"Because of {at}.",
        )
        for at in range(n)
    )


# --- the log -----------------------------------------------------------------------------


def test_the_log_says_what_was_done_on_which_ticket_and_takes_it_back(
    boss: Client, made: Automation, asked: Ticket, mina: Customer, still: Clock
) -> None:
    writes(asked, mina)
    run()
    still.at = THEN
    page = boss.get(LOG)
    for told in ("It acted", "Again", asked.spoken_reference, "put on the tag “again”", "Message"):
        assert told in page.text
    assert f'href="/desk/tickets/{asked.reference}/"' in page.text
    way = re.search(r'action="(/desk/firings/\d+/undo/)"', page.text)
    assert way is not None
    page = boss.post(way[1], {"next": LOG}, follow=True)
    assert "Undone by" in page.text
    assert tags(asked) == set()
    asked.refresh_from_db()
    assert asked.priority == 2
    assert "/undo/" not in "".join(re.findall(r'action="/desk/firings[^"]+"', page.text))
    boss.post(way[1], {})
    assert Firing.objects.get().undone_at is not None, "twice is once"


def test_why_one_could_not_act_stands_in_the_log(
    boss: Client, made: Automation, asked: Ticket
) -> None:
    fired(made, asked, "failed")
    page = boss.get(LOG).text
    assert "Could not act" in page
    assert "Because of 0." in page
    assert "1 time it could not" in boss.get(LIST).text


def test_pages_of_the_log_neither_lose_nor_repeat_a_row(
    boss: Client, made: Automation, asked: Ticket
) -> None:
    fired(made, asked, "failed", PER_PAGE * 2 + 1)
    seen: list[str] = []
    address = f"{LOG}?outcome=failed&automation={made.pk}"
    for size in (50, 50, 1):
        page = boss.get(address).text
        rows = re.findall(r"Because of (\d+)\.", page)
        assert len(rows) == size
        seen += rows
        more = re.search(r'rel="next" href="([^"]+)"', page)
        # What has happened meanwhile does not push the pages along.
        fired(made, asked, "failed")
        assert (more is None) == (size == 1)
        if more is not None:
            assert "outcome=failed" in more[1]
            address = LOG + more[1].replace("&amp;", "&")
    assert seen == [str(n) for n in reversed(range(101))]


def test_the_log_is_narrowed_by_automation_and_outcome(
    boss: Client, made: Automation, asked: Ticket, kpopusa: Store, manager: User
) -> None:
    other = let(kpopusa, manager, rule("solved", has("done")), name="Other", on=False)
    fired(made, asked, "stopped")
    fired(other, asked)
    assert rows(boss, "") == 2
    assert rows(boss, f"automation={other.pk}") == 1
    assert rows(boss, f"automation={other.pk}&outcome=stopped") == 0
    assert rows(boss, "outcome=stopped") == 1
    for nonsense in ("automation=x", "outcome=x", "after=x", f"after={'9' * 40}", "automation=0"):
        assert rows(boss, nonsense) == 2, nonsense


def rows(client: Client, query: str) -> int:
    answer = client.get(f"{LOG}?{query}")
    assert answer.status_code == 200
    return len(re.findall(r'class="auto-state', answer.text))


def test_a_log_page_asks_as_little_for_fifty_rows_as_for_one(
    boss: Client,
    made: Automation,
    asked: Ticket,
    django_assert_max_num_queries: Any,
) -> None:
    fired(made, asked, "did", 50)
    boss.get(LOG)
    with django_assert_max_num_queries(12):
        boss.get(LOG)


# --- whose it is -------------------------------------------------------------------------


def test_an_agent_reads_the_sentence_and_nothing_else(
    nora: Client, as_: Callable[[User | None], Client], lead: User, made: Automation
) -> None:
    page = nora.get(at(made))
    assert page.status_code == 200
    assert escape("When the customer writes or calls: set its priority") in page.text
    assert 'name="name"' not in page.text
    for client in (nora, as_(lead)):
        for address in (LIST, LOG, at(made, "past/"), at(made, "versions/"), form_of(made.store)):
            assert client.get(address).status_code == 403, address
        for what in ("on/", "off/", "place/", "retirement/", "return/", "change/"):
            assert client.post(at(made, what), typed(seen="1")).status_code == 403, what
        assert client.post(at(made, "version/"), {"version": 1, "seen": 1}).status_code == 403
        assert client.post(new_of(made.store), typed()).status_code == 403
        assert "/desk/automations/" not in client.get("/desk/").text, "it is not in their way"
    made.refresh_from_db()
    assert made.active
    assert Automation.objects.count() == 1


def test_the_ticket_s_history_leads_to_the_sentence(
    nora: Client,
    as_: Callable[[User | None], Client],
    reader: User,
    made: Automation,
    asked: Ticket,
    mina: Customer,
) -> None:
    writes(asked, mina)
    run()
    ticket = f"/desk/tickets/{asked.reference}/"
    assert f'href="{at(made)}"' in nora.get(ticket).text
    assert at(made) not in as_(reader).get(ticket).text, "it is not theirs to read"
    assert as_(reader).get(at(made)).status_code == 403


def test_a_manager_of_one_store_sees_nothing_of_another(
    boss: Client,
    as_: Callable[[User | None], Client],
    person: Callable[..., User],
    popmart: Store,
    kpopusa: Store,
    made: Automation,
    asked: Ticket,
) -> None:
    other = as_(person("Pia", store=popmart, role=Role.MANAGER))
    [firing] = fired(made, asked)
    assert "Again" in boss.get(LIST).text
    assert "Again" not in other.get(LIST).text
    assert asked.spoken_reference not in other.get(LOG).text
    assert asked.spoken_reference not in other.get(f"{LOG}?automation={made.pk}").text
    for what in ("", "past/", "versions/"):
        assert other.get(at(made, what)).status_code == 404
    assert other.post(at(made, "off/")).status_code == 404
    assert other.post(f"/desk/firings/{firing.pk}/undo/").status_code == 404
    posted = typed(automation=str(made.pk))
    assert other.post(form_of(popmart), posted).status_code == 404
    assert boss.get("/desk/").text.count('href="/desk/automations/"') == 1


def test_a_lead_takes_back_what_one_did(
    as_: Callable[[User | None], Client],
    lead: User,
    nora: Client,
    made: Automation,
    asked: Ticket,
    mina: Customer,
) -> None:
    writes(asked, mina)
    run()
    firing = Firing.objects.get()
    assert nora.post(f"/desk/firings/{firing.pk}/undo/").status_code == 403
    assert tags(asked) == {"again"}
    back = as_(lead).post(f"/desk/firings/{firing.pk}/undo/", {"next": "https://evil.example/"})
    assert "evil" not in back["Location"]
    assert tags(asked) == set()


# --- hostile texts -----------------------------------------------------------------------


def test_hostile_words_are_shown_and_do_nothing(
    boss: Client, kpopusa: Store, manager: User, still: Clock
) -> None:
    wanted = Wanted(HOSTILE, "agent", {"en": "Soon."})
    macro = keep_macros.make(kpopusa, wanted, shared=True, actor=Actor.staff(manager), now=NOON)
    who = make_customer(kpopusa, "evil@example.com", HOSTILE)
    ticket = question(who)
    then = (
        has(HOSTILE[:40]),
        ("note", {"text": HOSTILE}),
        ("reply", {"macro": macro.pk}),
    )
    ifs = (("words", {"words": [HOSTILE]}),)
    made = let(kpopusa, manager, rule("tagged", *then, ifs=ifs, tag=HOSTILE[:40]), name=HOSTILE)
    fired(made, ticket)
    fired(let(kpopusa, manager, rule("request_filed", *then), name=HOSTILE), ticket)
    still.at = NOON + timedelta(hours=1)
    second = Automation.objects.order_by("-pk")[0]
    for address in (LIST, LOG, at(made), at(made, "versions/"), at(second, "past/")):
        page = boss.get(address).text
        assert escape(HOSTILE) in page or escape(HOSTILE[:30]) in page, address
        assert "<b onclick" not in page, address
        assert "“&amp;{{ 7 }}" in page, "braces mean nothing here"
    page = boss.post(at(made, "off/"), follow=True).text
    assert "<b onclick" not in page
    page = boss.post(new_of(kpopusa), typed(name=HOSTILE, when=HOSTILE)).text
    assert "<b onclick" not in page
