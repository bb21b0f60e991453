"""The small types that a pack file is made of."""

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from policies.shapes import OrderFacts, Said

ORDER_FACTS = frozenset(OrderFacts.__slots__)
SAID_FACTS = frozenset(Said.__slots__)
DATE_FACTS = frozenset(name for name in ORDER_FACTS | SAID_FACTS if name.endswith("_at"))
FLAG_FACTS = frozenset(
    {"opened", "package_damaged", "video_exists", "receipt", "remote", "forfeit_points"}
    | {"member", "preorder", "in_stock"}
)

# Placeholders of a text, beside the pack's figures. What a request may leave unknown makes the
# sentence around it drop out.
ALWAYS_KNOWN = frozenset({"store"})
SOMETIMES_KNOWN = DATE_FACTS | {
    "phone",
    "email",
    "closes",
    "opens",
    "left",
    "missing",
    "total",
    "points",
    "method",
    "estimate_from",
    "estimate_to",
}


class Model(BaseModel):
    """Frozen, strict, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _as_tuple(value: Any) -> Any:
    """One sentence may stand without a list. A tuple: strict mode takes no list from Python."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _by_locale(value: dict[str, Any]) -> dict[str, Any]:
    if "en" not in value:
        raise ValueError("the text has no 'en'")
    for locale in value:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,8})*", locale):
            raise ValueError(f"{locale!r} is not a locale such as 'en' or 'pt-BR'")
    return value


def _distinct(value: tuple[int, ...]) -> tuple[int, ...]:
    if any(number <= 0 for number in value) or len(set(value)) != len(value):
        raise ValueError("must be different numbers above zero")
    return value


NonEmpty = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(\.[a-z0-9-]+)+$")]
FigureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
FigureRef = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]+(\.[a-z0-9-]+)+/)?[a-z][a-z0-9_]*$")
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=40)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Text = Annotated[dict[str, NonEmpty], AfterValidator(_by_locale)]
Sentences = Annotated[
    dict[str, Annotated[tuple[NonEmpty, ...], Field(min_length=1), BeforeValidator(_as_tuple)]],
    AfterValidator(_by_locale),
]
Days = Annotated[tuple[int, ...], AfterValidator(_distinct)]
FactName = Annotated[
    str, AfterValidator(lambda name: _known(name, ORDER_FACTS | SAID_FACTS, "a fact"))
]
SaidName = Annotated[str, AfterValidator(lambda name: _known(name, SAID_FACTS, "a declared fact"))]
DateName = Annotated[str, AfterValidator(lambda name: _known(name, DATE_FACTS, "a date fact"))]


def _known(name: str, names: frozenset[str], what: str) -> str:
    if name not in names:
        raise ValueError(f"{name!r} is not the name of {what}")
    return name
