"""Mails to a store's staff about the desk itself. They have no event: they are of no one case."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import datetime
from email.utils import formataddr, formatdate

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.crypto import salted_hmac
from django.utils.translation import override

from tickets.effects.lines import one_line
from tickets.effects.mail import outcome_of
from tickets.effects.outcome import DELIVERED, Outcome, failed
from tickets.models import Store, User
from tickets.permissions import roles_with


def send(
    store: Store,
    about: str,
    number: int,
    words: Callable[[], tuple[str, str]],
    now: datetime,
    *,
    verb: str = "",
) -> Outcome:
    """Write to the store's staff; a repeat carries the same Message-ID.

    ``about`` and ``number`` name what it tells of, for good. ``words`` gives subject and body,
    and is asked in the store's language. With a ``verb`` everybody who may do that there is written
    to as well.
    """
    addresses = addresses_of(store)
    if verb:
        addresses = list(dict.fromkeys([*addresses, *people_of(store, verb)]))
    if not addresses:
        return failed("nobody to send to")
    with override(store.locale):
        subject, body = words()
    message = EmailMessage(
        subject=one_line(subject),
        body=body,
        from_email=formataddr((one_line(store.name), store.mail_from)),
        to=addresses,
        headers={
            "Message-ID": _message_id(about, number),
            "Date": formatdate(now.timestamp()),
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        return outcome_of(error)
    return DELIVERED


def addresses_of(store: Store) -> list[str]:
    """The store's address for alerts, else everybody who may publish its rules."""
    if store.alert_to.strip():
        return [store.alert_to.strip()]
    return people_of(store, "publish")


def people_of(store: Store, verb: str) -> list[str]:
    """The addresses of all who may do something in a store."""
    people = User.objects.filter(
        is_active=True, memberships__store=store, memberships__role__in=roles_with(verb)
    )
    return list(people.order_by("email").values_list("email", flat=True).distinct())


def _message_id(about: str, number: int) -> str:
    digest = salted_hmac(f"tickets.{about}.message-id", str(number), algorithm="sha256")
    return f"<{digest.hexdigest()[:32]}@{settings.MAIL_DOMAIN}>"
