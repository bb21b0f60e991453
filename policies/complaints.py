"""What the shape of a pack refuses, in words for whoever wrote the file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policies.editor import json_schema
from policies.fields import nearest
from policies.reading import Mistake, Path, Source

_PREFIX = re.compile(r"^(?:Value error|Assertion failed), ")
_SHORT_LIST = 8  # more names than these are not all told, only the nearest
_PLAIN = {
    "missing": "is missing",
    "json_invalid": "holds half of a character, or nothing that is text",
    "string_type": "must be text",
    "string_sub_type": "must be text",
    "string_too_short": "is empty",
    "string_unicode": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
}
_PATTERNS = {
    "^[A-Z]{3}$": "must be three capital letters (ISO 4217), such as EUR",
    "^[A-Z]{2}$": "must be two capital letters (ISO 3166), such as DE",
    "^[a-z][a-z0-9]*$": "must be small letters and digits, a letter first",
    "^[a-z][a-z0-9_]*$": "must be small letters, digits and underscores, a letter first",
}
_ID = "must be an id such as 'store.defect': small letters, digits, dashes, with a dot between"
_REF = "must name a figure, such as 'days' or, of another rule, 'store.defect/days'"
_FIGURE = "must be a whole number, an amount, or a list of different numbers above 0"


def shape_mistakes(errors: Sequence[Mapping[str, Any]], source: Source) -> Iterator[Mistake]:
    """Return one mistake for each place, whatever the number of errors there."""
    found: dict[str, list[Mistake]] = {}
    for error in errors:
        place = tuple(error["loc"])
        if error["type"] in ("too_short", "missing_argument") and _explained(place, errors):
            continue
        message = _FIGURE if _is_figure(place) else _message(error)
        mistake = source.mistake(place, message, missing=error["type"] == "missing")
        found.setdefault(mistake.path, []).append(mistake)
    for mistakes in found.values():
        yield from _merged(mistakes)


def _explained(place: Path, errors: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether it is short only because what is in it could not be read."""
    return any(
        len(other["loc"]) > len(place) and tuple(other["loc"])[: len(place)] == place
        for other in errors
    )


def _is_figure(place: Path) -> bool:
    return "figures" in place and len(place) > place.index("figures") + 1 and place[-1] != "[key]"


def _merged(mistakes: list[Mistake]) -> Iterator[Mistake]:
    """A union reports once for each of its members; one message says it all."""
    messages = list(dict.fromkeys(mistake.message for mistake in mistakes))
    first = mistakes[0]
    wanted = [text.removeprefix("must be ") for text in messages if text.startswith("must be ")]
    others = [text for text in messages if not text.startswith("must be ")]
    if wanted:
        others.append("must be " + " or ".join(wanted))
    for message in others:
        yield Mistake(first.source, first.line, first.path, first.rule, message)


def _message(error: Mapping[str, Any]) -> str:
    kind, context, given = error["type"], error.get("ctx", {}), error.get("input")
    if kind == "extra_forbidden":
        return f"is not a known key{nearest(str(error['loc'][-1]), _keys(tuple(error['loc'])))}"
    if kind in ("literal_error", "enum"):
        return _choice(given, context["expected"])
    if kind == "union_tag_invalid":
        return _choice(context["tag"], context["expected_tags"])
    if kind == "union_tag_not_found":
        return "needs the key 'check', which says what kind of check it is"
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return _PATTERNS.get(pattern) or (_REF if "/" in pattern else _ID)
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    if kind == "too_short":
        return f"needs at least {context['min_length']} of them"
    if kind.startswith("date"):
        return "must be a day such as 2026-01-31"
    if kind.startswith("time"):
        return 'must be a time such as "09:30"'
    for bound, words in (("gt", "above"), ("ge", "at least"), ("le", "at most"), ("lt", "below")):
        if bound in context:
            return f"must be {words} {context[bound]}"
    return _PLAIN.get(kind) or _PREFIX.sub("", error["msg"])


def _choice(given: object, expected: str) -> str:
    """Of few names say all, of many the nearest. pydantic quotes them: 'a', 'b' or 'c'."""
    names = re.findall(r"'([^']*)'", expected)
    if not names:
        return f"must be {expected}"
    if not isinstance(given, str):
        return f"must be one of {', '.join(names)}"
    hint = nearest(given, names)
    if hint and len(names) > _SHORT_LIST:
        return f"{given!r} is not known here{hint}"
    return f"{given!r} is not one of {', '.join(names)}{hint}"


# The keys that are known at a place, read from the schema itself ----------------------------


def _keys(place: Path) -> set[str]:
    """Return the keys that would be known in the mapping that holds the last part of a place."""
    here = [json_schema()]
    for part in place[:-1]:
        inner = [found for schema in here for found in _step(schema, part)]
        # A part that is no step is the name of a check: it leads to that check's own keys.
        here = inner or [
            schema for schema in _members(here) if part in _tags(schema)
        ] or here  # fmt: skip
    return {key for schema in _members(here) for key in schema.get("properties", {})}


def _members(schemas: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the plain schemas behind references and unions."""
    for schema in schemas:
        if "$ref" in schema:
            yield from _members([json_schema()["$defs"][schema["$ref"].rpartition("/")[2]]])
        elif "anyOf" in schema or "oneOf" in schema:
            yield from _members(schema.get("anyOf", ()) or schema["oneOf"])
        else:
            yield schema


def _step(schema: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    for member in _members([schema]):
        if isinstance(part, int) and "items" in member:
            yield member["items"]
        elif part in member.get("properties", {}):
            yield member["properties"][part]
        elif isinstance(member.get("additionalProperties"), dict):
            yield member["additionalProperties"]


def _tags(schema: dict[str, Any]) -> list[object]:
    check = schema.get("properties", {}).get("check", {})
    return [*check.get("enum", ()), check.get("const")]
