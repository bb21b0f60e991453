"""Run a program of ours under limits that it cannot lift, set before anything else is imported.

    python -I limited.py MEMORY CPU WRITTEN PROGRAM [ARGUMENT …]

MEMORY and WRITTEN are bytes (of address space, and of the largest file it may write), CPU seconds.
"""

from __future__ import annotations

import resource
import runpy
import sys
from pathlib import Path

_FILES = 128  # open files, its own libraries among them
_ROOT = Path(__file__).resolve().parents[3]


def main() -> None:
    """Set the limits, then become the program."""
    memory, cpu, written = (int(word) for word in sys.argv[1:4])
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(what, (limit, limit))
    sys.path.append(str(_ROOT))  # last: nothing of ours stands before a library
    sys.argv = sys.argv[4:]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
