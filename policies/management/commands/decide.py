"""`manage.py decide`: facts as JSON lines in, decisions as JSON lines out. Needs no database."""

import gc
import sys
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from policies.lines import decide_lines
from policies.pack import PackError, load_builtin_packs, load_pack


class Command(BaseCommand):
    """Reads standard input to its end; the exit status is 2 when a line could not be used."""

    help = "Decide requests: facts as JSON lines on standard input, decisions on standard output."
    # It must answer before anything is configured, and from any directory.
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--policy", metavar="FILE", type=Path, help="evaluate this one pack file instead"
        )

    def handle(self, *args: Any, policy: Path | None = None, **options: Any) -> None:
        try:
            if policy is None:
                packs = load_builtin_packs()
            else:
                pack = load_pack(policy.read_text(encoding="utf-8"), str(policy))
                packs = {pack.slug: pack}
        except PackError as error:
            raise CommandError(f"The pack cannot be used:\n{error}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{policy} cannot be read: {error}") from None
        # What is loaded stays, and a decision leaves nothing that would have to be searched for.
        gc.freeze()
        try:
            usable = decide_lines(packs, cast(BufferedReader, sys.stdin.buffer), sys.stdout.buffer)
        except BrokenPipeError:
            # The reader has what it wanted. Nothing may be written at exit either.
            sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115, PTH123 (kept open)
            usable = True
        if not usable:
            sys.exit(2)
