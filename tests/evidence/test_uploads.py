"""``/uploads/``: what is taken, what is refused, and who may see it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from policies.parts import EvidenceInfo
from tests.cast import NOON
from tests.checks import check_files
from tests.evidence_files import make_photo, make_video
from tests.portal.conftest import Customer
from tickets.evidence.orphans import sweep_orphans
from tickets.evidence.receive import BoundedUpload
from tickets.models import Claim, Evidence, Store

VIDEO = make_video()


def _stored() -> list[str]:
    """The originals."""
    root = Path(default_storage.location)  # type: ignore[attr-defined]  # the local disk
    return sorted(str(path) for path in root.glob("evidence/**/*") if path.is_file())


@pytest.fixture
def sender(customer: Customer) -> Customer:
    """Mina, as far as the evidence."""
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    return customer


@pytest.fixture
def filed(sender: Customer) -> tuple[Customer, Claim, Evidence]:
    """Sent, with the video."""
    sender.upload("unboxing_video", VIDEO, "unboxing.mp4")
    sender.post("review/")
    return sender, Claim.objects.get(), Evidence.objects.get()


def test_a_video_arrives_whole_under_a_random_name(sender: Customer) -> None:
    response = sender.upload(
        "unboxing_video", VIDEO, "../../My Film.mp4", Accept="application/json"
    )

    assert response.status_code == 201
    told = response.json()["files"][0]
    assert told["state"] == "received"
    evidence = Evidence.objects.get(pk=told["id"])
    assert evidence.sha256 == hashlib.sha256(VIDEO).hexdigest()
    assert (evidence.size, evidence.state) == (len(VIDEO), "ready")
    assert evidence.original_name == "My Film.mp4"
    assert "Film" not in evidence.file.name
    assert Path(evidence.file.path).read_bytes() == VIDEO
    assert evidence.began_at == NOON  # the request's begin, by our clock


def test_an_empty_file_is_told_at_once_and_nothing_else_is_lost(sender: Customer) -> None:
    sender.upload("unboxing_video", VIDEO, "good.mp4")
    before, stored = sender.draft.answers, _stored()

    response = sender.upload("unboxing_video", b"", "bad.mp4", Accept="application/json")

    assert response.status_code == 422
    assert "empty" in response.json()["problems"][0]
    assert Evidence.objects.get().original_name == "good.mp4"
    assert sender.draft.answers == before
    assert _stored() == stored


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"I am a video, honestly" * 30, "This is not a video."),
        (VIDEO[: len(VIDEO) // 2], "breaks off"),
    ],
)
def test_a_bad_file_is_told_when_it_was_looked_into_and_can_be_removed(
    sender: Customer, content: bytes, said: str
) -> None:
    sender.upload("unboxing_video", VIDEO, "good.mp4")
    sender.upload("unboxing_video", content, "bad.mp4")

    good, bad = Evidence.objects.order_by("pk")
    assert (good.state, bad.state) == ("ready", "unreadable")
    page = sender.get("evidence/").text
    assert said in page
    assert "1 of 1 here" in page
    sender.post(f"evidence/{bad.pk}/remove/")
    assert Evidence.objects.get() == good
    assert said not in sender.get("evidence/").text


def test_without_javascript_the_page_comes_back_and_looks_again_by_itself(
    sender: Customer,
) -> None:
    response = sender.upload("unboxing_video", b"nothing to see", "bad.mp4", checked=False)
    assert response.status_code == 302
    page = sender.web.get(response.headers["Location"]).text
    assert "“bad.mp4” has arrived. We are checking whether it opens." in page
    assert '<noscript><meta http-equiv="refresh"' in page

    check_files(NOON)
    page = sender.web.get(response.headers["Location"]).text
    assert "This is not a video." in page
    assert 'http-equiv="refresh"' not in page


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A pack that takes files of up to 2000 bytes."""
    monkeypatch.setattr(EvidenceInfo, "max_bytes", property(lambda self: 2000))
    yield 2000


def test_a_file_over_its_kinds_limit_is_refused_while_it_streams(
    sender: Customer, small_limit: int
) -> None:
    response = sender.upload("unboxing_video", VIDEO, "long.mp4", Accept="application/json")

    assert response.status_code == 413
    assert "too large" in response.json()["problems"][0]
    assert not Evidence.objects.exists()
    assert _stored() == []


def test_a_hopeless_length_is_refused_before_it_is_read(
    sender: Customer, small_limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.evidence.views._DRAIN", 0)
    monkeypatch.setattr("tickets.evidence.views._FORM", 0)
    read: list[Any] = []
    monkeypatch.setattr("tickets.evidence.views.BoundedUpload", lambda *a, **k: read.append(a))
    response = sender.upload("unboxing_video", VIDEO, "long.mp4", Accept="application/json")
    assert response.status_code == 413
    assert read == []


def test_the_same_file_twice_is_one(sender: Customer) -> None:
    for _ in range(2):
        sender.upload("unboxing_video", VIDEO, "again.mp4")
    assert Evidence.objects.count() == 1
    assert len(_stored()) == 1


def test_several_photos_in_one_go(customer: Customer) -> None:
    customer.begin("defect")
    photos = [SimpleUploadedFile(f"{n}.jpg", make_photo(size=(300 + n, 200))) for n in range(3)]
    response = customer.web.post(
        f"/uploads/?draft={customer.draft.key}&kind=photo",
        {"file": [*photos, SimpleUploadedFile("x.jpg", b"no picture")]},
        headers={"Accept": "application/json"},
    )
    assert len(response.json()["files"]) == 4
    check_files(NOON)
    states = Evidence.objects.order_by("pk").values_list("original_name", "state")
    assert dict(states) == {
        "0.jpg": "ready",
        "1.jpg": "ready",
        "2.jpg": "ready",
        "x.jpg": "unreadable",
    }


@pytest.mark.parametrize("query", ["", "draft=guess&kind=photo", "ticket=22222222&token=x"])
def test_a_file_for_nothing_is_not_taken(web: Client, kpopusa: Store, query: str) -> None:
    response = web.post(f"/uploads/?{query}", {"file": SimpleUploadedFile("a", VIDEO)})
    assert response.status_code == 404
    assert not Evidence.objects.exists()


def test_a_kind_that_the_store_does_not_take_is_refused(sender: Customer) -> None:
    response = sender.upload("selfie", VIDEO, "a.mp4", Accept="application/json")
    assert response.status_code == 422
    assert not Evidence.objects.exists()


def test_a_forged_upload_is_refused(sender: Customer) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(
        f"/uploads/?draft={sender.draft.key}&kind=unboxing_video",
        {"file": SimpleUploadedFile("a.mp4", VIDEO)},
    )
    assert response.status_code == 403
    assert not Evidence.objects.exists()
    assert _stored() == []


def test_after_sending_the_draft_takes_no_more(filed: tuple[Customer, Claim, Evidence]) -> None:
    sender, claim, _evidence = filed
    response = sender.upload("unboxing_video", make_video(3), "late.mp4", Accept="application/json")
    assert response.status_code == 422
    assert "already been sent" in response.json()["problems"][0]
    assert claim.evidence.count() == 1
    assert len(_stored()) == 1


@pytest.mark.django_db(transaction=True)
def test_while_a_file_arrives_no_connection_of_the_pool_is_kept(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.begin("missing_photocard")
    key = customer.draft.key
    held: list[bool] = []

    class Watching(BoundedUpload):
        def new_file(self, *args: Any, **kwargs: Any) -> None:
            held.append(connection.connection is not None)
            super().new_file(*args, **kwargs)

    monkeypatch.setattr("tickets.evidence.views.BoundedUpload", Watching)
    response = customer.web.post(
        f"/uploads/?draft={key}&kind=unboxing_video",
        {"file": SimpleUploadedFile("a.mp4", VIDEO)},
        headers={"Accept": "application/json"},
    )

    assert response.status_code == 201
    assert held == [False]


def test_orphans_go_after_a_day_and_evidence_never(
    filed: tuple[Customer, Claim, Evidence],
) -> None:
    _sender, _claim, evidence = filed
    written = default_storage.get_modified_time(evidence.file.name)
    orphan = default_storage.save(f"evidence/{written:%Y/%m}/orphan.mp4", ContentFile(b"a crash"))

    assert sweep_orphans(written + timedelta(hours=1)) == 0
    assert default_storage.exists(orphan)
    assert sweep_orphans(written + timedelta(days=2)) == 1
    assert _stored() == [evidence.file.path]
