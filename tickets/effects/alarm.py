"""The mail about rules that cannot be read. It has no event: nothing happened to anybody yet."""

from __future__ import annotations

import smtplib
from datetime import datetime
from email.utils import formataddr, formatdate

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from policies.models import PolicyAlarm
from tickets.effects.lines import one_line
from tickets.effects.mail import outcome_of
from tickets.effects.outcome import DELIVERED, Outcome, failed
from tickets.models import Store, User
from tickets.permissions import roles_with


def send(alarm: PolicyAlarm, now: datetime) -> Outcome:
    """Tell the store's staff, once; a repeat carries the same Message-ID."""
    store = alarm.version.store
    addresses = addresses_of(store)
    if not addresses:
        return failed("nobody to send to")
    with override(store.locale):
        subject, body = _subject(alarm, store), _body(alarm, store)
    message = EmailMessage(
        subject=one_line(subject),
        body=body,
        from_email=formataddr((one_line(store.name), store.mail_from)),
        to=addresses,
        headers={
            "Message-ID": _message_id(alarm),
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
    people = User.objects.filter(
        is_active=True, memberships__store=store, memberships__role__in=roles_with("publish")
    )
    return list(people.order_by("email").values_list("email", flat=True).distinct())


def _message_id(alarm: PolicyAlarm) -> str:
    digest = salted_hmac("tickets.alarm.message-id", str(alarm.pk), algorithm="sha256").hexdigest()
    return f"<{digest[:32]}@{settings.MAIL_DOMAIN}>"


def _subject(alarm: PolicyAlarm, store: Store) -> str:
    return _("The rules of %(store)s, version %(number)d, cannot be read") % {
        "store": store.name,
        "number": alarm.version.number,
    }


def _body(alarm: PolicyAlarm, store: Store) -> str:
    intro = _(
        "Version %(number)d of the rules of %(store)s cannot be read. The last version that can "
        "be read stays in force, so customers are still answered. Please publish a version "
        "without these mistakes:"
    ) % {"number": alarm.version.number, "store": store.name}
    lines = "\n".join(f"- {mistake['text']}" for mistake in alarm.mistakes[:30])
    path = reverse("policybook:version", args=[store.slug, alarm.version.number])
    return f"{intro}\n\n{lines}\n\n{settings.BASE_URL}{path}\n"
