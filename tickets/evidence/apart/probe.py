"""Look into one file and say what it is; run as a program of its own, under limits.

``probe.py photo|video|any|file PATH`` writes one JSON object. A file made to exhaust or crash a
decoder takes this process down and nothing else.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tickets.evidence.apart.documents import document_of
from tickets.evidence.apart.kinds import Bad, kind_of


def look(wanted: str, path: Path) -> dict[str, Any]:
    """Everything the desk wants to know of a file.

    Raises:
        Bad: it will not do; the code is one of those that the desk has words for.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise Bad("empty")
    paper = document_of(path) if wanted == "file" else ""
    if paper:
        return _paper(paper)
    kind = kind_of(head)
    if kind is None and wanted == "file":
        raise Bad("not_sendable")
    if kind is None or wanted not in (kind.media, "any", "file"):
        raise Bad("not_photo" if wanted == "photo" else "not_video")
    # Imported late: a photo needs no film's libraries, and the other way round.
    if kind.media == "photo":
        from tickets.evidence.apart.photos import photo

        found = photo(path, kind)
    else:
        from tickets.evidence.apart.films import film

        found = film(path, kind)
    if not all(math.isfinite(found.get(key) or 0) for key in ("width", "height", "seconds")):
        raise Bad("cut_short")
    return found


def _paper(content_type: str) -> dict[str, Any]:
    """A document: it is not opened, and nobody sees it in a page."""
    return {
        "content_type": content_type,
        "width": None,
        "height": None,
        "captured_at": None,
        "advice": [],
    }


def answer(arguments: Sequence[str]) -> dict[str, Any]:
    """What `main` writes."""
    wanted, path = arguments
    try:
        return {"ok": True, **look(wanted, Path(path))}
    except Bad as bad:
        return {"ok": False, "code": str(bad)}
    except MemoryError:
        return {"ok": False, "code": "too_heavy"}


def main() -> None:
    """Answer in JSON."""
    sys.stdout.write(json.dumps(answer(sys.argv[1:])))


if __name__ == "__main__":
    main()
