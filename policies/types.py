"""Facts in, a decision out: the names that the rest of the house imports.

The shapes stand in `policies.shapes`, their strict reader in `policies.parse`.
"""

from policies.parse import FactsError, facts_from_json, parse_facts
from policies.shapes import (
    Channel,
    Decision,
    EvidenceKind,
    Facts,
    OrderFacts,
    Outcome,
    Reason,
    Request,
    Said,
    ShippingMethod,
    Verdict,
)

__all__ = [
    "Channel",
    "Decision",
    "EvidenceKind",
    "Facts",
    "FactsError",
    "OrderFacts",
    "Outcome",
    "Reason",
    "Request",
    "Said",
    "ShippingMethod",
    "Verdict",
    "facts_from_json",
    "parse_facts",
]
