"""The claim's own version of the pack, as far as the forms of the desk read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from django.utils.translation import get_language

from policies.checks import RequestChecks
from policies.pack import Pack
from policies.types import Request


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What may be chosen: the rules to refuse by, the kinds of evidence to ask for.

    ``reason_to_refuse``: by a right of the customer's country a refusal must say why.
    """

    EMPTY: ClassVar[Rulebook]
    rules: tuple[tuple[str, str], ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    evidence_days: int = 7
    manufacturer_first: bool = False
    reason_to_refuse: bool = False


Rulebook.EMPTY = Rulebook()


def read(pack: Pack, request: str, rule: str = "", country: str = "") -> Rulebook:
    """The rulebook for one type of request, in the reader's language.

    ``rule`` is the one the claim stands under: its process says whether the manufacturer
    is asked before anything is approved. ``country`` is the order's.
    """
    locale = get_language() or "en"
    return Rulebook(
        rules=tuple((rule, pack.rule(rule).sentence(locale)) for rule in rules_for(pack, request)),
        kinds={kind: info.label(locale) for kind, info in pack.evidence_kinds.items()},
        evidence_days=pack.evidence_days,
        manufacturer_first=pack.process(rule).manufacturer,
        reason_to_refuse=pack.floor_for(request, country or None) is not None,
    )


def rules_for(pack: Pack, request: str) -> list[str]:
    """The rules by which a request of this type can be settled, in the order they are tried.

    Last come the rule on personal reasons, which an inspection may find to be the true
    one, and the store's unwritten rule.
    """
    document = pack.document
    found: list[str] = []
    for kind in (Request(request), Request.CHANGE_OF_MIND):
        asked = document.requests.get(kind, RequestChecks())
        checks = document.requests[asked.same_as].checks if asked.same_as else asked.checks
        found += [check.rule for check in checks if hasattr(check, "rule")]
    return list(dict.fromkeys([*found, pack.unwritten]))


def sentence(pack: Pack, rule: str) -> str:
    """A rule's sentence, or nothing where this version does not know the rule."""
    known = pack.rules.get(rule)
    return known.sentence(get_language() or "en") if known else ""
