"""YAML to plain data, with the line of every place, and the mistakes a pack can have.

Read by YAML 1.2's few plain types: `NO` is a country and `12:00` a time, never a truth value
or a number of seconds. Twice the same key is a mistake, not a silent choice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.composer import Composer

_MAX_NODES = 200_000  # what aliases may unfold to; a real pack has a few thousand

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong with a pack. `line` counts from 1; `path` is dotted."""

    source: str
    line: int | None
    path: str
    rule: str | None
    message: str

    def __str__(self) -> str:
        where = self.source if self.line is None else f"{self.source}:{self.line}"
        about = f" (rule {self.rule})" if self.rule and self.rule not in self.path else ""
        return (
            f"{where}: {self.path}{about}: {self.message}"
            if self.path
            else (f"{where}: {self.message}")
        )


class PackError(ValueError):
    """A pack that cannot be used. `mistakes` holds all of them at once, in file order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda found: (found.line or 0, found.path)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class _Loader(yaml.SafeLoader):
    """Composes nodes only; knows null, true, false and whole numbers, the rest is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]{0,17})$"), list("-0123456789")
)


class _Quick(Composer, yaml.CSafeLoader):
    """The same language, cut into tokens by libyaml.

    Only that: libyaml's own composer runs out of stack, and the process with it, where this
    one raises RecursionError.
    """

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Quick)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=_Loader)  # says better what is wrong


class Source:
    """One pack text: its data, and the line of each path in it."""

    def __init__(self, text: str, name: str) -> None:
        """Read the text; raises PackError when it is no YAML mapping."""
        self.name = name
        self.mistakes: list[Mistake] = []
        self._seen = 0
        try:
            self._root = _compose(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = None if mark is None else mark.line + 1
            message = f"no YAML: {error.problem}{_hint(error)}"
            raise PackError([Mistake(name, line, "", None, message)]) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            message = "no YAML: a character that no text file holds"
            raise PackError([Mistake(name, line, "", None, message)]) from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise PackError([Mistake(name, 1, "", None, f"no YAML: {error}")]) from None
        if not isinstance(self._root, yaml.MappingNode):
            raise PackError([Mistake(name, 1, "", None, "is not a mapping of keys to values")])
        try:
            self.data = self._build(self._root, ())
        except RecursionError:
            raise PackError([Mistake(name, 1, "", None, "contains itself")]) from None

    def mistake(self, path: Path, message: str, *, missing: bool = False) -> Mistake:
        """Make a mistake at a path, with its line and the rule it is about.

        What is `missing` has no line of its own: it is named, at its parent's.
        """
        real, line = self._locate(path)
        if missing and real[-1:] != path[-1:]:
            real = (*real, path[-1])
        dotted = ".".join(str(part) for part in real)
        return Mistake(self.name, line, dotted, self._rule_of(real), message)

    def _build(self, node: yaml.Node, path: Path) -> Any:
        self._seen += 1
        if self._seen > _MAX_NODES:
            raise PackError([Mistake(self.name, 1, "", None, "unfolds to far too much")])
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                if key in found:
                    line = key_node.start_mark.line + 1
                    dotted = ".".join(map(str, (*path, key)))
                    self.mistakes.append(
                        Mistake(self.name, line, dotted, None, "stands twice under the same key")
                    )
                found[key] = self._build(value_node, (*path, key))
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._build(item, (*path, index)) for index, item in enumerate(node.value)]
        if node.tag == "tag:yaml.org,2002:null":
            return None
        if node.tag == "tag:yaml.org,2002:bool":
            return node.value == "true"
        if node.tag == "tag:yaml.org,2002:int":
            return int(node.value)
        return node.value

    def _locate(self, path: Path) -> tuple[Path, int]:
        """Return the part of a path that stands in the file, and its line.

        pydantic puts the names of union members into a path; what is not in the file is skipped.
        """
        node, line = self._root, 1
        real: list[str | int] = []
        for part in path:
            step = _child(node, part)
            if step is not None:
                node, line = step
                real.append(part)
        return tuple(real), line

    def _rule_of(self, path: Path) -> str | None:
        if len(path) > 1 and path[0] == "rules":
            return str(path[1])
        node: Any = self.data
        rule = None
        for part in path:
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(node, dict) and isinstance(node.get("rule"), str):
                rule = node["rule"]
        return rule


def _hint(error: yaml.MarkedYAMLError) -> str:
    """Say what usually is behind YAML's own words."""
    problem = error.problem or ""
    if "mapping values are not allowed" in problem or "<scalar>" in problem:
        return "; a text with ': ' or a comma in it needs quotes"
    if "but got '{'" in problem or "but got '['" in problem or "flow" in problem:
        return "; a text that begins with a brace or a bracket needs quotes"
    if "\\t" in problem:
        return "; indent with spaces"
    return ""


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(part):
                return value_node, key_node.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None
