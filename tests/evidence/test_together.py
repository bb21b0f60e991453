"""Files and their requests, pulled at from two sides at once: one order or the other, never half.

Real threads on real transactions; each pair a few times, since the order is chance.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cast import NOON, Story, a_file
from tests.evidence.filing import begun, filed
from tests.evidence.test_last_minute import an_upload
from tests.test_races import at_once
from tickets.actions import custody, hold
from tickets.actions.add_evidence import remove_evidence, take_in
from tickets.actions.check_evidence import settle
from tickets.actions.decide_claim import withdraw
from tickets.actions.file_claim import file_claim
from tickets.actions.uploads import Place, arrive, end
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import ActionError, Conflict
from tickets.models import (
    Claim,
    CustodyEntry,
    Deadline,
    Draft,
    Event,
    Evidence,
    FileJob,
    Order,
    Outbox,
    Upload,
    User,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOON + 3 * MINUTE  # the check took longer than anybody waits
TIMES = range(4)


def mina(order: Order) -> Actor:
    return Actor.of_customer(order.customer)


def received(draft: Draft, mark: str = "a") -> Evidence:
    return take_in(a_file(mark=mark).arrival, draft=draft, actor=None, now=NOON)


def send(draft: Draft) -> Claim:
    return file_claim(
        Draft.objects.get(pk=draft.pk),
        actor=mina(draft.order),
        now=LATER,  # type: ignore[arg-type]  # it has one
    )


def whole(evidence: Evidence) -> None:
    """Its log is one chain, and its claim knows what it has."""
    log = list(CustodyEntry.objects.filter(evidence=evidence).order_by("seq"))
    assert log and custody.broken_at(log) is None


@pytest.mark.parametrize("_time", TIMES)
def test_sent_and_checked_at_once(story: Story, _time: int) -> None:
    draft = story.draft(opened=True)
    film = received(draft)

    at_once(lambda: send(draft), lambda: settle(film.pk, a_file().findings, now=LATER))

    claim = Claim.objects.get()
    film.refresh_from_db()
    assert (film.claim, film.state) == (claim, "ready")
    assert (claim.state, claim.missing) == ("under_review", [])
    whole(film)


@pytest.mark.parametrize("_time", TIMES)
def test_taken_out_and_checked_at_once(story: Story, _time: int) -> None:
    draft = story.draft(opened=True)
    film = received(draft)

    names, _settled = at_once(
        lambda: remove_evidence(film, draft, now=LATER),
        lambda: settle(film.pk, a_file().findings, now=LATER),
    )

    assert names == [film.file.name]
    assert not Evidence.objects.exists() and not FileJob.objects.exists()


@pytest.mark.parametrize("_time", TIMES)
def test_taken_out_and_sent_at_once(story: Story, _time: int) -> None:
    draft = story.draft(opened=True)
    film = received(draft)
    settle(film.pk, a_file().findings, now=NOON)

    out, _claim = at_once(lambda: remove_evidence(film, draft, now=LATER), lambda: send(draft))

    claim = Claim.objects.get()
    if isinstance(out, Conflict):
        assert (claim.state, claim.evidence.count()) == ("under_review", 1)
        whole(film)
    else:
        assert (claim.state, Evidence.objects.count()) == ("awaiting_evidence", 0)


@pytest.mark.parametrize("_time", TIMES)
def test_another_film_begins_as_the_request_is_sent(story: Story, _time: int) -> None:
    draft = story.draft(opened=True)

    film, sent = at_once(
        lambda: begun(Place(draft=draft), now=LATER),
        lambda: send(draft),
    )

    assert [isinstance(one, Conflict) for one in (film, sent)].count(True) == 1
    assert Claim.objects.count() + Upload.objects.count() == 1


@pytest.mark.parametrize("_time", TIMES)
def test_the_last_byte_comes_as_the_request_is_sent(story: Story, _time: int) -> None:
    draft = story.draft(opened=True)
    upload = an_upload(Place(draft=draft), NOON, NOON)

    film, sent = at_once(lambda: arrive(upload, actor=None, now=LATER), lambda: send(draft))

    assert isinstance(film, Evidence)
    if isinstance(sent, Claim):
        film.refresh_from_db()
        assert film.claim == sent
    else:
        assert isinstance(sent, Conflict) and sent.field == "files"


def test_one_upload_that_arrives_by_four_hands_is_one_file(story: Story) -> None:
    upload = an_upload(Place(draft=story.draft(opened=True)), NOON, NOON)

    films = at_once(*[lambda: arrive(upload, actor=None, now=LATER)] * 4)

    assert len({film.pk for film in films if isinstance(film, Evidence)}) == 1
    assert Evidence.objects.count() == FileJob.objects.count() == 1


@pytest.mark.parametrize("_time", TIMES)
def test_called_off_as_it_arrives(story: Story, _time: int) -> None:
    upload = an_upload(Place(draft=story.draft(opened=True)), NOON, NOON)

    film, off = at_once(
        lambda: arrive(upload, actor=None, now=LATER), lambda: end(upload, now=LATER)
    )

    upload.refresh_from_db()
    assert isinstance(film, Evidence) is not off
    assert upload.state == ("ended" if off else "arrived")
    assert Evidence.objects.count() == int(not off)


@pytest.mark.parametrize("_time", TIMES)
def test_withdrawn_and_checked_at_once(story: Story, _time: int) -> None:
    claim = story.file("missing_photocard", opened=True)
    actor = mina(claim.order)
    film = take_in(a_file().arrival, claim=claim, actor=actor, now=NOON)

    at_once(
        lambda: withdraw(claim, actor=actor, now=LATER),
        lambda: settle(film.pk, a_file().findings, now=LATER),
    )

    claim.refresh_from_db()
    film.refresh_from_db()
    assert (claim.state, film.state) == ("withdrawn", "ready")
    assert Event.objects.filter(kind__in=["evidence_added", "file_ready"]).count() == 1
    whole(film)


def test_one_check_by_four_workers_is_settled_once(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    film = take_in(a_file().arrival, claim=claim, actor=mina(claim.order), now=NOON)

    at_once(*[lambda: settle(film.pk, a_file().findings, now=LATER)] * 4)

    assert Event.objects.filter(kind="evidence_added").count() == 1
    assert Outbox.objects.filter(template="evidence_complete").count() == 1
    assert CustodyEntry.objects.filter(act="checked").count() == 1


@pytest.mark.parametrize("_time", TIMES)
def test_the_same_film_twice_checked_at_once_counts_once(story: Story, _time: int) -> None:
    claim = story.file("missing_photocard", opened=True)
    films = [
        take_in(a_file(mark=mark).arrival, claim=claim, actor=mina(claim.order), now=NOON)
        for mark in "ab"
    ]

    at_once(*[lambda f=f: settle(f.pk, a_file().findings, now=LATER) for f in films])

    assert sorted(Evidence.objects.values_list("state", flat=True)) == ["ready", "repeated"]
    for film in films:
        whole(film)


@pytest.mark.parametrize("_time", TIMES)
def test_the_end_comes_as_the_server_notices_the_last_byte(story: Story, _time: int) -> None:
    claim = story.file("missing_photocard", opened=True)
    due = Deadline.objects.get(kind="evidence_due")
    upload = an_upload(Place(claim=claim), due.due_at - MINUTE, due.wake_at)

    film, *_swept = at_once(
        lambda: arrive(upload, actor=mina(claim.order), now=due.wake_at),
        *[lambda: sweep(due.wake_at)] * 2,
    )

    claim.refresh_from_db()
    assert isinstance(film, Evidence) and film.in_time
    assert claim.state == "awaiting_evidence"
    assert not Event.objects.filter(kind="claim_expired").exists()


@pytest.mark.parametrize("_time", TIMES)
def test_held_in_the_second_in_which_the_days_are_over(
    album_order: Order, lead: User, _time: int
) -> None:
    claim, film = filed(album_order)
    withdraw(claim, actor=mina(album_order), now=NOON)
    due = Deadline.objects.get(kind="retention_due").due_at

    at_once(
        lambda: hold.hold(claim.ticket, "A lawyer.", actor=Actor.staff(lead), now=due),
        lambda: sweep(due),
        lambda: sweep(due),
    )

    film.refresh_from_db()
    claim.ticket.refresh_from_db()
    assert claim.ticket.held_at == due
    acts = list(CustodyEntry.objects.filter(evidence=film).values_list("act", flat=True))
    assert ("held" in acts) is not ("erased" in acts)
    assert (film.erased_at is None) is ("held" in acts)
    whole(film)


@pytest.mark.parametrize("_time", TIMES)
def test_erased_while_it_is_looked_into(story: Story, _time: int) -> None:
    claim = story.file("missing_photocard", opened=True)
    actor = mina(claim.order)
    film = take_in(a_file().arrival, claim=claim, actor=actor, now=NOON)
    withdraw(claim, actor=actor, now=NOON)
    due = Deadline.objects.get(kind="retention_due").due_at

    at_once(lambda: sweep(due), lambda: settle(film.pk, a_file().findings, now=due))

    film.refresh_from_db()
    acts = list(CustodyEntry.objects.filter(evidence=film).values_list("act", flat=True))
    assert acts[-1] == "erased" and film.erased_at == due
    assert ("checked" in acts) is (film.state == "ready")
    whole(film)


def test_two_drafts_with_a_film_each_are_one_claim_with_one(story: Story) -> None:
    drafts = [story.draft(opened=True) for _ in range(3)]
    for number, draft in enumerate(drafts):
        film = replace(a_file(), arrival=a_file(mark=str(number)).arrival)
        settle(take_in(film.arrival, draft=draft, actor=None, now=NOON).pk, film.findings, now=NOON)

    results = at_once(*[lambda d=d: send(d) for d in drafts])

    assert sum(isinstance(one, ActionError) for one in results) == 2
    claim = Claim.objects.get()
    assert claim.evidence.count() == 1
    assert Evidence.objects.filter(claim=None).count() == 2
