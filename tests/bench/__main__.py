"""Run the benchmarks on engines of their own and print one line a figure.

make bench                       all of them
.venv/bin/python -m tests.bench sweep filing decide
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from supportdesk import embedded

PARTS = (
    *("decide", "pages", "sweep", "filing", "trial", "uploads", "likeness"),
    *("desk", "macros", "automating", "changing"),
)
ALONE = "peer"  # `make bench-peer`: it installs somebody else's package


@dataclass(frozen=True)
class Figure:
    """One measured figure against its bound; ``at_most`` says which side is good."""

    name: str
    value: float
    unit: str
    bound: float
    at_most: bool = True

    @property
    def holds(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def line(self) -> str:
        sign = "<=" if self.at_most else ">="
        verdict = "holds" if self.holds else "MISSED"
        return (
            f"{self.name:<58} {self.value:>12,.2f} {self.unit:<12} {sign} "
            f"{self.bound:,g}  {verdict}"
        )


def prepare() -> None:
    """Engines as a small shop runs them (every commit reaches the disk), empty, migrated."""
    place = Path(tempfile.mkdtemp(prefix="supportdesk-bench-"))
    place.chmod(0o755)
    engines = embedded.start(place / "engines", durable=True)
    atexit.register(embedded.destroy, place / "engines")
    os.environ.update(
        DATABASE_URL=engines.database_url,
        REDIS_URL=engines.redis_url,
        DATA_DIR=str(place),
        DEBUG="0",
        DEMO="0",
        SECRET_KEY="for-the-benchmarks-only-" + "0" * 40,
        ALLOWED_HOSTS="localhost,127.0.0.1",
        DJANGO_SETTINGS_MODULE="tests.bench.settings",
        STATIC_ROOT=str(place / "static"),
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def main(wanted: list[str]) -> int:
    """Run what was asked for; the exit status says whether every bound held."""
    unknown = set(wanted) - {*PARTS, ALONE}
    if unknown:
        sys.stderr.write(f"No such benchmark: {', '.join(sorted(unknown))}\n")
        return 2
    parts = wanted or PARTS
    if len(parts) > 1:
        # Each on engines of its own: what one has written is nothing to the next.
        again = [sys.executable, "-m", "tests.bench"]
        return max([subprocess.run([*again, part], check=False).returncode for part in parts])
    prepare()
    module = __import__(f"tests.bench.{parts[0]}", fromlist=["figures"])
    held = True
    for figure in module.figures():
        print(figure.line(), flush=True)
        held = held and figure.holds
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
