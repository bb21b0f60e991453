"""Facts as JSON lines to decisions as JSON lines, one for one, in order, as they come."""

import json
from collections.abc import Mapping
from typing import Any, BinaryIO

from policies.evaluate import decide, explain
from policies.pack import Pack
from policies.parse import FactsError, parse_facts


def decide_lines(packs: Mapping[str, Pack], source: BinaryIO, target: BinaryIO) -> bool:
    """Decide every line and say whether all of them were usable.

    Each answer is flushed, so that a program at the other end can ask and wait. Blank lines
    are skipped, as JSON lines allow.
    """
    usable = True
    for number, line in enumerate(source):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        if not text.strip():
            continue
        answer = decide_line(packs, text)
        usable = usable and "error" not in answer
        target.write(encode(answer))
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


def encode(answer: dict[str, Any]) -> bytes:
    """Return an answer as one line of UTF-8."""
    try:
        return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can carry and UTF-8 cannot
        return json.dumps(answer).encode() + b"\n"


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
