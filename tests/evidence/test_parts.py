"""What is kept of an unfinished file, in either storage: two writers, full disks, lost lines."""

from __future__ import annotations

import errno
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import default_storage
from django.db import connections
from django.test import Client
from moto import mock_aws

from tests.cast import NOON, Story
from tests.evidence.tus_client import SPOKEN, Sender
from tests.evidence_files import make_video
from tests.portal.conftest import Clock, Customer
from tickets import access
from tickets.actions.uploads import SILENCE, Busy, WrongOffset, advance, arrive, take_turn
from tickets.errors import Conflict
from tickets.evidence import finishing, parts_local
from tickets.evidence.bodies import LineBroken
from tickets.evidence.finishing import finish
from tickets.evidence.parts import Overtaken, StorageTrouble, parts
from tickets.evidence.parts_s3 import PART
from tickets.evidence.receiving import take
from tickets.evidence.sweep_uploads import finish_uploads
from tickets.evidence.work import run_due
from tickets.models import Deadline, Evidence, Upload

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
FILM = make_video(2)


class Pieces:
    """A body that comes in pieces, and may break; ``between`` is called before each."""

    def __init__(self, *pieces: bytes, breaks: bool = False, between: Any = None) -> None:
        self.pieces, self.breaks, self.between = list(pieces), breaks, between

    def waits(self) -> bool:
        return False

    def into(self, view: memoryview) -> int:
        if self.between is not None:
            self.between()
        if not self.pieces:
            if self.breaks:
                raise LineBroken
            return 0
        piece = self.pieces.pop(0)
        view[: len(piece[: len(view)])] = piece[: len(view)]
        if piece[len(view) :]:
            self.pieces.insert(0, piece[len(view) :])
        return len(piece[: len(view)])

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def bucket(web: Client, settings: Any) -> Iterator[Any]:
    """An S3 as the storage (set after the browser has set its own)."""
    import boto3

    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="evidence")
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {
                "BACKEND": "storages.backends.s3.S3Storage",
                "OPTIONS": {
                    "bucket_name": "evidence",
                    "location": "desk",
                    "region_name": "us-east-1",
                    "access_key": "k",
                    "secret_key": "s",
                    "default_acl": None,
                },
            },
        }
        yield s3


@pytest.fixture(params=["disk", "s3"])
def sender(request: pytest.FixtureRequest, customer: Customer) -> Sender:
    """Mina's program, with either storage."""
    if request.param == "s3":
        request.getfixturevalue("bucket")
    customer.begin("missing_photocard")
    return Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")


def letters(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def content(evidence: Evidence) -> bytes:
    with default_storage.open(evidence.file.name) as file:
        return bytes(file.read())


def write(upload: Upload, source: Pieces, at: datetime = NOON) -> int:
    turn = take_turn(upload, upload.offset, now=at)
    return take(turn, source, None, parts(), lambda: at)


def names(s3: Any) -> set[str]:
    return {entry["Key"] for entry in s3.list_objects_v2(Bucket="evidence").get("Contents", [])}


def test_pieces_of_all_sizes_become_the_same_file(sender: Sender) -> None:
    data = letters(2 * PART + 77)
    sender.create(len(data))
    cuts = [0, 1, 5, 3_000_000, PART - 1, PART, PART + 1, 2 * PART - 9, len(data)]
    for start, end in itertools.pairwise(cuts):
        assert sender.patch(start, data[start:end]).status_code == 204
        assert sender.head() == end
    assert content(Evidence.objects.get()) == data


def test_a_line_that_breaks_loses_nothing_that_came(sender: Sender) -> None:
    data = letters(PART + 1000)
    sender.create(len(data))
    assert write(Upload.objects.get(), Pieces(data[:300], data[300:700], breaks=True)) == 700
    assert sender.head() == 700
    assert sender.patch(700, data[700:]).status_code == 204
    assert content(Evidence.objects.get()) == data


def test_two_writers_at_once_and_the_second_waits(sender: Sender) -> None:
    sender.create(100)
    upload = Upload.objects.get()
    seen: list[Any] = []

    def another() -> None:
        seen.append(sender.patch(0, b"other").status_code)

    write(upload, Pieces(b"first", between=another))
    assert set(seen) == {423}
    assert sender.head() == 5


@pytest.mark.parametrize("new", [b"n" * 10, b"n" * 3])
def test_a_silent_writer_is_overtaken_and_can_harm_nothing(
    sender: Sender, at_noon: Clock, new: bytes
) -> None:
    data = b"n" * 40
    sender.create(len(data))
    upload = Upload.objects.get()

    def overtake() -> None:
        if at_noon.now == NOON:
            assert sender.patch(0, new).status_code == 423
            at_noon.now = NOON + SILENCE + SECOND
            assert sender.patch(0, new).status_code == 204

    old = Pieces(b"OLD" * 5, between=overtake)
    with pytest.raises(Overtaken):
        write(upload, old)
    assert sender.head() == len(new)
    assert sender.patch(len(new), data[len(new) :]).status_code == 204
    assert content(Evidence.objects.get()) == data


def test_a_writer_wakes_up_after_the_file_was_called_off(sender: Sender) -> None:
    sender.create(100)
    upload = Upload.objects.get()
    calls = iter([sender.delete])
    source = Pieces(b"x" * 50, between=lambda: next(calls, lambda: None)())
    with pytest.raises((Overtaken, StorageTrouble)):
        write(upload, source)
    upload.refresh_from_db()
    assert (upload.state, upload.offset) == ("ended", 0)
    assert not Evidence.objects.exists()


def test_nothing_in_the_s3_but_the_file_when_it_is_whole(bucket: Any, customer: Customer) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    data = letters(PART + 5)
    sender.create(len(data))
    sender.patch(0, data[:10])
    assert len(names(bucket)) == 1  # the tail
    sender.patch(10, data[10:])
    assert names(bucket) == {f"desk/{Evidence.objects.get().file.name}"}
    assert "Uploads" not in bucket.list_multipart_uploads(Bucket="evidence")
    # Finished a second time, as after a crash: the same file.
    finish(Upload.objects.get(), actor=None, now=NOON)
    assert content(Evidence.objects.get()) == data


def test_nothing_in_the_s3_after_it_was_called_off(bucket: Any, customer: Customer) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    sender.create(PART * 2)
    sender.patch(0, letters(PART + 9))
    assert sender.delete().status_code == 204
    assert names(bucket) == set()
    assert "Uploads" not in bucket.list_multipart_uploads(Bucket="evidence")


def test_a_damaged_part_is_in_nobodys_list(bucket: Any, customer: Customer) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    data = letters(PART * 2)
    sender.create(len(data))
    bad = {"Upload_Checksum": "md5 " + "A" * 22 + "=="}
    assert sender.patch(0, data[::-1], **bad).status_code == 460
    assert sender.head() == 0
    assert sender.patch(0, data).status_code == 204
    assert content(Evidence.objects.get()) == data


# --- trouble with the storage ---------------------------------------------------------------


def test_no_room_for_another_file(customer: Customer, settings: Any) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    settings.UPLOAD_KEEP_FREE = 10**18
    response = sender.create(1000)
    assert response.status_code == 507
    assert "no room" in response.text
    assert not Upload.objects.exists()


def test_the_disk_is_full_in_the_middle(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    sender.create(1000)
    sender.patch(0, b"a" * 400)

    def full(*args: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tickets.evidence.parts_local.os.pwrite", _full_after_the_stamp(full))
        response = sender.patch(400, b"b" * 600)
    assert response.status_code == 507
    assert "no room" in response.text
    assert sender.head() == 400
    assert sender.patch(400, b"b" * 600).status_code == 204
    assert content(Evidence.objects.get()) == b"a" * 400 + b"b" * 600


def _full_after_the_stamp(full: Any) -> Any:
    import os

    real = os.pwrite
    return lambda fd, data, at: real(fd, data, at) if len(data) == 24 else full()


def test_the_s3_is_away(bucket: Any, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    data = letters(PART + 100)
    sender.create(len(data))
    sender.patch(0, data[:50])

    def away(*args: Any, **kwargs: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://s3.test")

    with monkeypatch.context() as patched:
        patched.setattr("botocore.client.BaseClient._make_api_call", away)
        response = sender.patch(50, data[50:])
        assert Sender(customer.web, sender.query).create(10).status_code == 503
        plain = customer.upload("unboxing_video", b"x" * 10, Accept="application/json")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "cannot be stored" in response.text
    assert "cannot be stored" in plain.json()["problems"][0]
    assert sender.head() == 50
    assert sender.patch(50, data[50:]).status_code == 204
    assert content(Evidence.objects.get()) == data


def test_the_plain_form_says_that_the_disk_is_full(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.begin("missing_photocard")

    def full(*args: Any, **kwargs: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", full)
    response = customer.upload("unboxing_video", b"x" * 10, Accept="application/json")
    assert "no room" in response.json()["problems"][0]
    assert not Evidence.objects.exists()


# --- a deadline ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began", "complete", "counts"),
    [
        (-SECOND, 2 * 60 * MINUTE, True),
        (-SECOND, 2 * 60 * MINUTE + SECOND, False),
        (timedelta(0), timedelta(0), False),
        (-60 * MINUTE, -SECOND, True),
    ],
)
def test_begun_before_the_deadline_and_complete_within_two_hours_counts(
    web: Client, story: Story, at_noon: Clock, began: timedelta, complete: timedelta, counts: bool
) -> None:
    claim = story.file("missing_photocard", opened=True)
    due = Deadline.objects.get(claim=claim, kind="evidence_due").due_at
    token = access.link_for(claim.ticket).split("/")[3]
    sender = Sender(web, f"ticket={claim.ticket.reference}&token={token}&kind=unboxing_video")
    at_noon.now = due + began
    assert sender.create(20, body=b"x" * 10).status_code == 201
    at_noon.now = due + complete
    assert sender.patch(10, b"x" * 10).status_code == 204
    assert Evidence.objects.get().in_time is counts


# --- real threads ------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_writers_at_once_one_writes(customer: Customer) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    data = letters(100_000)
    sender.create(len(data))
    start = threading.Barrier(6)

    def one(number: int) -> int:
        mine = Sender(Client(), sender.query)
        mine.address = sender.address
        start.wait()
        try:
            return int(mine.patch(0, data).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        told_them = sorted(pool.map(one, range(6)))
    assert told_them.count(204) == 1
    assert set(told_them) <= {204, 409, 410, 423}
    assert content(Evidence.objects.get()) == data


def test_what_another_has_finished_is_not_thrown_away(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr("tickets.evidence.tus.finish", lambda *a, **k: 1 / 0)  # it dies here
        sender.create(10, body=b"x" * 10)
    upload = Upload.objects.get()

    def too_late(row: Upload, **rest: Any) -> Evidence:
        arrive(row, **rest)  # as by the sweep, a moment before
        raise Conflict("It is over.")

    monkeypatch.setattr(finishing, "arrive", too_late)
    with pytest.raises(Conflict):
        finish(upload, actor=None, now=NOON)

    assert content(Evidence.objects.get()) == b"x" * 10
    upload.refresh_from_db()
    assert upload.state == "arrived"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_finished_by_many_at_once_it_arrives_once(customer: Customer) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    sender.create(10)
    upload = Upload.objects.get()
    turn = take_turn(upload, 0, now=NOON)
    writer = parts().writer(turn, lambda notes: True, NOON)
    writer.write(memoryview(b"x" * 10))
    kept = writer.keep(last=True)
    writer.close()
    assert advance(turn, kept.offset, kept.notes, now=NOON, done=True)
    later = NOON + 5 * MINUTE
    start = threading.Barrier(4)

    def one(number: int) -> int:
        start.wait()
        try:
            if number % 2:
                return finish_uploads(later)
            return int(Client().head(sender.address, headers=SPOKEN).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert Evidence.objects.count() == 1
    assert Path(Evidence.objects.get().file.path).read_bytes() == b"x" * 10


def test_a_turn_says_why_it_is_not_given(customer: Customer) -> None:
    customer.begin("missing_photocard")
    sender = Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")
    sender.create(10)
    upload = Upload.objects.get()
    with pytest.raises(WrongOffset):
        take_turn(upload, 3, now=NOON)
    turn = take_turn(upload, 0, now=NOON)
    with pytest.raises(Busy):
        take_turn(upload, 0, now=NOON + SILENCE - SECOND)
    assert take_turn(upload, 0, now=NOON + SILENCE).token != turn.token
    assert not advance(turn, 5, {}, now=NOON)
    upload.refresh_from_db()
    assert upload.offset == 0


# --- the power goes out -----------------------------------------------------------------


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lives of this machine: the last one is the present."""
    found = ["first"]
    monkeypatch.setattr(parts_local, "this_life", lambda: found[-1])
    # A line faster than the disk: nothing is synced on the way.
    monkeypatch.setattr(parts_local, "_SLOW_LINE", -1)
    return found


@pytest.fixture
def phone(customer: Customer) -> Sender:
    customer.begin("missing_photocard")
    return Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")


def test_after_a_power_cut_only_what_was_synced_counts(
    phone: Sender, lives: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = letters(3000)
    phone.create(len(data))
    monkeypatch.setattr(parts_local, "_SLOW_LINE", 10**12)
    phone.patch(0, data[:1000])
    monkeypatch.setattr(parts_local, "_SLOW_LINE", -1)
    phone.patch(1000, data[1000:2000])
    assert phone.head() == 2000

    lives.append("second")

    assert phone.head() == 1000
    assert phone.patch(2000, data[2000:]).status_code == 409
    assert phone.patch(1000, data[1000:]).status_code == 204
    assert content(Evidence.objects.get()) == data


def test_a_killed_server_takes_nothing_back(phone: Sender, lives: list[str]) -> None:
    phone.create(3000)
    phone.patch(0, letters(2000))
    assert (phone.head(), Upload.objects.get().parts["synced"]) == (2000, 0)


def test_a_whole_file_that_was_never_synced_is_not_taken_in(
    phone: Sender, lives: list[str]
) -> None:
    phone.create(1000)
    write(Upload.objects.get(), Pieces(letters(1000)))  # and the server dies before it finishes
    lives.append("second")

    finish_uploads(NOON + timedelta(hours=1))

    assert not Evidence.objects.exists()
    assert phone.head() == 0


def test_an_arrived_file_that_was_never_synced_is_asked_for_again(
    phone: Sender, lives: list[str]
) -> None:
    phone.create(1000)
    phone.patch(0, letters(1000))
    lives.append("second")

    run_due(NOON)

    evidence = Evidence.objects.get()
    assert (evidence.state, evidence.problem) == ("unreadable", "interrupted")


def test_an_arrived_file_is_synced_before_anybody_looks_into_it(
    phone: Sender, lives: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.create(len(FILM))
    phone.patch(0, FILM)
    synced: list[int] = []
    monkeypatch.setattr(parts_local.os, "fsync", synced.append)

    run_due(NOON)

    assert synced
    assert Evidence.objects.get().state == "ready"
    upload = Upload.objects.get()
    assert upload.parts["synced"] == upload.length
