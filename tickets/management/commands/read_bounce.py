"""Take a returned mail from a mail server's pipe: `|manage.py read_bounce`."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError

from supportdesk import clock
from tickets.actions.bounces import record_bounce
from tickets.actor import SYSTEM
from tickets.effects import returned

log = logging.getLogger(__name__)

_MOST = 10 * 1024 * 1024  # a return quotes a mail of ours; those are small


class Command(BaseCommand):
    """Exit status as mail servers read it: 0 is taken, 75 is "try again later"."""

    help = "Read a returned mail on standard input and mark the mail it returns as bounced."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = returned.read(sys.stdin.buffer.read(_MOST))
        if not found.permanent or not found.message_ids:
            log.info("Not a failure of one of our mails; nothing to do.")
            return
        now = clock.now()
        try:
            for message_id in found.message_ids:
                row = record_bounce(message_id, reason=found.reason, actor=SYSTEM, now=now)
                log.info("%s: %s", message_id, row.state if row else "none of ours")
        except (OperationalError, InterfaceError):
            log.error("The database cannot be reached; the mail server tries again later.")
            raise SystemExit(os.EX_TEMPFAIL) from None
