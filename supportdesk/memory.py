"""Large pieces of memory go back to the system as soon as they are let go of.

glibc raises the size from which it does so with every large piece that is freed, and keeps the
smaller ones for their thread: after a few parts of uploads each thread of a server holds tens of
megabytes that nobody uses. A fixed size (mallopt(3), ``M_MMAP_THRESHOLD``) ends that.
"""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD = -3  # its number in malloc.h
LARGE = 1024 * 1024  # bytes; the parts of uploads are eight times as much


def give_back() -> bool:
    """Ask for it, for this process; False where the C library knows no such wish."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE))
    except (AttributeError, OSError, TypeError):  # another C library; Windows has no name for it
        return False
