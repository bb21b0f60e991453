"""Automations that the demo's stores have: a few that every shop needs, and their first days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tickets.actions.automations import make, switch
from tickets.actor import Actor
from tickets.automations.facts import Rule, Step
from tickets.models import Automation, Macro, Order, Store

Steps = Sequence[tuple[str, dict[str, Any]]]


def _rule(when: str, value: dict[str, Any], ifs: Steps, thens: Steps) -> Rule:
    return Rule(
        when,
        value,
        tuple(Step(key, each) for key, each in ifs),
        tuple(Step(key, each) for key, each in thens),
    )


def _wanted(store: Store, macros: Sequence[Macro]) -> list[tuple[str, Rule, bool]]:
    """Names, rules, and whether each is switched on."""
    evidence = next(one for one in macros if one.name.startswith("Evidence"))
    newest = Order.objects.filter(store=store).order_by("-pk").values_list("currency", flat=True)
    money = {"amount": "40.00", "currency": newest.first() or "USD"}
    lost = {"requests": ["lost_parcel", "tracking_stalled", "poster_missing"]}
    return [
        (
            "Expensive parcels that are lost",
            _rule(
                "request_filed",
                {},
                [("request_type", lost), ("order_total_at_least", money)],
                [("priority", {"priority": 1}), ("add_tags", {"tags": ["high value"]})],
            ),
            True,
        ),
        (
            "한국어 문의",  # questions in Korean
            _rule(
                "request_filed",
                {},
                [("language", {"language": "ko"})],
                [("add_tags", {"tags": ["한국어"]})],
            ),
            True,
        ),
        (
            "Somebody is angry",
            _rule(
                "customer_wrote",
                {},
                [("words", {"words": ["lawyer", "bank", "chargeback", "소비자원", "신고"]})],
                [
                    ("priority", {"priority": 0}),
                    ("note", {"text": "Words of anger: let a lead look before it is answered."}),
                    ("tell_leads", {}),
                ],
            ),
            True,
        ),
        (
            "Asked again and again",
            _rule(
                "request_filed",
                {},
                [("nth_request_at_least", {"n": 2})],
                [("add_tags", {"tags": ["asked before"]})],
            ),
            True,
        ),
        (
            "Evidence: a last word",
            _rule(
                "before_deadline",
                {"kind": "evidence_due", "hours": 24},
                [("waiting_for", {"whom": "customer"})],
                [("reply", {"macro": evidence.pk})],
            ),
            False,
        ),
    ]


def automate(
    store: Store, macros: Sequence[Macro], manager: Actor, now: datetime
) -> list[Automation]:
    """Give a store all of them; one is still off, to be tried on the past first."""
    made = []
    for name, rule, on in _wanted(store, macros):
        one = make(store, name, rule, actor=manager, now=now)
        made.append(switch(one, on, actor=manager, now=now))
    return made
