"""Run a program of ours under limits that it cannot lift, set before anything else is imported.

    python -I limited.py PARENT MEMORY CPU WRITTEN PROGRAM [ARGUMENT …]

PARENT is the process that started this one, and with which it ends. MEMORY and WRITTEN are bytes
(of address space, and of the largest file that may be written), CPU is seconds.
"""

from __future__ import annotations

import os
import resource
import runpy
import signal
import sys
from pathlib import Path

_FILES = 128  # open files, its own libraries among them
_NICE = 10  # pages that people wait for go first
_ROOT = Path(__file__).resolve().parents[3]
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set the limits, then become the program."""
    parent, memory, cpu, written = (int(word) for word in sys.argv[1:5])
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        resource.setrlimit(what, (limit, limit))
    os.nice(_NICE)
    _end_with(parent)
    sys.path.append(str(_ROOT))  # last: nothing of ours stands before a library
    sys.argv = sys.argv[5:]
    runpy.run_path(sys.argv[0], run_name="__main__")


def _end_with(parent: int) -> None:
    """A worker that is killed leaves no program behind (on Linux; elsewhere the limits end it)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before we asked
            sys.exit(1)


if __name__ == "__main__":
    main()
