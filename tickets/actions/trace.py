"""What an event keeps of a decision, so that it can be explained years later."""

from __future__ import annotations

from typing import Any

from policies.evaluate import explain
from policies.pack import Pack
from policies.types import Decision, Facts


def decision_data(decision: Decision, facts: Facts, pack: Pack) -> dict[str, Any]:
    """Verdict, dates, what was missing, the facts it saw, and the sentences as told in English."""
    return {
        "decision": decision.as_json(explain=explain(pack, facts, decision)),
        "facts": facts.as_json(),
    }
