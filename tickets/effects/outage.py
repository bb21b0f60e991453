"""The mail about a scanner or a storage that is away. It has no event: it is of no one case."""

from __future__ import annotations

import smtplib
from datetime import datetime
from email.utils import formataddr, formatdate
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from tickets.effects.alarm import addresses_of
from tickets.effects.lines import one_line
from tickets.effects.mail import outcome_of
from tickets.effects.outcome import DELIVERED, Outcome, failed
from tickets.models import Outage, OutageNotice, Store


def send(notice: OutageNotice, waiting: int, now: datetime) -> Outcome:
    """Tell the store's staff, once; a repeat carries the same Message-ID.

    ``waiting`` is how many of the store's files wait.
    """
    store = notice.store
    addresses = addresses_of(store)
    if not addresses:
        return failed("nobody to send to")
    with override(store.locale):
        subject, body = _subject(notice.outage), _body(notice.outage, store, waiting)
    message = EmailMessage(
        subject=one_line(subject),
        body=body,
        from_email=formataddr((one_line(store.name), store.mail_from)),
        to=addresses,
        headers={
            "Message-ID": _message_id(notice),
            "Date": formatdate(now.timestamp()),
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        return outcome_of(error)
    return DELIVERED


def _message_id(notice: OutageNotice) -> str:
    digest = salted_hmac("tickets.outage.message-id", str(notice.pk), algorithm="sha256")
    return f"<{digest.hexdigest()[:32]}@{settings.MAIL_DOMAIN}>"


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
