"""Open a store: its row out of its pack, and the pack as version 1."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from policies.pack import PACKS, Mistake, PackError, load_pack
from policies.publish import publish
from supportdesk import addresses
from tickets.models import Store, Target

# Orders of any age fall under a store's first version.
FIRST_VERSION_STARTS = datetime(2000, 1, 1, tzinfo=UTC)

# What a new store aims at until somebody sets its own: minutes of opening hours until the first
# answer and until the end, by priority. A day in the shop is taken as seven and a half hours.
FIRST_TARGETS = {0: (60, 450), 1: (120, 900), 2: (450, 2250), 3: (900, 4500)}


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
            Target.objects.bulk_create(
                Target(store=store, priority=priority, first_minutes=first, resolve_minutes=whole)
                for priority, (first, whole) in FIRST_TARGETS.items()
            )
            publish(store.pk, source, starts_at=FIRST_VERSION_STARTS, now=now)
    return store
