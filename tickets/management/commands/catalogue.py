"""`manage.py catalogue update|compile|check`: the translations, without GNU gettext."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportdesk import catalogue


class Command(BaseCommand):
    """Needs no database. A new language: `catalogue update pt_BR`, translate, `compile`."""

    help = "Collect what people read (update), make it readable for gettext (compile), check both."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("update", "compile", "check"))
        parser.add_argument(
            "languages", nargs="*", metavar="LANGUAGE", help="only these; without any, all"
        )

    def handle(self, *args: Any, what: str, languages: list[str], **options: Any) -> None:
        chosen = languages or catalogue.languages()
        if what == "compile":
            for language in chosen:
                catalogue.place(language, ".mo").write_bytes(catalogue.compiled(language))
            return
        messages = catalogue.spoken()
        if what == "update":
            for language in chosen:
                catalogue.update(language, messages)
            return
        wrong = [line for language in chosen for line in catalogue.mistakes(language, messages)]
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(f"{len(messages)} messages in {', '.join(chosen)}: all translated.")
