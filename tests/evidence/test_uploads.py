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
from tests.cast import NOON, PASSWORD
from tests.evidence_files import make_photo, make_video
from tests.portal.conftest import Customer
from tickets import access
from tickets.evidence.orphans import sweep_orphans
from tickets.evidence.receive import BoundedUpload
from tickets.models import Claim, Evidence, Store, User

VIDEO = make_video()


def _stored() -> list[str]:
    root = Path(default_storage.location)  # type: ignore[attr-defined]  # the local disk
    return sorted(str(path) for path in root.rglob("*") if path.is_file())


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
    evidence = Evidence.objects.get(pk=told["id"])
    assert evidence.sha256 == hashlib.sha256(VIDEO).hexdigest()
    assert (evidence.size, evidence.state) == (len(VIDEO), "ready")
    assert evidence.original_name == "My Film.mp4"
    assert "Film" not in evidence.file.name
    assert Path(evidence.file.path).read_bytes() == VIDEO
    assert evidence.began_at == NOON  # the request's begin, by our clock


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"I am a video, honestly" * 30, "not a video"),
        (VIDEO[: len(VIDEO) // 2], "cannot play"),
    ],
)
def test_a_bad_file_is_told_at_once_and_nothing_else_is_lost(
    sender: Customer, content: bytes, said: str
) -> None:
    sender.upload("unboxing_video", VIDEO, "good.mp4")
    before = sender.draft.answers
    stored = _stored()

    response = sender.upload("unboxing_video", content, "bad.mp4", Accept="application/json")

    assert response.status_code == 422
    assert said in response.json()["problems"][0]
    assert Evidence.objects.get().original_name == "good.mp4"
    assert sender.draft.answers == before
    assert _stored() == stored


def test_without_javascript_the_page_comes_back_with_the_reason(sender: Customer) -> None:
    response = sender.upload("unboxing_video", b"nothing to see", "bad.mp4")
    assert response.status_code == 302
    assert "This is not a video." in sender.web.get(response.headers["Location"]).text


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
    assert len(response.json()["files"]) == 3
    assert len(response.json()["problems"]) == 1
    assert Evidence.objects.count() == 3


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


# --- seeing it ----------------------------------------------------------------------


def _body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def _link(claim: Claim, evidence: Evidence) -> str:
    token = access.link_for(claim.ticket).split("/")[3]
    return f"/uploads/t/{claim.ticket.reference}/{token}/{evidence.pk}/"


def test_the_customer_sees_it_by_the_link_and_an_agent_signed_in(
    filed: tuple[Customer, Claim, Evidence], agent: User
) -> None:
    sender, claim, evidence = filed
    assert _body(sender.web.get(_link(claim, evidence))) == VIDEO
    assert sender.web.get(f"/uploads/{evidence.pk}/").status_code == 404

    desk = Client()
    assert desk.login(username=agent.email, password=PASSWORD)
    response = desk.get(f"/uploads/{evidence.pk}/")
    assert _body(response) == VIDEO
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == 'inline; filename="unboxing.mp4"'
    assert "private" in response.headers["Cache-Control"]
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_another_stores_agent_and_a_wrong_link_see_nothing(
    filed: tuple[Customer, Claim, Evidence], stranger: User
) -> None:
    sender, claim, evidence = filed
    elsewhere = Client()
    assert elsewhere.login(username=stranger.email, password=PASSWORD)
    assert elsewhere.get(f"/uploads/{evidence.pk}/").status_code == 404
    wrong = _link(claim, evidence).replace(claim.ticket.reference, "22222222")
    assert sender.web.get(wrong).status_code == 404
    assert sender.web.get(f"/uploads/d/guess/{evidence.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=5-999999999", 5, None),
    ],
)
def test_a_player_gets_the_range_it_asks_for(
    filed: tuple[Customer, Claim, Evidence], asked: str, first: int, last: int | None
) -> None:
    sender, claim, evidence = filed
    response = sender.web.get(_link(claim, evidence), headers={"Range": asked})
    want = VIDEO[first : None if last is None else last + 1]
    start = first if first >= 0 else len(VIDEO) + first

    assert response.status_code == 206
    assert _body(response) == want
    end = start + len(want) - 1
    assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(VIDEO)}"
    assert response.headers["Content-Length"] == str(len(want))


def test_ranges_that_cannot_be(filed: tuple[Customer, Claim, Evidence]) -> None:
    sender, claim, evidence = filed
    link = _link(claim, evidence)
    beyond = sender.web.get(link, headers={"Range": f"bytes={len(VIDEO)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(VIDEO)}"
    assert sender.web.get(link, headers={"Range": "bytes=-0"}).status_code == 416
    for odd in ("bytes=9-3", "lines=1-2", "bytes=0-1,5-6", "bytes=-"):
        response = sender.web.get(link, headers={"Range": odd})
        assert response.status_code == 200
        assert _body(response) == VIDEO


def test_what_the_browser_has_already_is_not_sent_again(
    filed: tuple[Customer, Claim, Evidence],
) -> None:
    sender, claim, evidence = filed
    link = _link(claim, evidence)
    etag = sender.web.get(link).headers["ETag"]
    assert sender.web.get(link, headers={"If-None-Match": etag}).status_code == 304
    old = sender.web.get(link, headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert old.status_code == 200
    head = sender.web.head(link)
    assert head.headers["Content-Length"] == str(len(VIDEO))
    assert head.content == b""


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
