"""The mail about a scanner or a storage that is away. It has no event: it is of no one case."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.effects import to_staff
from tickets.effects.lines import one_line
from tickets.effects.outcome import Outcome
from tickets.models import Outage, OutageNotice, Store


def send(notice: OutageNotice, waiting: int, now: datetime) -> Outcome:
    """Tell the store's staff, once; a repeat carries the same Message-ID.

    ``waiting`` is how many of the store's files wait.
    """
    outage, store = notice.outage, notice.store

    def words() -> tuple[str, str]:
        return _subject(outage), _body(outage, store, waiting)

    return to_staff.send(store, "outage", notice.pk, words, now)


def _subject(outage: Outage) -> str:
    if outage.kind == "scanner":
        return _("Files wait: the virus scanner does not answer")
    return _("Files wait: the storage does not answer")


def _body(outage: Outage, store: Store, waiting: int) -> str:
    zone = ZoneInfo(store.time_zone)
    since = f"{outage.began_at.astimezone(zone):%Y-%m-%d %H:%M} ({store.time_zone})"
    if outage.kind == "scanner":
        intro = _("The virus scanner has not looked at every file since %(since)s.")
        calm = _(
            "Customers can send files as before. The files wait, and staff see none of them before "
            "it is clean. No request is closed because of this delay."
        )
    else:
        intro = _("The storage of files has not answered as it should since %(since)s.")
        calm = _(
            "What has arrived is safe. Uploads pause and go on by themselves when it works again. "
            "No request is closed because of this delay."
        )
    count = ngettext("%(n)d file waits.", "%(n)d files wait.", waiting) % {"n": waiting}
    why = _("What the system says: %(detail)s") % {"detail": one_line(outage.detail)}
    link = f"{settings.BASE_URL}{reverse('desk:queue')}"
    return "\n\n".join([f"{intro % {'since': since}} {count}", why, calm, link]) + "\n"
