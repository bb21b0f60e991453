"""Ask a store's pack in one line, as a customer would."""

from collections.abc import Sequence
from typing import Any

from policies.evaluate import decide
from policies.pack import load_builtin_packs
from policies.types import Decision, Facts, parse_facts


def facts(
    store: str,
    request: str,
    at: str,
    evidence: Sequence[str] = (),
    order: dict[str, Any] | None = None,
    **said: Any,
) -> Facts:
    """Return facts as they would come from outside."""
    data: dict[str, Any] = {"id": "t", "store": store, "request": request, "at": at}
    if order is not None:
        data["order"] = order
    return parse_facts(data | {"said": said, "evidence": list(evidence)})


def ask(*args: Any, **kwargs: Any) -> Decision:
    """Return what the store's own pack decides."""
    asked = facts(*args, **kwargs)
    return decide(load_builtin_packs()[asked.store], asked)


def told(decision: Decision) -> tuple[str, str]:
    """Return the verdict and the rule's id, without the store's name."""
    return str(decision.verdict), decision.rule.partition(".")[2]
