"""Facts as JSON lines to decisions as JSON lines, one for one, in order, as they come.

Two readers of one language. The quick one takes every ordinary line. Whatever it does not take
goes to the careful one, which alone says what is wrong with a line: so what is refused, and how,
does not depend on which of them met it first.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Protocol

import msgspec

from policies.evaluate import decide, explain
from policies.pack import Pack
from policies.parse import FactsError, parse_facts
from policies.wire import read_line

_encode = msgspec.json.Encoder().encode
_CHUNK = 1 << 18  # bytes: some hundred lines, decided in a few milliseconds


class Readable(Protocol):
    """Bytes that can be had as they come: a pipe's, a file's."""

    def read1(self, size: int, /) -> bytes:
        """Return what is there, at least one byte, waiting for it; nothing at the end."""


def decide_lines(packs: Mapping[str, Pack], source: Readable, target: BinaryIO) -> bool:
    """Decide every line and say whether all of them were usable.

    What has come is answered and flushed before more is waited for, so that a program at the
    other end can ask and wait; and one that asks a lot at once costs one write for it all.
    Blank lines are skipped, as JSON lines allow.
    """
    usable = True
    for lines in _batches(source):
        answers = []
        for line in lines:
            if not line or line.isspace():
                continue
            answer = _quickly(packs, line)
            if answer is None:
                found = decide_line(packs, line)
                usable = usable and "error" not in found
                answer = encode(found)
            answers.append(answer)
        if answers:
            target.write(b"".join(answers))
            target.flush()
    return usable


def decide_line(packs: Mapping[str, Pack], line: bytes) -> dict[str, Any]:
    """Return the decision of one line, or what is wrong with it, and where."""
    data: Any = None
    try:
        data = json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no)
        facts = parse_facts(data)
        pack = packs.get(facts.store)
        if pack is None:
            known = ", ".join(sorted(packs))
            raise FactsError("store", f"{facts.store!r} is not a loaded store ({known})")
        decision = decide(pack, facts)
        return decision.as_json(explain(pack, facts, decision))
    except FactsError as error:
        problem = str(error)
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        problem = f"is not JSON at character {error.pos + 1}: {error.msg}"
    except ValueError as error:
        problem = f"is not usable JSON: {error}"
    except RecursionError:
        problem = "is nested too deeply"
    return {"id": _id(data, line), "error": problem}


def _quickly(packs: Mapping[str, Pack], line: bytes) -> bytes | None:
    """Return the answer to an ordinary line, as `decide_line` and `encode` would give it.

    Spares the way over plain JSON values: this encoder writes dates and words by itself.
    """
    facts = read_line(line)
    pack = None if facts is None else packs.get(facts.store)
    if facts is None or pack is None:
        return None
    decision = decide(pack, facts)
    answer: dict[str, Any] = {
        "id": decision.id,
        "verdict": decision.verdict,
        "rule": decision.rule,
        "closes_at": decision.closes_at,
        "opens_at": decision.opens_at,
        "missing": decision.missing,
        "outcomes": decision.outcomes,
    }
    if decision.floor:
        answer["floor"] = decision.floor
    answer["explain"] = explain(pack, facts, decision)
    return _encode(answer) + b"\n"


def encode(answer: dict[str, Any]) -> bytes:
    """Return an answer as one line of UTF-8."""
    try:
        return _encode(answer) + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can carry and UTF-8 cannot
        return json.dumps(answer).encode() + b"\n"


def _batches(source: Readable) -> Iterator[list[bytes]]:
    """Yield the whole lines of each piece of input as it comes, without their ends."""
    begun: list[bytes] = []  # a line whose end has not come yet
    mark = b"\xef\xbb\xbf"  # UTF-8's byte order mark, which some programs put first
    first = True
    while piece := source.read1(_CHUNK):
        if b"\n" not in piece:
            begun.append(piece)
            continue
        *lines, rest = piece.split(b"\n")
        lines[0] = b"".join((*begun, lines[0]))
        begun = [rest]
        if first:
            lines[0] = lines[0].removeprefix(mark)
            first = False
        yield lines
    last = b"".join(begun)
    yield [last.removeprefix(mark) if first else last]


def _id(data: Any, line: bytes) -> str | None:
    """Return the line's id, also where the rest of it is of no use."""
    if data is None:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return None
    found = data.get("id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        # Which of the values counts would be anyone's guess.
        raise ValueError(f"{twice!r} stands twice in one object")
    return found


def _no(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
