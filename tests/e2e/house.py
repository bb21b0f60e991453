"""The product as it runs for a story: its address, its clock, its post office."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connections

from tests.cast import NOON
from tests.checks import check_files
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


class FileWorker:
    """Looks into files as they arrive, beside the story; it may be sent to rest."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._awake, self._over = threading.Event(), threading.Event()
        self._awake.set()
        self._thread = threading.Thread(target=self._run, name="files", daemon=True)
        self._thread.start()

    def rests(self) -> None:
        """No file is looked into until it is awake again."""
        self._awake.clear()

    def wakes(self) -> None:
        """Back to work."""
        self._awake.set()

    def goes_home(self) -> None:
        """The end of the story."""
        self._over.set()
        self._awake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._over.wait(0.2):
                self._awake.wait()
                if not self._over.is_set():
                    check_files(self._clock())
        finally:
            connections.close_all()


@dataclass
class House:
    """Sweeps and sends by hand, where a worker would: so a story says when time passes.

    Only files are looked into without being asked: a customer sits there and waits.
    """

    url: str
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.worker = FileWorker(self.clock)

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
