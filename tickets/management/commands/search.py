"""Prepare the words of all tickets anew, e.g. after words are taken in another way."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tickets.search.docs import index_due, mark_all_stale


class Command(BaseCommand):
    help = "search rebuild: read the words of every ticket again. The desk goes on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["rebuild"])
        parser.add_argument(
            "--later", action="store_true", help="Leave the work to the job of the desk."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count = mark_all_stale()
        done = 0
        while not options["later"] and (batch := index_due()):
            done += batch
            self.stdout.write(f"{done} of {count}", ending="\r")
        self.stdout.write(f"{count} tickets are read again." if done else f"{count} tickets wait.")
