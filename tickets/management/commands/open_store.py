"""Open a store from its pack: one that ships with the product, or any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from policies.checkup import read_pack_file
from policies.pack import PackError, load_builtin_packs
from supportdesk import clock
from tickets.actions.stores import open_store
from tickets.models import Store


class Command(BaseCommand):
    help = "Open a store: its row out of its pack, and the pack as version 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("store", help="the store's short name, e.g. kpopusa")
        parser.add_argument(
            "--pack", type=Path, metavar="FILE", help="its pack; one that ships with us without it"
        )
        parser.add_argument("--mail-from", required=True, help="mails to customers come from here")
        parser.add_argument("--alert-to", default="", help="alerts to staff go here")
        parser.add_argument("--accent", default="#206bc4", help="the store's colour, #rrggbb")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["store"]
        source = self.source(slug, options["pack"])
        try:
            for name in ("mail_from", "alert_to"):
                if options[name]:
                    validate_email(options[name])
            Store._meta.get_field("accent").run_validators(options["accent"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        known = Store.objects.filter(slug=slug).exists()
        try:
            store = open_store(
                slug,
                now=clock.now(),
                mail_from=options["mail_from"],
                alert_to=options["alert_to"],
                accent=options["accent"],
                source=source,
            )
        except PackError as error:
            raise CommandError(f"The pack cannot be used:\n{error}") from None
        state = "was open already; nothing changed" if known else "is open"
        self.stdout.write(f"{store.name} {state}: /{store.slug}/")

    def source(self, slug: str, path: Path | None) -> str | None:
        """Return the text of the pack file; None for a pack that ships with the product."""
        if path is not None:
            try:
                return read_pack_file(path)
            except PackError as error:
                raise CommandError(str(error)) from None
        packs = load_builtin_packs()
        if slug not in packs:
            raise CommandError(
                f"There is no pack “{slug}”. There are: {', '.join(sorted(packs))}."
                " Another store's is given with --pack FILE."
            )
        return None
