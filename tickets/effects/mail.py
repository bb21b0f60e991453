"""Sends one row of the outbox as a mail: renders it, hands it to the server, says what became."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime
from email.utils import formataddr, formatdate
from types import TracebackType
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from tickets.effects import letters
from tickets.effects.lines import one_line
from tickets.effects.outcome import DELIVERED, Outcome, dropped, failed, retry
from tickets.lifecycle import OutboxState
from tickets.models import Outbox

log = logging.getLogger(__name__)

_SERVICE_CLOSING = 421  # RFC 5321, 4.2.1: the server shuts down, for everybody


class Postman:
    """One connection to the mail server for a whole round, opened when first needed."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> Postman:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()

    def deliver(self, row: Outbox, now: datetime) -> Outcome:
        """Send what ``row`` stands for, unless it has become pointless or must not be sent.

        Raises:
            NoteToCustomer: it is an internal note, on its way to a customer.
        """
        letters.keep_notes_in(row)
        refusal = letters.must_not_send(row)
        if refusal:
            log.error("Outbox row %s is refused: %s", row.pk, refusal)
            return failed(refusal)
        pointless = letters.pointless(row)
        if pointless:
            return dropped(pointless)
        address = recipient(row)
        if not address:
            return failed("nobody to send to")
        try:
            validate_email(address)
        except ValidationError:
            return failed("not a usable e-mail address")
        return self._send(compose(row, address, now))

    def _send(self, message: EmailMultiAlternatives) -> Outcome:
        try:
            if self._connection is None:
                connection = get_connection()
                connection.open()
                self._connection = connection
            self._connection.send_messages([message])
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            return outcome_of(error)
        return DELIVERED

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (smtplib.SMTPException, OSError) as error:
                log.info("The mail server hung up first: %s", error)


def outcome_of(error: smtplib.SMTPException | OSError) -> Outcome:
    """What an error of the mail server means for the row.

    5xx on the recipient or the message is for ever, 4xx is not. A refused sender, log-in or
    greeting is our set-up, not this customer's address: it is tried again until someone has
    repaired it, and so is a server that cannot be reached.
    """
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _answer in error.recipients.values()]
        if codes and min(codes) >= 500:
            return failed(reason)
        return retry(reason, away=_SERVICE_CLOSING in codes)
    ours = (
        smtplib.SMTPSenderRefused,
        smtplib.SMTPAuthenticationError,
        smtplib.SMTPHeloError,
        smtplib.SMTPConnectError,
    )
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, ours):
        if error.smtp_code >= 500:
            return failed(reason)
        return retry(reason, away=error.smtp_code == _SERVICE_CLOSING)
    return retry(reason, away=True)


def recipient(row: Outbox) -> str:
    """The address as it is now: personal data is looked up, never copied into the row."""
    if row.to_customer is not None:
        return row.to_customer.email.strip()
    if row.to_user is not None:
        return row.to_user.email.strip() if row.to_user.is_active else ""
    return row.store.alert_to.strip()


def compose(row: Outbox, address: str, now: datetime) -> EmailMultiAlternatives:
    """The whole mail, text and HTML, with everything that lets mail programs thread it."""
    letter = letters.render(row, now)
    sender = formataddr((one_line(row.store.name), row.store.mail_from))
    message = EmailMultiAlternatives(
        subject=one_line(letter.subject),
        body=letter.text,
        from_email=sender,
        to=[address],
        reply_to=[sender],
        headers={
            "Message-ID": row.message_id,
            "Date": formatdate(now.timestamp()),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no autoresponder answers this
            "X-Auto-Response-Suppress": "All",
            **thread_headers(row),
        },
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def thread_headers(row: Outbox) -> dict[str, str]:
    """In-Reply-To and References: the first and the latest mail of the same conversation."""
    ticket = row.event.ticket_id
    if ticket is None or row.to_customer_id is None:
        return {}
    earlier = (
        Outbox.objects.filter(
            event__ticket=ticket,
            to_customer=row.to_customer_id,
            pk__lt=row.pk,
            state=OutboxState.DONE,
        )
        .exclude(message_id="")
        .order_by("id")
        .values_list("message_id", flat=True)
    )
    first, latest = earlier.first(), earlier.last()
    if first is None or latest is None:
        return {}
    references = first if first == latest else f"{first} {latest}"
    return {"In-Reply-To": latest, "References": references}
