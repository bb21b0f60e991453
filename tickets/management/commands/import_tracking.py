"""Import tracking numbers and delivery dates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from supportdesk.clock import now
from tickets.actor import SYSTEM
from tickets.intake.console import run_import, store_named
from tickets.intake.load import load_tracking
from tickets.intake.tracking import COLUMNS


class Command(BaseCommand):
    help = (
        f"Import a CSV with the columns {', '.join(COLUMNS)}. Empty cells erase nothing. "
        "Exit status: 0 all in, 1 some rows could not be used, 2 the file or store cannot be used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", required=True, help="The store's slug.")

    def handle(self, *args: Any, **options: Any) -> None:
        store = store_named(options["store"])
        at = now()
        status = run_import(
            options["file"],
            "Shipments",
            lambda file, told, progress, loaded: load_tracking(
                file, store, actor=SYSTEM, now=at, told=told, progress=progress, loaded=loaded
            ),
            self.stdout.write,
        )
        if status:
            sys.exit(status)
