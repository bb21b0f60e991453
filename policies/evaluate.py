"""The one answer to "does the store allow it": pure, fast, always with a rule's id."""

from datetime import tzinfo

from policies.explain import sentences
from policies.pack import Pack
from policies.program import run
from policies.shapes import Decision, Facts

__all__ = ["decide", "explain"]


def decide(pack: Pack, facts: Facts) -> Decision:
    """Return what the pack says about a request.

    Checks are tried in the pack's order and the first that settles it gives the verdict and
    the rule; where none does, the store has written no rule. ValueError when the facts are of
    another store than the pack.
    """
    program = pack.program
    if facts.store != program.store:
        raise ValueError(f"facts of {facts.store!r} need a pack other than {program.store!r}")
    return run(program.routines[facts.request], facts, program.unwritten)


def explain(
    pack: Pack,
    facts: Facts,
    decision: Decision,
    *,
    locale: str = "en",
    zone: tzinfo | None = None,
    filed: bool = False,
) -> list[str]:
    """Return the answer to the customer: plain sentences, in order, with figures and dates.

    `zone` is the customer's own; a date is said in it as well where its clock differs. `filed`
    says that the request has been sent: until when it can be sent is nobody's business any more.
    """
    return sentences(pack, facts, decision, locale, zone, filed=filed)
