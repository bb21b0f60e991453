"""Import the order export of a shop's admin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportdesk.clock import now
from tickets.actor import SYSTEM
from tickets.intake.console import UNUSABLE, run_import, store_named
from tickets.intake.load import load_orders, load_tracking
from tickets.models.order import SHIPPING_METHODS


class Command(BaseCommand):
    help = (
        "Import Shopify's order export CSV. Again is harmless: unchanged orders are left alone. "
        "Exit status: 0 all in, 1 some rows could not be used, 2 the file or store cannot be used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", required=True, help="The store's slug.")
        parser.add_argument("--tracking", type=Path, help="A CSV of tracking and delivery dates.")
        parser.add_argument(
            "--label",
            action="append",
            default=[],
            metavar="LABEL=METHOD",
            help="What a shipping label of this shop means: standard, priority, express or "
            'pickup. E.g. --label "Las Vegas store=pickup". May be repeated.',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        store = store_named(options["store"])
        methods = {store.name: "pickup", **_labels(options["label"])}
        at = now()
        status = run_import(
            options["file"],
            "Orders",
            lambda file, told, progress, loaded: load_orders(
                file,
                store,
                actor=SYSTEM,
                now=at,
                told=told,
                methods=methods,
                progress=progress,
                loaded=loaded,
            ),
            self.stdout.write,
        )
        if options["tracking"]:
            tracking = run_import(
                options["tracking"],
                "Shipments",
                lambda file, told, progress, loaded: load_tracking(
                    file, store, actor=SYSTEM, now=at, told=told, progress=progress, loaded=loaded
                ),
                self.stdout.write,
            )
            status = max(status, tracking)
        if status:
            sys.exit(status)


def _labels(given: list[str]) -> dict[str, str]:
    methods = {}
    for text in given:
        label, separator, method = text.rpartition("=")
        if not separator or not label or method not in SHIPPING_METHODS[1:]:
            raise CommandError(
                f"--label {text!r} is not LABEL=METHOD; methods: {', '.join(SHIPPING_METHODS[1:])}",
                returncode=UNUSABLE,
            )
        methods[label.strip()] = method
    return methods
