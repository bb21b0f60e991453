"""Wake the worker soon, without making anybody wait for the broker.

A nudge only makes sooner what the sweeps find anyway. So it is sent by a thread of its
own, at most twice a second, and a broker that is down or slow costs a request nothing.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from django.conf import settings

from supportdesk.celery import app

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between two nudges of one process


class Nudger:
    """Sends one task by name, soon after it was asked to; many askings are one sending.

    ``delay`` says how many seconds later the task is to run.
    """

    def __init__(self, task: str, delay: Callable[[], float] = lambda: 0.0) -> None:
        self.task, self.delay = task, delay
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._process = 0

    def __call__(self) -> None:
        """Ask. Returns at once."""
        self._asked.set()
        if self._process != os.getpid():  # the thread does not survive a fork
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
            threading.Thread(target=self._run, name="nudge", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                app.send_task(self.task, retry=False, countdown=self.delay() or None)
            except Exception as error:  # whatever the transport raises: the rows wait
                log.warning("The broker does not answer (%s); mails wait.", type(error).__name__)
            time.sleep(PAUSE)


drain_outbox = Nudger("tickets.jobs.drain_outbox")
# When the time to take a step back is over; the moment more is for clocks that differ.
drain_outbox_later = Nudger("tickets.jobs.drain_outbox", lambda: settings.SEND_DELAY_SECONDS + 0.2)
run_trials = Nudger("tickets.jobs.run_trials")
run_bulk = Nudger("tickets.jobs.run_bulk")
check_files = Nudger("tickets.jobs.check_files")
erase_files = Nudger("tickets.jobs.erase_files")
preview_files = Nudger("tickets.jobs.preview_files")
# When the time to take a reply back is over; the moment more is for clocks that differ.
send_replies = Nudger("tickets.jobs.send_replies", lambda: settings.SEND_DELAY_SECONDS + 0.2)
index_words = Nudger("tickets.jobs.index_words")
run_automations = Nudger("tickets.jobs.run_automations")
