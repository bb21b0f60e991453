"""The typed lists: what can be waited for, asked and done, what is refused, and how it reads."""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tickets
from tests.cast import NOON
from tests.test_macros import keep as keep_macro
from tickets import labels
from tickets.automations.conditions import CONDITIONS
from tickets.automations.doings import DOINGS
from tickets.automations.facts import Facts, Rule, Step
from tickets.automations.inputs import MANY, ONE, Known
from tickets.automations.sentence import checked, holds, sentence
from tickets.automations.triggers import TRIGGERS
from tickets.errors import InvalidInput
from tickets.models import Store, User
from tickets.models.deadline import DEADLINE_KINDS


def facts(**known: Any) -> Facts:
    return Facts(at=NOON, **known)


def rule(
    *then: tuple[str, Any], when: str = "request_filed", value: Any = None, **ifs: Any
) -> Rule:
    steps = tuple(Step(key, one) for key, one in ifs.items())
    return Rule(when, value or {}, steps, tuple(Step(key, one) for key, one in then))


SOLVE = ("solve", {})

# --- no trigger that nothing makes -------------------------------------------------------


def _said_events() -> set[str]:
    """Every kind that an action names, wherever it does: all strings of the actions."""
    found: set[str] = set()
    for path in (Path(tickets.__file__).parent / "actions").glob("*.py"):
        tree = ast.parse(path.read_text())
        found |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {one for one in found if isinstance(one, str)}


def test_every_trigger_is_something_that_happens() -> None:
    made = _said_events()
    for key, one in TRIGGERS.items():
        assert one.timed != bool(one.event_kinds), key
        for kind in one.event_kinds:
            assert kind in made, f"nothing ever writes {kind}"
            assert kind in labels.EVENTS, kind


def test_the_deadlines_that_can_be_chosen_exist(kpopusa: Store) -> None:
    known = Known(kpopusa)
    for one in TRIGGERS.values():
        for each in one.inputs:
            if each.name == "kind" and each.choices is not None:
                assert {key for key, _label in each.choices(known)} <= set(DEADLINE_KINDS)


@pytest.mark.parametrize(
    ("key", "value", "kind", "data", "fits"),
    [
        ("request_filed", {}, "ticket_opened", {"message": 1}, True),
        ("request_filed", {}, "ticket_opened", {"message": 1, "other": "ABC"}, False),
        ("request_filed", {}, "message_added", {"message_kind": "customer"}, False),
        ("customer_wrote", {}, "message_added", {"message_kind": "customer"}, True),
        ("customer_wrote", {}, "message_added", {"message_kind": "agent"}, False),
        ("customer_wrote", {}, "message_added", {"message_kind": "system"}, False),
        ("customer_wrote", {}, "call_logged", {"message_kind": "note"}, True),
        ("customer_wrote", {}, "call_logged", {"message_kind": "customer"}, False),
        ("colleague_answered", {}, "message_added", {"message_kind": "agent"}, True),
        ("colleague_answered", {}, "message_added", {"message_kind": "note"}, False),
        ("assigned", {}, "assigned", {"assignee": 7}, True),
        ("assigned", {}, "assigned", {"assignee": None}, False),
        ("tagged", {"tag": "VIP  buyer"}, "tagged", {"added": ["vip Buyer"], "removed": []}, True),
        ("tagged", {"tag": "vip"}, "tagged", {"added": [], "removed": ["vip"]}, False),
        ("solved", {}, "ticket_solved", {}, True),
        ("solved", {}, "carrier_answered", {"found": False}, False),
        ("solved", {}, "parcel_made_good", {"outcome": "refund"}, False),
        ("solved", {}, "order_cancelled", {"pickup": None, "amount": "9.00"}, False),
        ("deadline_passed", {"kind": "answer_due"}, "deadline_missed", {"deadline": "answer_due"},
         True),
        ("deadline_passed", {"kind": "answer_due"}, "deadline_missed", {"deadline": "refund_due"},
         False),
        ("deadline_passed", {"kind": "evidence_due"}, "claim_expired", {}, True),
        ("deadline_passed", {"kind": "refund_due"}, "claim_expired", {}, False),
    ],
)  # fmt: skip
def test_an_event_fits_or_does_not(
    key: str, value: dict[str, Any], kind: str, data: dict[str, Any], fits: bool
) -> None:
    assert TRIGGERS[key].matches(kind, data, value) is fits


# --- if ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "yes", "no"),
    [
        ("request_type", {"requests": ["defect", "charts"]}, {"request_type": "charts"},
         {"request_type": "pickup"}),
        ("product_kind", {"kinds": ["poster"]}, {"product_kinds": frozenset({"album", "poster"})},
         {"product_kinds": frozenset()}),
        ("priority_at_least", {"priority": 1}, {"priority": 0}, {"priority": 2}),
        ("state", {"states": ["new", "open"]}, {"state": "open"}, {"state": "waiting"}),
        ("waiting_for", {"whom": "carrier"}, {"waiting_for": "carrier"}, {"waiting_for": ""}),
        ("has_tag", {"tags": ["VIP", "b"]}, {"tags": frozenset({"vip"})}, {"tags": frozenset()}),
        ("has_not_tag", {"tags": ["VIP"]}, {"tags": frozenset({"x"})},
         {"tags": frozenset({"vip"})}),
        ("assignee", {"assignee": "any"}, {"assignee_id": 3}, {"assignee_id": None}),
        ("assignee", {"assignee": "none"}, {"assignee_id": None}, {"assignee_id": 3}),
        ("assignee", {"assignee": "3"}, {"assignee_id": 3}, {"assignee_id": 4}),
        ("language", {"language": "ko"}, {"language": "ko-KR"}, {"language": "en"}),
        ("order_total_at_least", {"amount": "200.00", "currency": "USD"},
         {"order_total": Decimal("200.00"), "currency": "USD"},
         {"order_total": Decimal("199.99"), "currency": "USD"}),
        ("order_total_at_least", {"amount": "200.00", "currency": "USD"},
         {"order_total": Decimal("200.00"), "currency": "USD"},
         {"order_total": Decimal("900000.00"), "currency": "KRW"}),
        ("order_total_at_least", {"amount": "0.01", "currency": "USD"},
         {"order_total": Decimal("0.01"), "currency": "USD"}, {"order_total": None}),
        ("nth_request_at_least", {"n": 3}, {"nth_request": 3}, {"nth_request": 2}),
        ("channel", {"channel": "page"}, {"channel": ""}, {"channel": "mail"}),
        ("opening_hours", {"hours": "closed"}, {"within_hours": False}, {"within_hours": True}),
        ("words", {"words": ["broken photocards", "zzz"]},
         {"last_words": "My BROKEN photocard!"}, {"last_words": "A photocard; the box is broken"}),
        ("words", {"words": ["포토카드"]}, {"last_words": "포토카드를 못 받았어요"},
         {"last_words": "카드 포토"}),
        ("words", {"words": ["카"]}, {"last_words": "카드"}, {"last_words": ""}),
        ("words", {"words": ["…"]}, {"last_words": "Really … no"}, {"last_words": "…"}),
    ],
)  # fmt: skip
def test_a_condition_holds_or_does_not(
    key: str, value: dict[str, Any], yes: dict[str, Any], no: dict[str, Any]
) -> None:
    if value == {"words": ["…"]}:  # what holds no word is nowhere
        assert not CONDITIONS[key].holds(facts(**yes), value)
    else:
        assert CONDITIONS[key].holds(facts(**yes), value)
    assert not CONDITIONS[key].holds(facts(**no), value)


def test_all_conditions_must_hold() -> None:
    both = rule(SOLVE, state={"states": ["new"]}, channel={"channel": "mail"})
    assert holds(both, facts(state="new", channel="mail"))
    assert not holds(both, facts(state="new", channel="phone"))
    assert holds(rule(SOLVE), facts()), "without any, always"


# --- what is refused ---------------------------------------------------------------------

BAD: list[Any] = [None, "", [], {}, "x", 7, True, ["x"], {"a": 1}, "\x00", "9" * 400]


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_nonsense_is_refused_in_every_input(kpopusa: Store, bad: Any) -> None:
    known = Known(kpopusa)
    for part in [*TRIGGERS.values(), *CONDITIONS.values(), *DOINGS.values()]:
        for one in part.inputs:
            raw = {each.name: bad for each in part.inputs}
            try:
                value = part.clean(raw, known)
            except InvalidInput as error:
                assert error.message
                assert error.field in {each.name for each in part.inputs}
            else:
                assert one.kind not in (ONE, MANY), f"{part.key} takes {bad!r}"
                json.dumps(value)
                part.words(value, known)


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (rule(SOLVE, when="whenever"), "when"),
        (rule(SOLVE, when="tagged"), "when-tag"),
        (rule(SOLVE, when="before_deadline", value={"kind": "pickup_expiry", "hours": 2}),
         "when-kind"),
        (rule(SOLVE, when="before_deadline", value={"kind": "answer_due", "hours": "0"}),
         "when-hours"),
        (rule(SOLVE, anything={}), "conditions-0-key"),
        (rule(SOLVE, state={"states": ["new", "asleep"]}), "conditions-0-states"),
        (rule(SOLVE, order_total_at_least={"amount": "1e9999", "currency": "USD"}),
         "conditions-0-amount"),
        (rule(SOLVE, order_total_at_least={"amount": "NaN", "currency": "USD"}),
         "conditions-0-amount"),
        (rule(SOLVE, order_total_at_least={"amount": "9", "currency": "QQQ"}),
         "conditions-0-currency"),
        (rule(), "actions"),
        (rule(("delete", {})), "actions-0-key"),
        (rule(SOLVE, ("put_off", {"days": 3})), "actions-1-key"),
        (rule(SOLVE, SOLVE), "actions-1-key"),
        (rule(("add_tags", {"tags": ["x" * 41]})), "actions-0-tags"),
        (rule(*[("note", {"text": "x"})] * 11), "actions"),
        (rule(("note", {"text": "x" * 2001})), "actions-0-text"),
        (rule(("assign", {"user": "999999"})), "actions-0-user"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_says_where(kpopusa: Store, made: Rule, field: str) -> None:
    with pytest.raises(InvalidInput) as told:
        checked(made, kpopusa)
    assert told.value.field == field


def test_people_and_macros_of_another_store_are_not_there(
    kpopusa: Store, popmart: Store, stranger: User, lead: User, reader: User
) -> None:
    foreign = ("assign", {"user": str(stranger.pk)})
    unfit = ("assign", {"user": str(reader.pk)})
    for one in (foreign, unfit, ("watch", {"user": stranger.pk})):
        with pytest.raises(InvalidInput):
            checked(rule(one), kpopusa)
    theirs = keep_macro(kpopusa, lead, "Theirs", shared=False)
    note = keep_macro(kpopusa, lead, "Note", kind="note")
    ours = keep_macro(kpopusa, lead, "Ours")
    for macro, store in ((theirs, kpopusa), (note, kpopusa), (ours, popmart)):
        with pytest.raises(InvalidInput):
            checked(rule(("reply", {"macro": macro.pk})), store)
    assert checked(rule(("reply", {"macro": str(ours.pk)})), kpopusa).actions[0].value == {
        "macro": ours.pk
    }


# --- how it reads ------------------------------------------------------------------------


def test_a_rule_reads_as_a_sentence(kpopusa: Store, agent: User) -> None:
    made = checked(
        rule(
            ("priority", {"priority": "0"}),
            ("add_tags", {"tags": "High value, parcel,high VALUE"}),
            ("assign", {"user": str(agent.pk)}),
            request_type={"requests": ["lost_parcel"]},
            order_total_at_least={"amount": "200", "currency": "usd"},
        ),
        kpopusa,
    )
    assert sentence(made, kpopusa) == (
        "When a request comes in, if it is about “Parcel not arrived” and the order is worth "
        "$200.00 or more: set its priority to “Urgent”, put on the tags “High value” and “parcel” "
        f"and assign it to {agent.get_full_name()}."
    )


def test_without_a_condition_none_is_told(kpopusa: Store) -> None:
    made = checked(rule(SOLVE, when="waiting_for_customer", value={"days": "1"}), kpopusa)
    assert sentence(made, kpopusa) == "When the customer has not answered for 1 day: solve it."


def test_what_another_release_wrote_does_not_take_the_page_away(kpopusa: Store) -> None:
    told = sentence(rule(("fly", {}), when="moonrise", tide={"high": True}), kpopusa)
    assert told.count("(something this release does not know)") == 3


def test_checked_twice_is_checked_once(kpopusa: Store, agent: User, lead: User) -> None:
    """What is stored can be checked again, when it is switched on: it is the same."""
    macro = keep_macro(kpopusa, lead)
    made = checked(
        rule(
            ("reply", {"macro": macro.pk}),
            ("watch", {"user": agent.pk}),
            ("put_off", {"days": "3"}),
            ("note", {"text": " Look.\r\nTwice. "}),
            words={"words": "broken , 깨진"},
            nth_request_at_least={"n": "2"},
            has_not_tag={"tags": "a,b"},
        ),
        kpopusa,
    )
    stored = Rule(
        made.when,
        json.loads(json.dumps(made.when_value)),
        tuple(Step(one.key, json.loads(json.dumps(one.value))) for one in made.conditions),
        tuple(Step(one.key, json.loads(json.dumps(one.value))) for one in made.actions),
    )
    assert checked(stored, kpopusa) == made
