"""Other programs ask for a decision."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from tickets.models import Draft, Store, Ticket

FACTS: dict[str, Any] = {
    "id": "q1",
    "store": "kpopusa",
    "request": "defect",
    "at": "2026-03-05T12:00:00-08:00",
    "order": {
        "placed_at": "2026-02-24T12:00:00-08:00",
        "delivered_at": "2026-03-03T12:00:00-08:00",
    },
    "evidence": ["photo"],
}


def _ask(web: Client, facts: Any) -> Any:
    body = facts if isinstance(facts, str) else json.dumps(facts)
    return web.post("/api/v1/decide", body, content_type="application/json")


def test_the_index_tells_what_there_is(web: Client, kpopusa: Store) -> None:
    answer = web.get("/api/v1/").json()
    assert answer["stores"] == ["kpopusa"]
    assert answer["decide"] == {"post": "/api/v1/decide"}


def test_facts_in_a_decision_out_and_nothing_is_kept(kpopusa: Store) -> None:
    answer = _ask(Client(enforce_csrf_checks=True), FACTS).json()

    assert (answer["id"], answer["verdict"], answer["rule"]) == (
        "q1",
        "evidence_needed",
        "kpopusa.defect",
    )
    assert answer["missing"] == [{"photo": 1}, {"unboxing_video": 1}]
    assert answer["closes_at"] == "2026-03-11T00:00:00-07:00"
    assert answer["explain"]
    assert not Draft.objects.exists()
    assert not Ticket.objects.exists()


def test_a_mistake_is_told_with_its_place(web: Client, kpopusa: Store) -> None:
    wrong = {**FACTS, "order": {"placed": "2026-02-24T12:00:00-08:00"}}
    for body, said in (
        (wrong, "placed"),
        ("{", "one JSON object"),
        ([FACTS], "object"),
        ({**FACTS, "store": "nowhere"}, "nowhere"),
    ):
        response = _ask(web, body)
        assert response.status_code == 422
        assert said in response.json()["error"]


def test_a_huge_body_is_refused(web: Client, kpopusa: Store) -> None:
    assert _ask(web, "x" * 100_000).status_code == 413
