"""What the tests of operation share: commands as people run them, waiting, and looking."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_OURS = {"DATABASE_URL", "REDIS_URL", "DATA_DIR", "DEBUG", "DEMO", "SECRET_KEY", "ALLOWED_HOSTS"}


def outside(**more: str) -> dict[str, str]:
    """The environment of somebody who is not a test."""
    given = {name: value for name, value in os.environ.items() if name not in _OURS}
    for name in ("EMAIL_URL", "HOST", "PORT", "BASE_URL", "DJANGO_SETTINGS_MODULE"):
        given.pop(name, None)
    return given | more


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python …` in the repository and wait for it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=outside(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def eventually(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true answer of `look`; the last one when the time is over."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)
