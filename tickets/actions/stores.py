"""Open a store: its row out of its pack, and the pack as version 1."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from policies.pack import PACKS, Mistake, PackError, load_pack
from policies.publish import publish
from supportdesk import addresses
from tickets.models import Store

# Orders of any age fall under a store's first version.
FIRST_VERSION_STARTS = datetime(2000, 1, 1, tzinfo=UTC)


def open_store(
    slug: str,
    *,
    now: datetime,
    mail_from: str,
    alert_to: str = "",
    accent: str = "#206bc4",
    source: str | None = None,
) -> Store:
    """The store of a pack; called again it changes nothing.

    ``source`` is the pack's text; without it, the pack of that name that ships with the product.

    Raises:
        FileNotFoundError: no pack of that name ships with the product.
        PackError: the pack is broken, is another store's, or its name is an address of our own.
    """
    if source is None:
        source = (PACKS / f"{slug}.yaml").read_text(encoding="utf-8")
    pack = load_pack(source, slug, taken=addresses.taken())
    if pack.slug != slug:
        raise PackError(
            [Mistake(slug, None, "store.slug", None, f"is {pack.slug!r}: the pack is another's")]
        )
    with transaction.atomic():
        store, made = Store.objects.select_for_update().get_or_create(
            slug=slug,
            defaults={
                "name": pack.name,
                "time_zone": str(pack.zone),
                "locale": pack.locale,
                "accent": accent,
                "mail_from": mail_from,
                "alert_to": alert_to or mail_from,
            },
        )
        if made:
            publish(store.pk, source, starts_at=FIRST_VERSION_STARTS, now=now)
    return store
