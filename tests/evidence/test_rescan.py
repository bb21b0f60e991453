"""A scanner that comes later looks at what was taken in before; until then nobody sees that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON
from tests.evidence.filing import FILM, browser_of, copy_of, filed, picture
from tests.evidence.test_work import run
from tickets import tidying
from tickets.evidence import rescan, scan
from tickets.models import Claim, Evidence, FileJob, Order, User

HOUR = timedelta(hours=1)


@pytest.fixture
def film(web: Client, album_order: Order, settings: Any) -> Evidence:
    """Sent, looked into and with its sheet, long before anybody scanned."""
    _claim, evidence = filed(album_order)
    copy_of(evidence, "sheet", picture(), "image/jpeg")
    FileJob.objects.update(stage="done", settled_at=NOON)
    settings.CLAMD_URL = "tcp://scanner.test:3310"
    return evidence


def seen_by(user: User, film: Evidence) -> int:
    return browser_of(user).get(f"/uploads/{film.pk}/", follow=True).status_code


def test_what_was_taken_in_before_is_scanned_once_and_then_shown(
    film: Evidence, agent: User, says: Callable[[object], list[bytes]]
) -> None:
    shown = says(scan.Clean())
    assert seen_by(agent, film) == 409

    tidying.tidy(NOON + HOUR)
    run(NOON + HOUR)
    tidying.tidy(NOON + 2 * HOUR)
    run(NOON + 2 * HOUR)

    assert shown == [FILM]
    film.refresh_from_db()
    assert film.scanned_at == NOON + HOUR
    assert (film.state, FileJob.objects.get().stage) == ("ready", "done")
    assert seen_by(agent, film) == 200


def test_what_is_found_harmful_so_late_stays_shut_and_undoes_no_decision(
    film: Evidence, agent: User, says: Callable[[object], list[bytes]]
) -> None:
    shown = says(scan.Infected("Eicar"))
    before = Claim.objects.values().get()

    for hours in (1, 2):
        rescan.queue(NOON + hours * HOUR)
        run(NOON + hours * HOUR)

    assert shown == [FILM]  # asked once
    assert FileJob.objects.get().last_error == "infected: Eicar"
    assert seen_by(agent, film) == 409
    assert Claim.objects.values().get() == before


def test_a_file_from_before_there_were_jobs_gets_one(
    film: Evidence, says: Callable[[object], list[bytes]]
) -> None:
    says(scan.Clean())
    FileJob.objects.all().delete()

    assert rescan.queue(NOON) == 1
    assert rescan.queue(NOON) == 0  # it waits already
    run()

    film.refresh_from_db()
    assert film.scanned_at == NOON


def test_without_a_scanner_nothing_waits(film: Evidence, settings: Any) -> None:
    settings.CLAMD_URL = ""

    assert rescan.queue(NOON) == 0
    assert FileJob.objects.get().stage == "done"


def test_one_go_is_over_before_the_next(film: Evidence) -> None:
    Evidence.objects.update(scanned_at=None)
    rescan.queue(NOON)
    assert FileJob.objects.get().wake_at == NOON

    assert timedelta(0) < rescan.APART * rescan.MOST <= HOUR
