"""The product as it runs for a story: its address, its clock, its post office."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.cast import NOON
from tickets.models import KeptMail
from tickets.timelapse import happen, lapse


class Clock:
    """The one clock of the house: begins at noon in Las Vegas, ticks, and is moved by stories."""

    def __init__(self) -> None:
        self._set_to(NOON)

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def _set_to(self, at: datetime) -> None:
        self._at, self._since = at, time.monotonic()

    def move_to(self, at: datetime) -> None:
        """Forward only, as time goes."""
        assert at >= self._at, "the clock only goes forward"
        self._set_to(at)


@dataclass
class House:
    """Sweeps and sends by hand, where a worker would: so a story says when time passes."""

    url: str
    clock: Clock = field(default_factory=Clock)

    def post_goes(self) -> None:
        """Send what waits to be sent."""
        happen(self.clock())

    def time_passes(self, **span: float) -> dict[str, int]:
        """Let days go by, with what they bring; tells how many deadlines of each kind acted."""
        self.post_goes()
        start = self.clock()
        fired: dict[str, int] = {}
        for passed in lapse(start, start + timedelta(**span), before_step=self.clock.move_to):
            assert not passed.failed, passed
            for kind, count in passed.fired.items():
                fired[kind] = fired.get(kind, 0) + count
        return fired

    def mails_to(self, address: str) -> list[str]:
        """Subjects of everything that reached an address, the oldest first."""
        kept = KeptMail.objects.filter(recipient__iexact=address).order_by("pk")
        return list(kept.values_list("subject", flat=True))

    def newest_mail(self, address: str, about: str) -> KeptMail:
        """The newest mail to an address whose subject says so."""
        found = KeptMail.objects.filter(recipient__iexact=address, subject__icontains=about)
        mail = found.order_by("-pk").first()
        assert mail is not None, f"no mail “{about}” among {self.mails_to(address)}"
        return mail

    def link_in(self, mail: KeptMail) -> str:
        """The one address that a mail leads to; text and HTML agree on it."""
        links = set(re.findall(re.escape(self.url) + r"/[^\s<>\"]+", mail.text))
        assert len(links) == 1, links
        link = links.pop()
        assert link in mail.html
        return link
