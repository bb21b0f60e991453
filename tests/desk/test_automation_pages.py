"""Automations as a manager meets them: made, changed, tried on the past, switched, put in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import escape, unescape
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from tests.automations.house import THEN, URGENT, has, let, rule, run, tags, writes
from tests.cast import NOON
from tests.desk.conftest import Clock
from tests.desk.talk import question
from tests.desk.test_undo import press
from tests.test_macros import keep as keep_macro
from tickets.actions import automations, ticket_marks
from tickets.actor import Actor
from tickets.models import Automation, Customer, Store, Ticket, User

LIST = "/desk/automations/"
LOG = "/desk/automations/log/"
HOSTILE = '<script>alert("x")</script>{{ 7|add:7 }}{% now "Y" %}'


@pytest.fixture
def boss(as_: Callable[[User | None], Client], manager: User) -> Client:
    return as_(manager)


@pytest.fixture
def asked(mina: Customer) -> Ticket:
    return question(mina)


def form_of(store: Store) -> str:
    return f"/desk/stores/{store.pk}/automations/form/"


def new_of(store: Store) -> str:
    return f"/desk/stores/{store.pk}/automations/"


def at(automation: Automation, what: str = "") -> str:
    return f"{LIST}{automation.pk}/{what}"


def typed(**more: Any) -> dict[str, Any]:
    """A whole form: lost parcels become urgent."""
    return {
        "name": "Lost parcels",
        "when": "request_filed",
        "if-0-key": "request_type",
        "if-0-requests": ["lost_parcel"],
        "then-0-key": "priority",
        "then-0-priority": "0",
        **more,
    }


def fields(page: Any) -> dict[str, Any]:
    """What the form of a page would post, as a browser without a script reads it."""
    text = re.search(r'<form[^>]+id="automation-form".*?</form>', page.text, re.S)
    assert text is not None
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text[0]):
        kind, name = _attr(tag, "type"), _attr(tag, "name")
        if not name or name == "csrfmiddlewaretoken":
            continue
        if kind == "checkbox":
            if " checked" in tag:
                found.setdefault(name, []).append(_attr(tag, "value") or "on")
        else:
            found[name] = _attr(tag, "value")
    for name, body in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', text[0], re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, body in re.findall(
        r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', text[0], re.S
    ):
        found[name] = unescape(body)
    return found


def _attr(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def everything() -> dict[str, int]:
    """How many rows each table of ours has."""
    ours = [
        *apps.get_app_config("tickets").get_models(),
        *apps.get_app_config("policies").get_models(),
    ]
    return {model.__name__: model.objects.count() for model in ours}


# --- made, without a script --------------------------------------------------------------


def test_a_manager_makes_one_line_by_line(boss: Client, kpopusa: Store, asked: Ticket) -> None:
    page = boss.get(form_of(kpopusa))
    data = fields(page)
    data |= {"name": "Many questions", "when": "customer_wrote", "if-new": "nth_request_at_least"}
    page = boss.post(form_of(kpopusa), data)
    assert page.status_code == 200
    assert "field-error" not in page.text, "what is not there yet is no mistake yet"
    data = fields(page)
    assert (data["name"], data["when"]) == ("Many questions", "customer_wrote")
    data |= {"if-0-n": "2", "if-new": "words"}
    data = fields(boss.post(form_of(kpopusa), data))
    assert data["if-0-n"] == "2", "nothing that was typed is lost"
    data |= {"if-1-words": "dawn, 새벽", "then-new": "note"}
    data = fields(boss.post(form_of(kpopusa), data))
    data |= {"then-0-text": "Once more.", "then-new": "solve", "drop": "if-0"}
    page = boss.post(form_of(kpopusa), data)
    data = fields(page)
    assert [data["if-0-key"], data["then-0-key"], data["then-1-key"]] == ["words", "note", "solve"]
    assert "if-1-key" not in data
    told = (
        "When the customer writes or calls, if the customer's last message says “dawn” or “새벽”: "
        "add the note “Once more.” and solve it."
    )
    assert escape(told) in page.text
    assert not Automation.objects.exists(), "until it is kept, nothing is"
    page = boss.post(new_of(kpopusa), data, follow=True)
    assert "Made, and still off: Many questions" in page.text
    assert escape(told) in page.text
    made = Automation.objects.get()
    assert not made.active
    press(boss, page)
    made.refresh_from_db()
    assert made.retired_at is not None


def test_one_can_be_made_and_switched_on_at_once(boss: Client, kpopusa: Store) -> None:
    page = boss.post(new_of(kpopusa), typed(active="on"), follow=True)
    assert "Made and switched on: Lost parcels" in page.text
    made = Automation.objects.get()
    assert made.active
    assert made.current is not None
    assert made.current.conditions == [
        {"key": "request_type", "value": {"requests": ["lost_parcel"]}}
    ]
    assert made.current.actions == [{"key": "priority", "value": {"priority": 0}}]


def test_a_line_that_was_chosen_and_not_added_is_not_lost(boss: Client, kpopusa: Store) -> None:
    page = boss.post(new_of(kpopusa), typed(**{"then-new": "add_tags"}))
    assert page.status_code == 422
    assert 'name="then-1-tags"' in page.text, "its field is there, to be filled in"
    boss.post(new_of(kpopusa), typed(**{"then-new": "solve"}))
    assert Automation.objects.get().current.actions[1] == {"key": "solve", "value": {}}  # type: ignore[union-attr]  # it has one


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "auto-name"),
    ({"name": "x" * 81}, "auto-name"),
    ({"when": ""}, "auto-when"),
    ({"when": "moonrise"}, "auto-when"),
    ({"when": "tagged", "when-tag": ""}, "auto-when-tag"),
    ({"when": "tagged", "when-tag": "x" * 41}, "auto-when-tag"),
    ({"when": "before_deadline", "when-kind": "x", "when-hours": "1"}, "auto-when-kind"),
    ({"when": "before_deadline", "when-kind": "answer_due", "when-hours": "-1"}, "auto-when-hours"),
    ({"when": "waiting_for_customer", "when-days": "1.5"}, "auto-when-days"),
    ({"if-0-key": "anything"}, "auto-if-0-key"),
    ({"if-0-requests": []}, "auto-if-0-requests"),
    ({"if-0-requests": ["lost_parcel", "x"]}, "auto-if-0-requests"),
    ({"if-0-key": "order_total_at_least", "if-0-amount": "much", "if-0-currency": "USD"},
     "auto-if-0-amount"),
    ({"if-0-key": "order_total_at_least", "if-0-amount": "9", "if-0-currency": "??"},
     "auto-if-0-currency"),
    ({"if-0-key": "language", "if-0-language": "tlh"}, "auto-if-0-language"),
    ({"if-0-key": "words", "if-0-words": " , ,"}, "auto-if-0-words"),
    ({"then-0-key": "delete_everything"}, "auto-then-0-key"),
    ({"then-0-priority": "9"}, "auto-then-0-priority"),
    ({"then-0-key": "assign", "then-0-user": "999999"}, "auto-then-0-user"),
    ({"then-0-key": "reply", "then-0-macro": "999999"}, "auto-then-0-macro"),
    ({"then-0-key": "watch", "then-0-user": "nobody"}, "auto-then-0-user"),
    ({"then-0-key": "add_tags", "then-0-tags": "x" * 41}, "auto-then-0-tags"),
    ({"then-0-key": "put_off", "then-0-days": "367"}, "auto-then-0-days"),
    ({"then-0-key": "note", "then-0-text": ""}, "auto-then-0-text"),
    ({"then-1-key": "priority", "then-1-priority": "1"}, "auto-then-1-key"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "field"), WRONG, ids=lambda one: str(one)[:40])
def test_what_cannot_be_is_told_beside_its_field(
    boss: Client, kpopusa: Store, more: dict[str, Any], field: str
) -> None:
    page = boss.post(new_of(kpopusa), typed(**more))
    assert page.status_code == 422
    problem = re.search(rf'id="{field}_problem"', page.text)
    assert problem is not None, re.findall(r'id="(auto-[^"]+_problem)"', page.text)
    assert f'href="#{field}"' in page.text, "the summary leads to it"
    kept = more.get("name", "Lost parcels")
    assert f'value="{kept}"' in page.text or not kept
    assert not Automation.objects.exists()


def test_without_an_action_it_does_nothing(boss: Client, kpopusa: Store) -> None:
    data = {name: value for name, value in typed().items() if not name.startswith("then")}
    page = boss.post(new_of(kpopusa), data)
    assert page.status_code == 422
    assert "Say what it is to do: add an action." in page.text


def test_another_store_s_people_and_macros_cannot_be_named(
    boss: Client, kpopusa: Store, popmart: Store, stranger: User, lead: User, manager: User
) -> None:
    theirs = keep_macro(kpopusa, lead, "Own", shared=False)
    for more in (
        {"then-0-key": "assign", "then-0-user": str(stranger.pk)},
        {"then-0-key": "watch", "then-0-user": str(stranger.pk)},
        {"then-0-key": "reply", "then-0-macro": str(theirs.pk)},
    ):
        assert boss.post(new_of(kpopusa), typed(**more)).status_code == 422
    assert boss.post(new_of(popmart), typed()).status_code == 404
    assert not Automation.objects.exists()


def test_nonsense_that_is_posted_by_hand_is_refused_whole(boss: Client, kpopusa: Store) -> None:
    many = {f"then-{n}-key": "note" for n in range(60)} | {f"then-{n}-text": "x" for n in range(60)}
    for more in (
        {"drop": "if-99999999999"},
        {"drop": "then-x"},
        {"drop": "__class__"},
        {"seen": "9" * 30},
        {"automation": "9" * 30},
        {"if-0-key": "\x00"},
        many,
    ):
        page = boss.post(form_of(kpopusa), typed(**more))
        assert page.status_code == 200, more
    assert boss.post(new_of(kpopusa), typed(**many)).status_code == 422
    assert boss.post(form_of(kpopusa), typed(automation="77")).status_code == 404


# --- changed: versions -------------------------------------------------------------------


@pytest.fixture
def made(kpopusa: Store, manager: User) -> Automation:
    return let(kpopusa, manager, rule("customer_wrote", URGENT, has("again")), name="Again")


def test_a_change_is_a_version_and_an_old_one_can_be_used_again(
    boss: Client, made: Automation, manager: User
) -> None:
    data = fields(boss.get(at(made)))
    assert (data["then-1-tags"], data["seen"]) == ("again", "1")
    data |= {"name": "Once more", "then-1-tags": "again, twice"}
    assert boss.post(at(made, "change/"), data).status_code == 302
    page = boss.get(at(made, "versions/"))
    assert "put on the tags “again” and “twice”." in page.text
    assert "put on the tag “again”." in page.text
    assert manager.get_full_name() in page.text
    assert page.text.count("Use this again") == 1
    page = boss.post(at(made, "version/"), {"version": 1, "seen": 2}, follow=True)
    assert "It says again what version 1 said." in page.text
    made.refresh_from_db()
    assert made.current is not None
    assert (made.current.number, made.name) == (3, "Again")
    assert boss.post(at(made, "version/"), {"version": 9, "seen": 3}).status_code == 404


def test_who_is_late_is_told_and_loses_nothing(boss: Client, made: Automation) -> None:
    data = fields(boss.get(at(made)))
    boss.post(at(made, "change/"), {**data, "name": "First"})
    page = boss.post(at(made, "change/"), {**data, "name": "Second"})
    assert page.status_code == 409
    assert "Somebody has changed this automation meanwhile" in page.text
    assert 'value="Second"' in page.text
    page = boss.post(at(made, "version/"), {"version": 1, "seen": 1}, follow=True)
    assert "Somebody has changed this automation meanwhile" in page.text
    made.refresh_from_db()
    assert made.name == "First"


# --- on and off --------------------------------------------------------------------------


def test_off_is_off_at_once_and_can_be_taken_back(
    boss: Client, made: Automation, asked: Ticket, mina: Customer
) -> None:
    writes(asked, mina)
    page = boss.post(at(made, "off/"), follow=True)
    assert "Off: Again" in page.text
    run()
    assert tags(asked) == set(), "also what was on its way"
    press(boss, page)
    made.refresh_from_db()
    assert made.active
    assert "Off: Again" in boss.post(at(made, "off/"), follow=True).text
    assert "On: Again" in boss.post(at(made, "on/"), follow=True).text


def test_one_that_was_stopped_says_why_in_red_and_can_go_on(
    boss: Client, made: Automation, kpopusa: Store
) -> None:
    automations.stop(made, "It acted 300 times within a minute.", now=NOON)
    page = boss.get(LIST)
    assert 'class="is-stopped"' in page.text
    assert "It acted 300 times within a minute." in page.text
    page = boss.post(at(made, "on/"), follow=True)
    assert "It acted 300 times" not in page.text
    assert "is-on" in page.text


def test_one_whose_macro_is_gone_is_not_switched_on(
    boss: Client, kpopusa: Store, lead: User, manager: User
) -> None:
    macro = keep_macro(kpopusa, lead, "Soon")
    reply = ("reply", {"macro": macro.pk})
    made = let(kpopusa, manager, rule("customer_wrote", reply), name="Soon", on=False)
    macro.retired_at = NOON
    macro.save()
    page = boss.post(at(made, "on/"), follow=True)
    assert "was not switched on" in page.text
    assert "answer with “Soon”" in page.text, "it still says what it said"
    made.refresh_from_db()
    assert not made.active


def test_the_list_says_when_it_acted_last_and_how_often(
    boss: Client, made: Automation, asked: Ticket, mina: Customer, still: Clock
) -> None:
    assert "Has not acted yet" in boss.get(LIST).text
    writes(asked, mina)
    run()
    still.at = THEN
    page = boss.get(LIST).text
    assert "Last acted" in page
    assert "1 time in 7 days" in page
    still.at = THEN + timedelta(days=8)
    assert "0 times in 7 days" in boss.get(LIST).text


def test_they_act_in_the_order_that_is_shown(
    boss: Client, made: Automation, kpopusa: Store, manager: User
) -> None:
    later = let(kpopusa, manager, rule("solved", has("done")), name="Later")
    assert order(boss) == ["Again", "Later"]
    boss.post(at(later, "place/"), {"way": "up"})
    assert order(boss) == ["Later", "Again"]
    boss.post(at(later, "place/"), {"way": "up"})
    assert order(boss) == ["Later", "Again"]
    boss.post(at(later, "place/"), {"way": "down"})
    assert order(boss) == ["Again", "Later"]


def order(client: Client) -> list[str]:
    return re.findall(r"<h3><a [^>]+>([^<]+)</a>", client.get(LIST).text)


def test_laid_aside_it_does_nothing_and_comes_back_off(boss: Client, made: Automation) -> None:
    page = boss.post(at(made, "retirement/"), follow=True)
    assert "Laid aside: Again" in page.text
    assert "1 laid aside" in page.text
    assert boss.post(at(made, "on/"), follow=True).status_code == 200
    made.refresh_from_db()
    assert not made.active
    press(boss, page)
    made.refresh_from_db()
    assert (made.retired_at, made.active) == (None, False)


# --- the past ----------------------------------------------------------------------------


def test_a_dry_run_shows_what_it_would_have_done_and_changes_nothing(
    boss: Client, made: Automation, kpopusa: Store, asked: Ticket, mina: Customer, still: Clock
) -> None:
    writes(asked, mina, "The Dawn version?")
    still.at = NOON + timedelta(days=2)
    before = everything()
    page = boss.get(at(made, "past/"))
    assert page.status_code == 200
    assert "It would have acted 1 time" in page.text
    assert asked.spoken_reference in page.text
    assert "set its priority to “Urgent”" in page.text
    data = fields(page) | {"try": "1"}
    assert "It would have acted 1 time" in boss.post(form_of(kpopusa), data).text
    data |= {"if-new": "words"}
    assert boss.post(form_of(kpopusa), data).status_code == 422, "half a rule is not tried"
    data |= {"if-new": "", "if-0-key": "words", "if-0-words": "dusk"}
    assert "It would not have acted." in boss.post(form_of(kpopusa), data).text
    assert everything() == before
    asked.refresh_from_db()
    assert asked.priority == 2


def test_one_that_is_not_kept_yet_can_be_tried_without_a_name(
    boss: Client, kpopusa: Store, asked: Ticket
) -> None:
    data = typed(name="", **{"if-0-requests": ["restock"], "try": "1"})
    page = boss.post(form_of(kpopusa), data)
    assert page.status_code == 200
    assert "It would have acted 1 time" in page.text
    assert fields(page)["if-0-requests"] == ["restock"]
    assert not Automation.objects.exists()


def test_the_past_is_judged_as_it_was_then(
    boss: Client, kpopusa: Store, asked: Ticket, mina: Customer, lead: User, still: Clock
) -> None:
    still.at = NOON + timedelta(days=1)
    actor = Actor.staff(lead)
    writes(asked, mina, "Broken!", NOON + timedelta(hours=1))
    later = NOON + timedelta(hours=2)
    ticket_marks.set_priority(asked, 0, actor=actor, now=later)
    ticket_marks.set_tags(asked, ["vip"], actor=actor, now=later)
    writes(asked, mina, "Thanks", NOON + timedelta(hours=3))
    data = typed(when="customer_wrote", **{"if-0-key": "priority_at_least", "if-0-priority": "1"})
    page = try_on(boss, kpopusa, data)
    assert "It would have acted 1 time" in page, "urgent it was the second time alone"
    assert "it was so already" in page
    data |= {"if-0-key": "has_not_tag", "if-0-tags": "VIP"}
    assert "It would have acted 1 time" in try_on(boss, kpopusa, data)
    data |= {"if-0-key": "words", "if-0-words": "broken"}
    assert "It would have acted 1 time" in try_on(boss, kpopusa, data)
    data |= {"if-0-key": "state", "if-0-states": ["open"]}
    assert "The history does not keep the state of a ticket" in try_on(boss, kpopusa, data)


def try_on(client: Client, store: Store, data: dict[str, Any]) -> str:
    page = client.post(form_of(store), {**data, "try": "1"})
    assert page.status_code == 200
    return str(page.text)
