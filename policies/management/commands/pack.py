"""`manage.py pack`: look over, start and describe the packs. Needs no database."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from policies.checkup import checkup, read_pack_file
from policies.editor import json_schema
from policies.pack import PackError, load_builtin_packs
from policies.rulebook import rulebook
from policies.sample import sample
from supportdesk import addresses


class Command(BaseCommand):
    """One word says what to do; each of them works without a database, a secret or an engine."""

    help = "Describe, look over or start a pack: what a store promises, as data."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
        words.add_parser("schema", help="print the JSON Schema of a pack, for editors")
        check = words.add_parser("check", help="tell every mistake of pack files")
        check.add_argument("files", nargs="+", type=Path, metavar="FILE")
        check.add_argument(
            "--locale", action="append", help="count the texts that lack it (default: ko)"
        )
        new = words.add_parser("new", help="start the pack of a new store")
        new.add_argument("slug", help="the store's short name, e.g. hallyu")
        new.add_argument("--name", default="", help="what customers call it")
        new.add_argument("--time-zone", default="UTC", help="e.g. Europe/Berlin")
        new.add_argument("--country", default="", help="whose public holidays count, e.g. DE")
        new.add_argument("--currency", default="USD", help="what it sells in, e.g. EUR")
        new.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")
        table = words.add_parser("table", help="write the table of all rules, docs/policies.md")
        table.add_argument("--check", action="store_true", help="only say whether it is current")
        table.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")

    def handle(self, *args: Any, word: str, **options: Any) -> None:
        if word == "schema":
            self.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        elif word == "check":
            self.check_files(options["files"], options["locale"] or ["ko"])
        elif word == "new":
            self.new(options)
        else:
            self.table(options["output"], only_check=options["check"])

    def check_files(self, files: Sequence[Path], locales: Sequence[str]) -> None:
        """Tell about every file; the exit status is 1 when one of them has a mistake."""
        taken = addresses.taken()
        found = 0
        for path in files:
            try:
                told = checkup(read_pack_file(path), str(path), locales, taken=taken)
                self.stdout.write(f"{path}: {told}")
            except PackError as error:
                found += len(error.mistakes)
                self.stdout.write(str(error))
        if found:
            raise CommandError(f"{found} mistake{'s' if found > 1 else ''}")

    def new(self, options: dict[str, Any]) -> None:
        """Write a first pack; a file that is there already stays as it is."""
        wanted = ("name", "time_zone", "country", "currency")
        try:
            text = sample(
                options["slug"],
                **{key: options[key] for key in wanted},
                taken=addresses.taken(),
            )
        except PackError as error:
            told = "; ".join(f"{item.path}: {item.message}" for item in error.mistakes)
            raise CommandError(f"There can be no such pack. {told}") from None
        path = options["output"]
        if path is None:
            self.stdout.write(text, ending="")
            return
        try:
            with path.open("x", encoding="utf-8") as target:
                target.write(text)
        except FileExistsError:
            raise CommandError(f"{path} is there already; it stays as it is") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from None
        self.stdout.write(f"{path} is written. Next: manage.py pack check {path}")

    def table(self, output: Path | None, *, only_check: bool) -> None:
        """Write docs/policies.md, or say that it is not what the packs say."""
        path = output or Path(settings.BASE_DIR) / "docs" / "policies.md"
        text = rulebook(tuple(load_builtin_packs().values()))
        if only_check:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                raise CommandError(f"{path} is not what the packs say: manage.py pack table")
            self.stdout.write(f"{path} is what the packs say")
            return
        path.write_text(text, encoding="utf-8")
        self.stdout.write(f"{path} is written")
