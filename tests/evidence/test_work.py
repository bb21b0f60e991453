"""Files are looked into by jobs: under a lease, stage after stage, whatever happens to a worker."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from supportdesk import nudge
from tests.cast import NOON, Story
from tests.evidence_files import make_photo, make_video
from tickets import jobs
from tickets.actions.add_evidence import Arrival, remove_evidence, take_in
from tickets.actions.drafts import identify, start_draft
from tickets.actor import Actor
from tickets.evidence import filejobs, inspect, local, programs, scan, work
from tickets.evidence.programs import Died, Limits
from tickets.intake.demo.checks import here
from tickets.lifecycle import FileStage
from tickets.models import (
    Claim,
    CustodyEntry,
    Draft,
    Event,
    Evidence,
    EvidenceCopy,
    FileJob,
    FilePrint,
    Outage,
    Outbox,
)

VIDEO, PHOTO = make_video(), make_photo()
MINUTE = timedelta(minutes=1)


def arrive(content: bytes, kind: str = "unboxing_video", **place: Any) -> Evidence:
    stored = default_storage.save("evidence/2026/03/file", ContentFile(content))
    arrival = Arrival(kind, stored, "mine", len(content), NOON, NOON)
    return take_in(arrival, **{"actor": None, **place}, now=NOON)


def run(now: datetime = NOON, **more: Any) -> int:
    """In this process, at one instant."""
    return work.run_due(now, **{"run": here, "ticks": lambda: 0.0, **more})


@pytest.fixture
def draft(story: Story) -> Draft:
    return identify(start_draft(story.order.store, now=NOON), story.order, now=NOON)


@pytest.fixture
def claim(story: Story) -> Claim:
    """It waits for its video."""
    return story.file("missing_photocard", opened=True)


def _state(evidence: Evidence) -> tuple[str, str]:
    evidence.refresh_from_db()
    return evidence.state, evidence.problem


def _job(evidence: Evidence) -> FileJob:
    return FileJob.objects.get(evidence=evidence)


# -- the way of a file ------------------------------------------------------------------


def test_a_video_becomes_ready_and_waits_for_its_preview(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(work, "nudge_previews", lambda: asked.append("previews"))
    evidence = arrive(VIDEO, draft=draft)
    assert run() == 3
    assert _state(evidence) == ("ready", "")
    assert (evidence.seconds, evidence.advice) == (2.0, ["short", "small"])
    assert evidence.sha256 == hashlib.sha256(VIDEO).hexdigest()
    assert evidence.checked_at == NOON
    job = _job(evidence)
    assert (job.stage, job.lease, job.attempts) == ("preview", None, 0)
    assert asked == ["previews"]
    assert run() == 0  # previews are for others

    assert run(stages=work.SLOW) == 1
    job.refresh_from_db()
    assert (job.stage, job.settled_at) == ("done", NOON)
    assert run(stages=work.ALL) == 0


def test_the_file_of_a_claim_decides_it_when_it_is_ready(claim: Claim) -> None:
    customer = Actor.of_customer(claim.order.customer)
    evidence = arrive(VIDEO, claim=claim, actor=customer)
    before = Claim.objects.get(pk=claim.pk)
    assert before.state == "awaiting_evidence"  # a file that nobody has seen proves nothing

    run()

    after = Claim.objects.get(pk=claim.pk)
    assert after.state == "under_review"
    assert Event.objects.filter(claim=claim, kind="evidence_added").count() == 1
    acts = CustodyEntry.objects.filter(evidence=evidence).values_list("act", flat=True)
    assert list(acts) == ["arrived", "checked"]


def test_a_bad_file_of_a_claim_is_told_and_has_no_copies(claim: Claim) -> None:
    customer = Actor.of_customer(claim.order.customer)
    evidence = arrive(PHOTO, claim=claim, actor=customer)
    mails = Outbox.objects.count()

    run(stages=work.ALL)

    assert _state(evidence) == ("unreadable", "not_video")
    assert evidence.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert _job(evidence).stage == "done"
    assert Event.objects.get(claim=claim, kind="file_refused").data["problem"] == "not_video"
    assert Outbox.objects.count() == mails + 1
    assert Claim.objects.get(pk=claim.pk).state == "awaiting_evidence"
    assert not EvidenceCopy.objects.exists()
    assert not FilePrint.objects.exists()


def test_the_same_file_again_goes_with_all_that_was_stored_of_it(draft: Draft) -> None:
    first, second = arrive(VIDEO, draft=draft), arrive(VIDEO, draft=draft)
    run()
    assert list(Evidence.objects.values_list("pk", flat=True)) == [first.pk]
    assert default_storage.exists(first.file.name)
    assert not default_storage.exists(second.file.name)
    assert FileJob.objects.count() == 1


def test_a_file_that_was_taken_out_while_it_was_looked_into_stays_away(draft: Draft) -> None:
    evidence, other = arrive(VIDEO, draft=draft), arrive(PHOTO, "photo", draft=draft)

    def meanwhile(*asked: Any) -> dict[str, Any]:
        if Evidence.objects.filter(pk=evidence.pk).exists():
            for name in remove_evidence(evidence, draft, now=NOON):
                default_storage.delete(name)
            return {"ok": False, "code": "broken_video"}
        return here(*asked)

    run(run=meanwhile)
    assert not Evidence.objects.filter(pk=evidence.pk).exists()
    assert _state(other) == ("ready", "")


def test_what_the_rules_call_a_photo_must_be_one(draft: Draft, claim: Claim) -> None:
    assert work.media_of(arrive(PHOTO, "photo", draft=draft)) == "photo"
    assert work.media_of(arrive(VIDEO, draft=draft)) == "video"
    assert work.media_of(arrive(VIDEO, "of old rules", claim=claim, actor=_system())) == "any"
    ticket = claim.ticket
    assert work.media_of(arrive(PHOTO, "screenshot", ticket=ticket, actor=_system())) == "photo"


def _system() -> Actor:
    from tickets.actor import SYSTEM

    return SYSTEM


# -- leases --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_work_and_meet_nowhere(draft: Draft) -> None:
    files = [
        arrive(make_photo(size=(300 + number, 200)), "photo", draft=draft) for number in range(12)
    ]
    seen: list[str] = []
    both_at_it = threading.Barrier(2, timeout=20)
    met = threading.local()

    def looks(program: Path, arguments: Any, *more: Any) -> dict[str, Any]:
        if program == inspect.PROBE:
            seen.append(arguments[1])
            if not getattr(met, "yes", False):
                met.yes = True
                both_at_it.wait()
        return here(program, arguments, *more)

    done: list[int] = []
    _in_threads(2, lambda: done.append(run(run=looks)))

    assert {_state(each) for each in files} == {("ready", "")}
    assert len(seen) == len(set(seen)) == 12
    assert sum(done) == 36
    assert FilePrint.objects.count() == 12


@pytest.mark.django_db(transaction=True)
def test_one_preview_at_a_time_is_made_in_the_whole_house(draft: Draft) -> None:
    for number in range(3):
        arrive(make_photo(size=(300 + number, 200)), "photo", draft=draft)
    run()
    at_once, most = [0], [0]
    lock = threading.Lock()

    def looks(*asked: Any) -> dict[str, Any]:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.2)
        answer = here(*asked)
        with lock:
            at_once[0] -= 1
        return answer

    _in_threads(3, lambda: run(stages=work.SLOW, run=looks))
    run(stages=work.SLOW)  # whatever the first ones left to each other
    assert most == [1]
    assert EvidenceCopy.objects.filter(kind="preview").count() == 3


def _in_threads(count: int, what: Callable[[], object]) -> None:
    problems: list[BaseException] = []

    def hand() -> None:
        try:
            what()
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    hands = [threading.Thread(target=hand) for _ in range(count)]
    for each in hands:
        each.start()
    for each in hands:
        each.join(60)
    assert problems == []


def test_who_was_too_slow_settles_nothing_on_the_row(draft: Draft) -> None:
    evidence = arrive(VIDEO, draft=draft)
    slow = filejobs.take(NOON, work.QUICK)
    assert slow is not None
    assert filejobs.take(NOON + filejobs.LEASE - MINUTE, work.QUICK) is None
    later = NOON + filejobs.LEASE
    quick = filejobs.take(later, work.QUICK)
    assert quick is not None
    assert quick.attempt == 2
    for attempt in (
        lambda: filejobs.renew(slow, later),
        lambda: filejobs.hand_on(slow, FileStage.DONE, later),
        lambda: filejobs.retry(slow, "too late", later),
    ):
        with pytest.raises(filejobs.Lost):
            attempt()
    assert (_job(evidence).lease, _job(evidence).stage) == (quick.token, "scan")


def test_a_long_look_keeps_its_lease(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_RENEW", 0.0)
    evidence = arrive(VIDEO, draft=draft)
    passed = [0.0]

    def looks(program: Path, arguments: Any, limits: Limits, beat: Any) -> dict[str, Any]:
        for _ in range(10):
            passed[0] += 60
            beat()
            instant = NOON + timedelta(seconds=passed[0])
            assert _job(evidence).leased_until == instant + filejobs.LEASE
            assert filejobs.take(instant, work.ALL) is None
        return here(program, arguments, limits)

    run(run=looks, ticks=lambda: passed[0])
    assert _state(evidence) == ("ready", "")


def test_a_worker_that_lost_its_lease_stops_and_changes_nothing(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_RENEW", 0.0)
    evidence = arrive(VIDEO, draft=draft)

    def looks(program: Path, arguments: Any, limits: Limits, beat: Any) -> dict[str, Any]:
        assert filejobs.take(NOON + filejobs.LEASE, work.QUICK) is not None
        beat()
        raise AssertionError("it went on")

    run(run=looks)
    assert _state(evidence) == ("received", "")
    assert _job(evidence).attempts == 2


# -- workers that die ------------------------------------------------------------------------


class Killed(BaseException):
    """As if the process had ended here."""


def _dies(*_asked: Any) -> dict[str, Any]:
    raise Killed


def test_what_a_killed_worker_left_is_gone_on_with(draft: Draft) -> None:
    evidence = arrive(VIDEO, draft=draft)
    with pytest.raises(Killed):
        run(run=_dies)
    assert _state(evidence) == ("received", "")
    assert run(NOON + MINUTE) == 0  # it might still live
    assert run(NOON + filejobs.LEASE) == 2  # it was scanned already
    assert _state(evidence) == ("ready", "")


def test_killed_between_the_verdict_and_the_row_it_judges_once(
    claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = arrive(VIDEO, claim=claim, actor=Actor.of_customer(claim.order.customer))
    whole = work.check_evidence.settle

    def then_dies(*args: Any, **more: Any) -> None:
        whole(*args, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(work.check_evidence, "settle", then_dies)
        with pytest.raises(Killed):
            run()
    assert (_state(evidence), _job(evidence).stage) == (("ready", ""), "inspect")

    run(NOON + filejobs.LEASE, stages=work.ALL)
    assert _job(evidence).stage == "done"
    assert Event.objects.filter(kind="evidence_added").count() == 1
    assert CustodyEntry.objects.filter(evidence=evidence, act="checked").count() == 1


def test_a_file_that_kills_its_worker_every_time_is_given_up_and_holds_up_nobody(
    draft: Draft,
) -> None:
    deadly, good = arrive(VIDEO, draft=draft), arrive(PHOTO, "photo", draft=draft)
    path = str(default_storage.path(deadly.file.name))

    def looks(program: Path, arguments: Any, *more: Any) -> dict[str, Any]:
        if path in arguments:
            raise Killed
        return here(program, arguments, *more)

    now = NOON
    for _ in range(filejobs.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            run(now, run=looks)
        run(now, run=looks)
        now += filejobs.LONG_LEASE
    assert _state(good) == ("ready", "")
    assert _state(deadly) == ("received", "")
    run(now, run=looks)
    assert _state(deadly) == ("unreadable", "too_heavy")
    assert _job(deadly).stage == "done"


@pytest.mark.parametrize("stages", [work.QUICK, work.SLOW])
def test_a_copy_that_kills_its_worker_every_time_is_done_without(
    draft: Draft, stages: tuple[FileStage, ...]
) -> None:
    evidence = arrive(PHOTO, "photo", draft=draft)
    run(stages=[FileStage.SCAN, FileStage.INSPECT])
    if stages == work.SLOW:
        run()
    now = NOON
    for _ in range(filejobs.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            run(now, stages=stages, run=_dies)
        now += filejobs.LONG_LEASE
    run(now, stages=stages)
    run(now, stages=work.ALL)
    assert _state(evidence) == ("ready", "")
    assert _job(evidence).stage == "done"


def test_an_error_that_nobody_foresaw_is_tried_again_then_given_up(draft: Draft) -> None:
    evidence = arrive(VIDEO, draft=draft)

    def stumbles(*_asked: Any) -> dict[str, Any]:
        raise ZeroDivisionError("our own mistake")

    now = NOON
    for _ in range(filejobs.MAX_ATTEMPTS):
        run(now, run=stumbles)
        job = _job(evidence)
        assert (job.lease, job.last_error) == (None, "ZeroDivisionError: our own mistake")
        assert job.wake_at > now
        now = job.wake_at
    run(now, run=stumbles)
    assert _state(evidence) == ("unreadable", "too_heavy")


def test_a_program_that_died_makes_the_file_unreadable_at_once(draft: Draft) -> None:
    def died(*_asked: Any) -> dict[str, Any]:
        raise Died("killed")

    evidence = arrive(VIDEO, draft=draft)
    run(run=died)
    assert _state(evidence) == ("unreadable", "too_heavy")


def test_a_worker_that_ends_gives_its_file_back_at_once(draft: Draft) -> None:
    evidence, other = arrive(VIDEO, draft=draft), arrive(PHOTO, "photo", draft=draft)

    def ends(*_asked: Any) -> dict[str, Any]:
        raise programs.Halted

    run(run=ends)
    job = _job(evidence)
    assert (job.lease, job.attempts, job.wake_at) == (None, 0, NOON)
    assert _job(other).stage == "scan"
    run()
    assert _state(evidence) == ("ready", "")


# -- the storage is away -----------------------------------------------------------------------


def test_with_the_storage_away_files_wait_as_long_as_it_takes(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = arrive(VIDEO, draft=draft)
    now, pauses = NOON, []
    with monkeypatch.context() as patch:
        patch.setattr(local.Path, "stat", _raises(OSError(5, "Input/output error")))
        for _ in range(10):
            run(now)
            job = _job(evidence)
            assert (job.attempts, job.lease) == (0, None)
            pauses.append(job.wake_at - now)
            now = job.wake_at
        other = arrive(PHOTO, "photo", draft=draft)
        run(now)  # one file has told; the other one is not even tried
        assert (_job(other).wake_at > now, _job(evidence).wake_at) == (True, now)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=30), timedelta(minutes=5))
    assert _state(evidence) == ("received", "")
    assert Outage.objects.get().kind == "storage"
    assert "Input/output" in Outage.objects.get().detail

    run(now)  # the first that works wakes the others
    assert Outage.objects.get().ended_at == now
    assert _state(evidence) == _state(other) == ("ready", "")


def _raises(error: Exception) -> Callable[..., Any]:
    def raising(*_args: Any, **_more: Any) -> Any:
        raise error

    return raising


def test_a_copy_that_finds_no_room_waits_and_the_file_stays_ready(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = arrive(VIDEO, draft=draft)
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", _raises(OSError(28, "No space left on device")))
        run()
    assert _state(evidence) == ("ready", "")
    assert (_job(evidence).stage, _job(evidence).settled_at) == ("copy", None)
    assert Outage.objects.filter(kind="storage", ended_at=None).exists()
    run(NOON + MINUTE, stages=work.ALL)
    assert set(evidence.copies.values_list("kind", flat=True)) == {"sheet", "preview"}


def test_a_file_that_is_not_there_is_looked_for_again_then_told(draft: Draft) -> None:
    evidence = arrive(VIDEO, draft=draft)
    default_storage.delete(evidence.file.name)
    now = NOON
    for _ in range(filejobs.MAX_ATTEMPTS):
        run(now)
        assert _state(evidence) == ("received", "")
        now = _job(evidence).wake_at
    run(now)
    assert _state(evidence) == ("unreadable", "broken_video")
    assert not Outage.objects.exists()


class Bucket:
    """An S3 bucket as boto3 shows it, with one file in it, or an error instead."""

    def __init__(self, content: bytes | Exception) -> None:
        self.content = content
        self.asked: list[str] = []

    def Object(self, key: str) -> Bucket:  # noqa: N802 - boto3's name
        self.asked.append(key)
        return self

    def get(self) -> dict[str, Any]:
        if isinstance(self.content, Exception):
            raise self.content
        return {"Body": self}

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        assert isinstance(self.content, bytes)
        for start in range(0, len(self.content), size):
            yield self.content[start : start + size]


def _in_a_bucket(monkeypatch: pytest.MonkeyPatch, content: bytes | Exception) -> Bucket:
    bucket = Bucket(content)
    monkeypatch.setattr(default_storage, "bucket", bucket, raising=False)
    monkeypatch.setattr(default_storage, "_normalize_name", str.upper, raising=False)
    return bucket


def test_from_s3_a_file_comes_in_pieces_and_its_copy_goes_again(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = arrive(VIDEO, draft=draft)
    content = VIDEO * 200
    bucket = _in_a_bucket(monkeypatch, content)
    beats: list[int] = []
    with local.original(evidence, lambda: beats.append(1)) as path:
        assert path.read_bytes() == content
    assert bucket.asked == [evidence.file.name.upper()]
    assert len(beats) == -(-len(content) // 1024**2)
    assert not path.exists()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject"), FileNotFoundError),
        (ClientError({"Error": {"Code": "503"}}, "GetObject"), local.StorageAway),
        (EndpointConnectionError(endpoint_url="https://s3.test"), local.StorageAway),
        (ConnectionResetError("gone"), local.StorageAway),
    ],
)
def test_what_s3_says_is_either_no_such_file_or_away(
    draft: Draft, monkeypatch: pytest.MonkeyPatch, error: Exception, raised: type[Exception]
) -> None:
    evidence = arrive(VIDEO, draft=draft)
    _in_a_bucket(monkeypatch, error)
    with pytest.raises(raised), local.original(evidence):
        pass


# -- the scanner ---------------------------------------------------------------------------------


@pytest.fixture
def scanner(
    settings: Any, says: Callable[[object], list[bytes]]
) -> Callable[[object], list[bytes]]:
    """Files are scanned, and the scanner says one thing of all of them."""
    settings.CLAMD_URL = "tcp://scanner.test:3310"
    return says


def test_a_clean_file_is_said_to_be_and_goes_on(draft: Draft, scanner: Any) -> None:
    shown = scanner(scan.Clean())
    evidence = arrive(VIDEO, draft=draft)
    run()
    assert _state(evidence) == ("ready", "")
    assert evidence.scanned_at == NOON
    assert shown == [VIDEO]


def test_an_infected_file_is_never_opened(claim: Claim, scanner: Any) -> None:
    scanner(scan.Infected("Eicar-Test"))
    evidence = arrive(VIDEO, claim=claim, actor=Actor.of_customer(claim.order.customer))

    def opened(*_asked: Any) -> dict[str, Any]:
        raise AssertionError("it was opened")

    run(stages=work.ALL, run=opened)
    assert _state(evidence) == ("infected", "infected")
    assert evidence.sha256 == hashlib.sha256(VIDEO).hexdigest()
    assert evidence.scanned_at is None
    assert _job(evidence).stage == "done"


def test_with_the_scanner_away_a_file_waits_and_is_never_skipped(
    draft: Draft, scanner: Any
) -> None:
    scanner(scan.ScannerAway("scanner.test does not answer"))
    evidence, other = arrive(VIDEO, draft=draft), arrive(PHOTO, "photo", draft=draft)
    now = NOON
    for _ in range(3 * filejobs.MAX_ATTEMPTS):
        run(now, stages=work.ALL)
        now = max(_job(evidence).wake_at, now + timedelta(seconds=10))
    assert _state(evidence) == _state(other) == ("received", "")
    assert _job(evidence).attempts == 0
    assert _job(evidence).last_error == "scanner: scanner.test does not answer"
    assert Outage.objects.get(kind="scanner").ended_at is None

    scanner(scan.Clean())
    run(now)
    run(now)
    assert _state(evidence) == _state(other) == ("ready", "")
    assert Outage.objects.get(kind="scanner").ended_at is not None


def test_a_file_that_the_scanner_will_not_take_holds_up_no_other(
    draft: Draft, scanner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanner(scan.Clean())
    large, small = arrive(VIDEO, draft=draft), arrive(PHOTO, "photo", draft=draft)

    def scan_stream(file: Any) -> object:
        if len(file.read()) == len(VIDEO):
            raise scan.ScannerAway(f"please raise {scan.LIMIT}")
        return scan.Clean()

    monkeypatch.setattr(scan, "scan_stream", scan_stream)
    run()
    assert _state(large) == ("received", "")
    assert _state(small) == ("ready", "")
    assert Outage.objects.get(kind="scanner").ended_at is None


# -- the jobs ----------------------------------------------------------------------


def test_the_jobs_are_shells_and_go_to_the_worker_for_files(
    draft: Draft, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[datetime, Any]] = []
    monkeypatch.setattr(jobs.clock, "now", lambda: NOON)
    monkeypatch.setattr(
        work, "run_due", lambda now, stages=work.QUICK: asked.append((now, stages)) or 0
    )
    jobs.check_files()
    jobs.preview_files()
    assert asked == [(NOON, work.QUICK), (NOON, work.SLOW)]
    for name in (nudge.check_files.task, nudge.preview_files.task):
        assert settings.CELERY_TASK_ROUTES[name] == {"queue": "files"}
        assert name in {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}
