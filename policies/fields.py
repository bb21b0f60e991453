"""The small types that a pack file is made of."""

import re
from collections.abc import Iterable
from datetime import time
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
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
CONTACTS = frozenset({"phone", "email"})  # of a channel that is open
ARTICLE_KNOWN = ALWAYS_KNOWN | CONTACTS
SOMETIMES_KNOWN = DATE_FACTS | {
    "phone",
    "email",
    "closes",
    "own_closes",
    "opens",
    "left",
    "missing",
    "total",
    "points",
    "method",
    "estimate_from",
    "estimate_to",
}


LOCALE = r"^[a-z]{2,3}(-[A-Za-z]{2,8})*$"


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a hint with the name that was probably meant; empty when none is close."""
    found = get_close_matches(name, sorted(names), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


class Model(BaseModel):
    """Frozen, strict, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


def _as_tuple(value: Any) -> Any:
    """One sentence may stand without a list. A tuple: strict mode takes no list from Python."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _by_locale(value: dict[str, Any]) -> dict[str, Any]:
    if "en" not in value:
        raise ValueError("the text has no 'en'")
    for locale in value:
        if not re.fullmatch(LOCALE, locale):
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
SLUG = r"^[a-z][a-z0-9]*$"
MAX_SLUG = 40
Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=MAX_SLUG)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
# What an editor is told of texts: English is there, and one sentence needs no list.
_WORDS: dict[str, Any] = {"type": "string", "minLength": 1}
_LOCALES: dict[str, Any] = {
    "type": "object",
    "required": ["en"],
    "propertyNames": {"pattern": LOCALE},
}
Text = Annotated[
    dict[str, NonEmpty],
    AfterValidator(_by_locale),
    WithJsonSchema(_LOCALES | {"additionalProperties": _WORDS}),
]
Sentences = Annotated[
    dict[str, Annotated[tuple[NonEmpty, ...], Field(min_length=1), BeforeValidator(_as_tuple)]],
    AfterValidator(_by_locale),
    WithJsonSchema(
        _LOCALES
        | {
            "additionalProperties": {
                "anyOf": [_WORDS, {"type": "array", "items": _WORDS, "minItems": 1}]
            }
        }
    ),
]
ClockTime = Annotated[
    time,
    WithJsonSchema({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}),
]
Days = Annotated[tuple[int, ...], AfterValidator(_distinct)]


def _known(names: frozenset[str], what: str) -> AfterValidator:
    """A name out of a set; another is refused with the one that was probably meant."""

    def known(name: str) -> str:
        if name not in names:
            raise ValueError(f"{name!r} is not the name of {what}{nearest(name, names)}")
        return name

    return AfterValidator(known)


def _offered(names: frozenset[str]) -> WithJsonSchema:
    """What an editor offers for such a name."""
    return WithJsonSchema({"type": "string", "enum": sorted(names)})


_ANY_FACTS = ORDER_FACTS | SAID_FACTS
FactName = Annotated[str, _known(_ANY_FACTS, "a fact"), _offered(_ANY_FACTS)]
SaidName = Annotated[str, _known(SAID_FACTS, "a declared fact"), _offered(SAID_FACTS)]
DateName = Annotated[str, _known(DATE_FACTS, "a date fact"), _offered(DATE_FACTS)]
