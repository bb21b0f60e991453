"""Load the demo, or print how to look around in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportdesk.clock import now
from tickets.errors import ActionError
from tickets.intake.demo.load import load_demo
from tickets.intake.demo.tour import tour


class Command(BaseCommand):
    help = "Load three stores with a month of invented orders. Again changes nothing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--logins", action="store_true", help="Print addresses, logins and examples only."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demo is for trying things out: set DEBUG=1 or DEMO=1 to load it, "
                "never beside real customers.",
                returncode=2,
            )
        if options["logins"]:
            self.stdout.write(tour(settings.BASE_URL))
            return
        try:
            loaded = load_demo(now(), self.stdout.write)
        except ActionError as error:
            raise CommandError(f"The demo could not be loaded: {error.message}") from error
        self.stdout.write("The demo is loaded." if loaded else "The demo is already here.")
