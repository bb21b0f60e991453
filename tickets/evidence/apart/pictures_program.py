"""Make copies of one file for looking at; run as a program of its own, under limits.

``pictures_program.py copy|preview PATH OUT`` writes the copy to OUT and one JSON object to its
output: ``copy`` the contact sheet of a film (JPEG) and prints, ``preview`` a JPEG of a photo or an
MP4 of a film. Of what is written in the original nothing is carried over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tickets.evidence.apart.kinds import Bad, Kind, kind_of


def copy(path: Path, out: Path, kind: Kind) -> dict[str, Any]:
    """The sheet (of a film) and the prints."""
    from tickets.evidence.apart.prints import print_of, prints_of

    if kind.media == "photo":
        from tickets.evidence.apart.photos import small

        found = print_of(small(path, kind))
        return {"sheet": None, "prints": [{"at": 0.0, "bits": found}] if found else []}
    from tickets.evidence.apart.sheets import frames_of, write_sheet

    frames = frames_of(path, kind)
    return {"sheet": write_sheet(frames, out), "prints": prints_of(frames)}


def preview(path: Path, out: Path, kind: Kind) -> dict[str, Any]:
    """What every browser shows of the file."""
    if kind.media == "photo":
        from tickets.evidence.apart.photos import write_preview

        size = write_preview(path, out, kind)
        return {"preview": {"ending": "jpg", "width": size[0], "height": size[1], "data": {}}}
    from tickets.evidence.apart.recode import write_film

    return {"preview": write_film(path, out, kind)}


def answer(arguments: Sequence[str]) -> dict[str, Any]:
    """What `main` writes."""
    what, path, out = arguments[0], Path(arguments[1]), Path(arguments[2])
    with path.open("rb") as file:
        kind = kind_of(file.read(512))
    try:
        if kind is None:
            raise Bad("not_video")
        made = copy(path, out, kind) if what == "copy" else preview(path, out, kind)
    except Bad as bad:
        return {"ok": False, "code": str(bad)}
    except MemoryError:
        return {"ok": False, "code": "too_heavy"}
    return {"ok": True, **made}


def main() -> None:
    """Answer in JSON."""
    sys.stdout.write(json.dumps(answer(sys.argv[1:])))


if __name__ == "__main__":
    main()
