"""The demo's post office: mails are kept in a table and shown on a page; none goes out."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from supportdesk import clock
from tickets.models import KeptMail

# An address with this end is refused as a real server refuses an unknown mailbox, so that a
# person can watch what happens when a mail cannot be delivered.
REFUSED_END = "@bounce.test"


class KeepBackend(BaseEmailBackend):
    """Django's mail backend of the demo. The same Message-ID twice is one mail, as in an inbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep each mail; raises SMTPRecipientsRefused for a ``@bounce.test`` address."""
        now = clock.now()  # the edge of the outside world, where a real server has its own clock
        for message in email_messages:
            recipients = message.recipients()
            refused = [to for to in recipients if to.casefold().endswith(REFUSED_END)]
            if refused:
                answer = (550, b"5.1.1 No such mailbox (the demo refuses @bounce.test)")
                raise smtplib.SMTPRecipientsRefused(dict.fromkeys(refused, answer))
            sent = message.message()
            KeptMail.objects.get_or_create(
                message_id=str(sent["Message-ID"])[:120],
                defaults={
                    "sender": message.from_email[:254],
                    "recipient": ", ".join(recipients)[:254],
                    "subject": str(message.subject)[:300],
                    "text": str(message.body),
                    "html": _html_part(message),
                    "at": now,
                },
            )
        return len(email_messages)


def _html_part(message: EmailMessage) -> str:
    for alternative in getattr(message, "alternatives", None) or []:
        content, kind = alternative[0], alternative[1]
        if kind == "text/html":
            return str(content)
    return ""
