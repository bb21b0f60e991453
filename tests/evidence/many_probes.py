"""Probe every file of a directory in one process, as `probe.py` probes one; for the tests.

``many_probes.py DIRECTORY``: the names begin with ``photo-`` or ``video-``. Writes one JSON object:
name -> [code or "ready", seconds]. An exception ends it, as it would end the probe.
"""

import json
import sys
import time
from pathlib import Path

from tickets.evidence.apart.probe import answer


def main() -> None:
    found = {}
    for path in sorted(Path(sys.argv[1]).iterdir()):
        began = time.monotonic()
        try:
            told = answer([path.name.split("-")[0], str(path)])
            code = "ready" if told["ok"] else told["code"]
        except Exception as error:
            code = f"{type(error).__name__}: {error}"
        found[path.name] = [code, round(time.monotonic() - began, 2)]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
