"""Changing single values in a pack's text, and nothing else: comments and layout stay.

The places of the values come from YAML's own events, so a change touches the characters of one
value. A library that reads and writes the whole file again would have to reflow quotes and
folded lines of a thousand lines to change a 7 to a 10. Afterwards the text is read again: what
it says must be exactly what was asked for, or nothing is changed.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from policies.reading import PackError, Path, Source

__all__ = ["EditError", "edit", "value_at"]

_ANCHOR = re.compile(r"^(?:[&!][^\s,\[\]{}]*\s+)+")
_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9 _./-]*$")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


class EditError(ValueError):
    """A value that cannot be changed in place; it can in the text itself."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{'.'.join(map(str, path))}: {message}")
        self.path = path


@dataclass(slots=True)
class _Node:
    """A value in the text: characters `start` to `end`, its anchor not among them."""

    start: int
    end: int
    flow: bool
    anchor: str | None = None
    alias: str | None = None
    pairs: list[tuple[str, "_Node", "_Node"]] = field(default_factory=list)
    items: list["_Node"] = field(default_factory=list)


def value_at(data: Any, path: Path) -> Any:
    """Return the value at a path of plain data; None where there is none."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def edit(text: str, changes: Mapping[Path, Any]) -> str:
    """Return the text with other values at these paths; what already is so stays untouched.

    A value may be a number, a truth value, a text, a date, None, or lists and mappings of
    them. The last key of a path may be new in its mapping. Raises PackError when the text is
    no YAML, EditError when a value cannot be changed in place.
    """
    data = Source(text, "draft").data
    wanted = copy.deepcopy(data)
    for path, value in changes.items():
        value = _plain(value)
        if value_at(data, path) == value:
            continue
        text = _put(text, path, value)
        _set(wanted, path, value)
        try:
            found = Source(text, "draft")
        except PackError as error:
            raise EditError(path, str(error)) from None
        if found.mistakes or found.data != wanted:
            raise EditError(path, "stands where others depend on it; please change it in the text")
    return text


def _put(text: str, path: Path, value: Any) -> str:
    root = _compose(text, path)
    parent, node = _find(root, path)
    if node is None:
        return _insert(text, parent, path, value)
    if node.anchor is not None:
        # Others repeat this value by its anchor: they keep what they say now.
        text = _unshare(text, root, node)
        _, node = _find(_compose(text, path), path)
        assert node is not None
    return text[: node.start] + _written(value) + text[node.end :]


def _insert(text: str, parent: _Node, path: Path, value: Any) -> str:
    line = f"{path[-1]}: {_written(value)}"
    if parent.flow:
        closing = text.rindex("}", parent.start, parent.end)
        before = text[:closing].rstrip()
        comma = "" if before.endswith(("{", ",")) else ", "
        return f"{before}{comma}{line}{text[closing:]}"
    if not parent.pairs:
        raise EditError(path, "there is no such place in the text")
    _, key, first = parent.pairs[0]
    column = key.start - (text.rfind("\n", 0, key.start) + 1)
    end = text.find("\n", max(first.end - 1, key.end))
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{' ' * column}{line}{text[end:]}"


def _unshare(text: str, root: _Node, node: _Node) -> str:
    """Write what an anchor stands for at every alias of it."""
    literal = text[node.start : node.end]
    places = sorted(
        (found for found in _walk(root) if found.alias == node.anchor),
        key=lambda found: -found.start,
    )
    for place in places:
        text = text[: place.start] + literal + text[place.end :]
    return text


def _walk(node: _Node) -> Iterator[_Node]:
    yield node
    for _, _, child in node.pairs:
        yield from _walk(child)
    for child in node.items:
        yield from _walk(child)


def _find(root: _Node, path: Path) -> tuple[_Node, _Node | None]:
    """Return the mapping or list around a place, and what stands there, if anything."""
    parent = node = root
    for index, part in enumerate(path):
        parent = node
        if isinstance(part, int):
            if part >= len(parent.items):
                raise EditError(path, "there is no such place in the text")
            node = parent.items[part]
            continue
        found = next((child for key, _, child in parent.pairs if key == part), None)
        if found is None:
            if index == len(path) - 1 and parent.alias is None and not parent.items:
                return parent, None
            raise EditError(path, "there is no such place in the text")
        node = found
    return parent, node


def _compose(text: str, path: Path) -> _Node:
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise EditError(path, str(error)) from None
    stream = (
        event for event in events if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent)
    )
    return _node(text, stream, next(stream))


def _node(text: str, stream: Iterator[Any], event: Any) -> _Node:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.AliasEvent):
        return _Node(start, end, True, alias=event.anchor)
    marked = _ANCHOR.match(text[start:end] if event.anchor else "")
    if isinstance(event, yaml.ScalarEvent):
        start += marked.end() if marked else 0
        end = start + len(text[start:end].rstrip())
        return _Node(start, end, True, event.anchor)
    made = _Node(start, end, bool(event.flow_style), event.anchor)
    if event.anchor:
        found = _ANCHOR.match(text[start:])
        made.start += found.end() if found else 0
    last = end
    while not isinstance(item := next(stream), yaml.CollectionEndEvent):
        child = _node(text, stream, item)
        if isinstance(event, yaml.SequenceStartEvent):
            made.items.append(child)
        else:
            value = _node(text, stream, next(stream))
            made.pairs.append((item.value, child, value))
            child = value
        last = child.end
    made.end = item.end_mark.index if made.flow and item.end_mark is not None else last
    return made


def _set(data: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = value


def _plain(value: Any) -> Any:
    """A value as the reader will read it back."""
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _written(value: Any) -> str:
    """A value as YAML on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in value.items()) + "}"
    text = str(value)
    if _PLAIN.match(text) and not text.endswith(" ") and text.lower() not in _WORDS:
        return text
    if re.fullmatch(r"\d{4}-\d\d-\d\d|\d+\.\d+", text):
        return text
    return json.dumps(text, ensure_ascii=False)
