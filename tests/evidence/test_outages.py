"""The scanner or the storage is away: files wait, the desk says so, staff are told if it lasts."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from tests.cast import NOON, Story, a_file
from tests.evidence.clamd import Clamd, on_tcp
from tests.evidence.filing import browser_of
from tickets.actions.add_evidence import take_in
from tickets.actor import Actor
from tickets.effects.outcome import retry
from tickets.evidence import notices, watch
from tickets.evidence.filejobs import put_off, take
from tickets.evidence.outages import SCANNER, STORAGE, end_outage, raise_outage, standing
from tickets.lifecycle import FileStage
from tickets.models import Evidence, FileJob, Outage, OutageNotice, Store, User

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("web")


@pytest.fixture(autouse=True)
def kept_mails(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def gone(settings: Any) -> None:
    """The scanner was there once."""
    with on_tcp() as (_server, url):
        settings.CLAMD_URL = url


@pytest.fixture
def waiting(story: Story) -> Evidence:
    """A file of KPOP USA that waits for the tcp."""
    claim = story.file("missing_photocard", opened=True)
    actor = Actor.of_customer(claim.ticket.customer)
    return take_in(a_file().arrival, claim=claim, actor=actor, now=NOON)


def put_off_for(reason: str, now: datetime = NOON) -> None:
    """What the job does with a file when the scanner gave no answer about it."""
    lease = take(now, {FileStage.SCAN})
    assert lease is not None
    raise_outage(SCANNER, reason, now=now)
    put_off(lease, SCANNER, reason, now)


def test_an_outage_is_one_row_however_often_it_is_met(kpopusa: Store, kpop2: Store) -> None:
    raise_outage(SCANNER, "nobody there", now=NOON)
    raise_outage(SCANNER, "still nobody", now=NOON + MINUTE)
    raise_outage(STORAGE, "disk full", now=NOON + MINUTE)

    assert [(one.kind, one.since, one.detail) for one in standing()] == [
        (SCANNER, NOON, "still nobody"),
        (STORAGE, NOON + MINUTE, "disk full"),
    ]
    assert Outage.objects.get(kind=SCANNER).seen_at == NOON + MINUTE
    assert OutageNotice.objects.filter(outage__kind=SCANNER).count() == 2  # one a store

    assert end_outage(SCANNER, now=NOON + 2 * MINUTE) is True
    assert end_outage(SCANNER, now=NOON + 3 * MINUTE) is False
    assert [one.kind for one in standing()] == [STORAGE]
    raise_outage(SCANNER, "again", now=NOON + 4 * MINUTE)
    assert Outage.objects.filter(kind=SCANNER).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_meet_it_at_once_make_one_row(transactional_db: None) -> None:
    start = threading.Barrier(4)
    failed: list[BaseException] = []

    def meet() -> None:
        try:
            start.wait(5)
            raise_outage(SCANNER, "nobody there", now=NOON)
        except BaseException as error:  # told by the test, not by the thread
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=meet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert failed == []
    assert Outage.objects.count() == 1


@pytest.mark.usefixtures("gone", "manager")
def test_staff_are_told_once_and_only_if_it_lasts(waiting: Evidence) -> None:
    Store.objects.update(alert_to="")  # then those who may publish its rules
    put_off_for("nobody there")

    for minute in range(1, 5):
        watch.look(NOON + minute * MINUTE)
    assert mail.outbox == []

    for minute in range(5, 60):
        assert watch.look(NOON + minute * MINUTE) == 1

    (message,) = mail.outbox
    assert message.to == ["marek@staff.test"]
    assert "the virus scanner does not answer" in message.subject
    body = str(message.body)
    assert "since 2026-03-05 12:00 (America/Los_Angeles)" in body
    assert "1 file waits." in body
    assert "before it is clean" in body
    assert OutageNotice.objects.get().told_at == NOON + 5 * MINUTE
    assert Outage.objects.get().seen_at == NOON + 59 * MINUTE
    waiting.refresh_from_db()
    assert waiting.state == "received"


@pytest.mark.usefixtures("manager")
def test_a_short_one_is_told_to_nobody_and_ends_by_itself(waiting: Evidence, tcp: Clamd) -> None:
    put_off_for("nobody there")
    job = FileJob.objects.get()
    assert job.wake_at > NOON

    assert watch.look(NOON + MINUTE / 4) == 0

    job.refresh_from_db()
    assert job.wake_at == NOON + MINUTE / 4  # it need not wait any longer
    assert Outage.objects.get().ended_at == NOON + MINUTE / 4
    watch.look(NOON + 30 * MINUTE)
    assert mail.outbox == []


def test_each_store_is_told_of_its_own_files_in_its_own_mail(
    waiting: Evidence, kpop2: Store, popmart: Store
) -> None:
    Store.objects.filter(slug="kpopusa").update(alert_to="files@kpopusa.test")
    Store.objects.filter(slug="kpop2").update(alert_to="files@kpop2.test")
    Store.objects.filter(slug="popmart").update(alert_to="")
    raise_outage(STORAGE, "disk full", now=NOON)

    notices.send_due(NOON + 5 * MINUTE)

    bodies = {message.to[0]: str(message.body) for message in mail.outbox}
    assert "1 file waits." in bodies["files@kpopusa.test"]
    assert "0 files wait." in bodies["files@kpop2.test"]
    assert len(bodies) == 2
    # Nobody there to be told yet: it is tried again.
    alone = OutageNotice.objects.get(store=popmart)
    assert alone.told_at is None and alone.last_error == "nobody to send to"


@pytest.mark.usefixtures("manager")
def test_a_mail_server_that_is_away_is_tried_again_under_the_same_id(
    kpopusa: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_outage(SCANNER, "nobody there", now=NOON)
    with monkeypatch.context() as patch:
        patch.setattr(notices.effect, "send", lambda *args: retry("connection refused", away=True))
        assert notices.send_due(NOON + 5 * MINUTE) == 0
    row = OutageNotice.objects.get()
    assert (row.told_at, row.lease, row.last_error) == (None, None, "connection refused")

    assert notices.send_due(row.wake_at) == 1
    assert notices.send_due(row.wake_at + 60 * MINUTE) == 0
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("manager")
def test_a_worker_that_died_while_sending_is_followed_by_another(
    kpopusa: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_outage(SCANNER, "nobody there", now=NOON)

    def dies(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(notices.effect, "send", dies)
        with pytest.raises(KeyboardInterrupt):
            notices.send_due(NOON + 5 * MINUTE)
    assert notices.send_due(NOON + 6 * MINUTE) == 0  # the lease of the dead

    assert notices.send_due(NOON + 8 * MINUTE) == 1


def test_a_file_too_large_for_the_scanner_keeps_the_outage_open(
    waiting: Evidence, tcp: Clamd
) -> None:
    put_off_for("clamd refused a file as too large. Please raise StreamMaxLength")

    assert watch.look(NOON + MINUTE) == 1  # it answers, and the file waits all the same
    assert end_outage(SCANNER, now=NOON + MINUTE) is False  # another file went through
    (one,) = standing()
    assert one.takes_not_all and one.waiting == 1

    FileJob.objects.update(stage=FileStage.INSPECT, last_error="")  # somebody has raised it
    assert watch.look(NOON + 2 * MINUTE) == 0


def test_it_ends_too_where_files_are_not_scanned_any_more(kpopusa: Store, settings: Any) -> None:
    raise_outage(SCANNER, "nobody there", now=NOON)
    settings.CLAMD_URL = ""

    assert watch.look(NOON + MINUTE) == 0


def test_a_storage_that_works_again_ends_its_outage_and_keeps_nothing_of_the_probe(
    kpopusa: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_outage(STORAGE, "disk full", now=NOON)

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        assert watch.look(NOON + MINUTE) == 1
    assert "No space left" in standing()[0].detail

    assert watch.look(NOON + 2 * MINUTE) == 0
    assert default_storage.listdir("probe")[1] == []


def test_without_an_outage_nothing_is_asked_of_anybody(settings: Any, db: None) -> None:
    settings.CLAMD_URL = "tcp://a-name-that-is-none.invalid:3310"

    assert watch.look(NOON) == 0
    assert not Outage.objects.exists()


PAGES = ["/desk/", "/desk/pickups/", "/desk/refunds/", "/desk/parcels/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_desk_says_so_while_it_lasts(
    waiting: Evidence, agent: User, manager: User, path: str
) -> None:
    nora, marek = browser_of(agent), browser_of(manager)
    assert "virus scanner" not in nora.get(path).content.decode()

    raise_outage(SCANNER, "127.0.0.1:3310 does not answer <here>", now=NOON)

    told = nora.get(path).content.decode()
    assert "The virus scanner does not answer" in told
    assert "12:00" in told and "1 file waits." in told
    assert "Nothing is shown before it is clean." in told
    assert "127.0.0.1" not in told  # how, is for managers
    assert "does not answer &lt;here&gt;" in marek.get(path).content.decode()

    end_outage(SCANNER, now=NOON + MINUTE)
    assert "virus scanner" not in nora.get(path).content.decode()


def test_another_store_is_not_told_how_many_files_wait_here(
    waiting: Evidence, stranger: User
) -> None:
    raise_outage(SCANNER, "nobody there", now=NOON)

    told = browser_of(stranger).get("/desk/").content.decode()

    assert "does not answer" in told
    assert "file waits" not in told and "files wait" not in told
    assert [one.waiting for one in standing()] == [1]


def test_customers_are_not_told_of_it(waiting: Evidence, web: Client) -> None:
    raise_outage(SCANNER, "nobody there", now=NOON)

    assert "scanner" not in web.get("/kpopusa/").content.decode()
