"""What must hold when something dies: workers, leases, the broker."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings as live
from django.db import connection, connections

from supportdesk.celery import app
from tests.cast import NOON
from tests.effects.rows import NOW, a_mail, a_pickup
from tests.effects.smtp import mail_server
from tickets import outbox
from tickets.actions import pickups
from tickets.actor import SYSTEM
from tickets.effects.outcome import DELIVERED, failed
from tickets.models import Outbox

pytestmark = pytest.mark.django_db(transaction=True)

# A worker that is killed after the server has taken the mail and before anything is settled.
DYING_WORKER = """
import os, signal
from datetime import datetime
import django
django.setup()
from tickets import outbox
outbox.settle = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
outbox.drain(datetime.fromisoformat({now!r}))
"""


def run_worker(program: str, port: int) -> int:
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    here = f"{server}/{connection.settings_dict['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": here,
        "DEMO": "0",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "supportdesk.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=live.BASE_DIR, env=environment, timeout=60
    )
    return done.returncode


def test_a_worker_killed_between_sending_and_settling_is_followed_by_one_who_settles(
    pickup, settings
):
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    with mail_server(settings) as server:
        died = run_worker(DYING_WORKER.format(now=NOON.isoformat()), server.port)
        assert died == -signal.SIGKILL
        row = Outbox.objects.get()
        assert (row.state, row.attempts, len(server.mails)) == ("pending", 1, 1)
        assert outbox.drain(NOON + timedelta(seconds=30)) == 0, "the dead one's lease still runs"
        assert outbox.drain(NOON + outbox.LEASE + timedelta(seconds=30)) == 1
        assert outbox.drain(NOON + timedelta(days=3)) == 0
        row.refresh_from_db()
        assert (row.state, row.attempts, row.lease) == ("done", 2, None)
        assert [mail["Message-ID"] for mail in server.mails] == [row.message_id] * 2


@pytest.mark.race
def test_many_drains_at_once_send_each_row_once():
    rows = [a_mail(a_pickup(number=str(number))) for number in range(4000, 4040)]
    sent, lock, start = [], threading.Lock(), threading.Barrier(4)

    def deliver(row, now):
        with lock:
            sent.append(row.pk)
        return DELIVERED

    def work():
        start.wait()
        try:
            return outbox.drain(NOW, deliver=deliver)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        settled = [future.result() for future in [pool.submit(work) for _ in range(4)]]
    assert sorted(sent) == sorted(row.pk for row in rows)
    assert sum(settled) == len(rows)
    assert set(Outbox.objects.values_list("state", "attempts")) == {("done", 1)}


@pytest.mark.race
def test_a_slow_worker_whose_lease_ran_out_cannot_settle_over_a_quick_one():
    row = a_mail(a_pickup())
    in_the_act, others_done = threading.Event(), threading.Event()

    def slowly(row, now):
        in_the_act.set()
        assert others_done.wait(10)
        return failed("I was slow and wrong")

    def work():
        try:
            return outbox.drain(NOW, deliver=slowly)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(work)
        assert in_the_act.wait(10)
        later = NOW + outbox.LEASE + timedelta(seconds=1)
        assert outbox.drain(later, deliver=lambda row, now: DELIVERED) == 1
        others_done.set()
        assert slow.result() == 0
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("done", "")


def test_with_the_broker_down_the_action_succeeds_and_the_mail_goes_out_later(
    pickup, settings, monkeypatch
):
    monkeypatch.setattr(app, "send_task", _unreachable)
    confirmed = pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    assert confirmed.state == "reserved"
    assert Outbox.objects.get().state == "pending"
    with mail_server(settings) as server:
        assert outbox.drain(NOON) == 1
        assert len(server.mails) == 1


def _unreachable(*args, **kwargs):
    raise ConnectionError("nobody listens there")
