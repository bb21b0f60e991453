"""``/uploads/tus/``: a file comes in pieces, and whatever is wrong is said and harms nothing."""

from __future__ import annotations

import base64
import hashlib
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from policies.parts import EvidenceInfo
from tests.cast import NOON, PASSWORD, Story
from tests.evidence.tus_client import SPOKEN, Sender, coded
from tests.portal.conftest import Clock, Customer
from tickets import access
from tickets.actions.uploads import LIVES, MAX_UNFINISHED
from tickets.evidence import tus_headers as tus
from tickets.evidence.orphans import UPLOAD_AGE, sweep_orphans
from tickets.evidence.sweep_uploads import FORGOTTEN, UNFINISHED, finish_uploads
from tickets.models import Evidence, FileJob, Upload, User

DATA = bytes(range(256)) * 40
SECOND = timedelta(seconds=1)


@pytest.fixture
def sender(customer: Customer) -> Sender:
    """Mina's program, at her draft."""
    customer.begin("missing_photocard")
    return Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")


@pytest.fixture
def begun(sender: Sender) -> Sender:
    """1000 bytes of it are here."""
    sender.create(len(DATA))
    assert sender.patch(0, DATA[:1000]).status_code == 204
    return sender


def stored() -> list[str]:
    root = Path(default_storage.location)  # type: ignore[attr-defined]  # the local disk
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def nothing_happened(sender: Sender, offset: int = 1000) -> None:
    assert sender.head() == offset
    assert not Evidence.objects.exists()
    assert Upload.objects.get().offset == offset


# --- the way of a file ------------------------------------------------------------------


def test_a_file_in_pieces_becomes_evidence_once(sender: Sender) -> None:
    sender.create(len(DATA), "My Film.mp4")
    assert sender.created.status_code == 201
    assert "Upload-Expires" in sender.created.headers
    assert sender.head() == 0
    for start in range(0, len(DATA), 4000):
        response = sender.patch(start, DATA[start : start + 4000])
        assert response.status_code == 204
        assert int(response["Upload-Offset"]) == min(start + 4000, len(DATA))

    evidence = Evidence.objects.get()
    assert Path(evidence.file.path).read_bytes() == DATA
    assert (evidence.state, evidence.size) == ("received", len(DATA))
    assert evidence.original_name == "My Film.mp4"
    assert FileJob.objects.get().evidence == evidence
    assert stored() == [evidence.file.name]
    assert sender.head() == len(DATA)
    assert sender.patch(len(DATA), b"").status_code == 204
    assert Evidence.objects.count() == 1


def test_a_file_that_comes_with_its_creation(sender: Sender) -> None:
    response = sender.create(len(DATA), body=DATA)
    assert response.status_code == 201
    assert response["Upload-Offset"] == str(len(DATA))
    assert Path(Evidence.objects.get().file.path).read_bytes() == DATA


def test_the_beginning_comes_with_the_creation_and_the_rest_later(sender: Sender) -> None:
    assert sender.create(len(DATA), body=DATA[:100])["Upload-Offset"] == "100"
    assert sender.patch(100, DATA[100:]).status_code == 204
    assert Path(Evidence.objects.get().file.path).read_bytes() == DATA


def test_what_is_spoken_here(sender: Sender) -> None:
    response = sender.web.options(f"/uploads/tus/?{sender.query}")
    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert set(response["Tus-Extension"].split(",")) == set(tus.EXTENSIONS)
    assert response["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"
    assert int(response["Tus-Max-Size"]) > 1024**3


def test_a_program_that_can_only_post(begun: Sender) -> None:
    said = {**SPOKEN, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "1000"}
    response = begun.web.post(
        begun.address, DATA[1000:], content_type="application/offset+octet-stream", headers=said
    )
    assert response.status_code == 204
    assert Evidence.objects.get().size == len(DATA)


def test_a_part_costs_few_statements(begun: Sender, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(4):  # type: ignore[operator]  # pytest-django's fixture
        assert begun.patch(1000, DATA[1000:2000]).status_code == 204


def test_metadata_is_told_again(begun: Sender) -> None:
    response = begun.web.head(begun.address, headers=SPOKEN)
    assert response["Upload-Metadata"] == f"filename {coded('film.mp4')}"
    assert response["Upload-Length"] == str(len(DATA))


# --- bad input ----------------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, "0.2.2", "1.0.1", "1", "", "1.0.0, 0.2.2", "٣"])
@pytest.mark.parametrize("method", ["post", "head", "patch", "delete"])
def test_another_version_is_not_understood(begun: Sender, said: str | None, method: str) -> None:
    headers = {"Upload-Offset": "1000", **({"Tus-Resumable": said} if said is not None else {})}
    address = f"/uploads/tus/?{begun.query}" if method == "post" else begun.address
    response = getattr(begun.web, method)(address, headers=headers)
    assert response.status_code == 412
    assert response["Tus-Version"] == "1.0.0"
    nothing_happened(begun)


@pytest.mark.parametrize(
    "offset", ["0", "1", "999", "1001", "10240", "10241", str(2**31), str(2**63), "9" * 18]
)
def test_a_part_that_does_not_follow(begun: Sender, offset: str) -> None:
    response = begun.patch(offset, b"x" * 10)
    assert response.status_code in ({400} if len(offset) > 18 else {409})
    nothing_happened(begun)


@pytest.mark.parametrize(
    "offset",
    [None, "", " ", "-1", "+1000", "1000.0", "1e3", "0x3e8", "１０００", "1000,1000", "no"],
)
def test_an_offset_that_is_no_number(begun: Sender, offset: str | None) -> None:
    assert begun.patch(offset, b"x" * 10).status_code == 400
    nothing_happened(begun)


@pytest.mark.parametrize(
    "length", [None, "", "-1", "-0", "+5", "5.0", "1e3", "0x10", "５", "five", "5 5", "9" * 19]
)
def test_a_length_that_is_no_number(sender: Sender, length: str | None) -> None:
    assert sender.create(length).status_code == 400
    assert not Upload.objects.exists()
    assert stored() == []


def test_a_file_without_a_byte(sender: Sender) -> None:
    response = sender.create(0)
    assert response.status_code == 400
    assert "empty" in response.text
    assert not Upload.objects.exists()


def test_a_length_that_is_told_later_is_not_taken(sender: Sender) -> None:
    assert sender.create(None, Upload_Defer_Length="1").status_code == 400
    assert "1" not in sender.create(10, Upload_Defer_Length="1").headers.get("Location", "")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("beyond", [1, 10**6, 10**12, 10**17])
def test_a_file_that_is_too_large(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, beyond: int
) -> None:
    monkeypatch.setattr(EvidenceInfo, "max_bytes", property(lambda self: 2000))
    response = sender.create(2000 + beyond)
    assert response.status_code == 413
    assert "too large" in response.text
    assert not Upload.objects.exists()
    assert sender.create(2000).status_code == 201


@pytest.mark.parametrize("more", [1, 5000])
def test_more_bytes_than_the_file_has(begun: Sender, more: int) -> None:
    response = begun.patch(1000, DATA[1000:] + b"x" * more)
    assert response.status_code == 413
    nothing_happened(begun)


def test_more_bytes_than_the_file_has_at_its_creation(sender: Sender) -> None:
    assert sender.create(10, body=b"x" * 11).status_code == 413
    assert not Upload.objects.exists()
    assert stored() == []


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "text/plain", "multipart/form-data; boundary=x", ""]
)
def test_parts_that_are_no_octets(begun: Sender, kind: str) -> None:
    assert begun.patch(1000, b"x" * 10, content_type=kind).status_code == 415
    nothing_happened(begun)


def test_chunks_out_of_order(sender: Sender) -> None:
    sender.create(len(DATA))
    pieces = [(start, DATA[start : start + 700]) for start in range(0, len(DATA), 700)]
    rng = random.Random(7)
    refused = 0
    while not Evidence.objects.exists():
        start, piece = rng.choice(pieces)
        here = Upload.objects.get().offset
        response = sender.patch(start, piece)
        assert response.status_code == (204 if start == here else 409)
        refused += start != here
    assert refused > 10
    assert Path(Evidence.objects.get().file.path).read_bytes() == DATA


@pytest.mark.parametrize("algorithm", tus.ALGORITHMS)
def test_a_part_is_kept_when_its_checksum_fits(begun: Sender, algorithm: str) -> None:
    piece = DATA[1000:3000]
    response = begun.patch(1000, piece, Upload_Checksum=checksum(algorithm, b"other"))
    assert response.status_code == 460
    nothing_happened(begun)
    assert begun.patch(1000, piece, Upload_Checksum=checksum(algorithm, piece)).status_code == 204
    assert begun.head() == 3000


def test_nothing_of_a_damaged_part_is_left(begun: Sender) -> None:
    begun.patch(1000, DATA[1000:3000], Upload_Checksum=checksum("sha1", b"other"))
    path = Path(default_storage.path(f"uploads/{Upload.objects.get().key}"))
    assert path.stat().st_size == 1000


def test_a_damaged_file_at_its_creation_leaves_nothing(sender: Sender) -> None:
    response = sender.create(10, body=b"x" * 10, Upload_Checksum=checksum("md5", b"y"))
    assert response.status_code == 460
    assert stored() == []
    assert not Evidence.objects.exists()
    assert set(Upload.objects.values_list("state", flat=True)) == {"ended"}


@pytest.mark.parametrize(
    "said",
    ["", "sha1", "sha1 ", "sha1 ???", "sha512 " + coded(b"x" * 64), "crc32 AAAAAA==", "SHA1 x",
     "sha1 " + coded(b"short"), "sha256 " + coded(b"x" * 20), "md5 " + coded(b"x" * 17),
     "sha1\u00e9"],
)  # fmt: skip
def test_a_checksum_that_cannot_be_read(begun: Sender, said: str) -> None:
    assert begun.patch(1000, b"x" * 10, Upload_Checksum=said).status_code == 400
    nothing_happened(begun)


@pytest.mark.parametrize(
    "said",
    [
        "filename",
        "filename ",
        "filename  ",
        f"a {coded('b')},filename {coded('x')}",
        "is_draft",
        "",
    ],
)
def test_metadata_that_is_fine(sender: Sender, said: str) -> None:
    assert sender.create(10, Upload_Metadata=said).status_code == 201


@pytest.mark.parametrize(
    "said",
    [",", "a b c", "filename !!!!", "filename YQ", "filename YQ==,filename YQ==", " , ", "a YQ==,",
     "näme YQ==", "filename Yé==", "a" * 5000],
)  # fmt: skip
def test_metadata_that_cannot_be_read(sender: Sender, said: str) -> None:
    assert sender.create(10, Upload_Metadata=said).status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mina\\film.mp4", "film.mp4"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        ("a\x00b.mp4", "ab.mp4"),
        ("\u202egpm.exe\u202c.mp4", "gpm.exe.mp4"),
        ("\u200f영상 \u200e🎁.mp4", "영상 🎁.mp4"),
        ("film\r\nSet-Cookie: x=1.mp4", "filmSet-Cookie: x=1.mp4"),
        ("<script>.mp4", "<script>.mp4"),
        (b"\xff\xfe.mp4", "\ufffd\ufffd.mp4"),
        ("x" * 300 + ".mp4", "x" * 116 + ".mp4"),
        ("👨‍👩‍👧.mp4", "👨👩👧.mp4"),
    ],
)
def test_names_of_all_kinds(sender: Sender, name: str | bytes, shown: str) -> None:
    sender.create(10, name)
    sender.patch(0, b"x" * 10)
    evidence = Evidence.objects.get()
    assert evidence.original_name == shown
    assert stored() == [evidence.file.name]


def test_a_kind_that_the_store_does_not_take(sender: Sender) -> None:
    sender.query = sender.query.replace("unboxing_video", "selfie")
    assert sender.create(10).status_code == 422
    assert not Upload.objects.exists()


@pytest.mark.parametrize("method", ["get", "put"])
def test_other_methods(begun: Sender, method: str) -> None:
    assert getattr(begun.web, method)(begun.address, headers=SPOKEN).status_code == 405
    nothing_happened(begun)


def test_too_many_at_once(sender: Sender) -> None:
    answers = [sender.create(10).status_code for _ in range(MAX_UNFINISHED + 1)]
    assert answers == [201] * MAX_UNFINISHED + [422]
    assert Upload.objects.count() == MAX_UNFINISHED
    assert len(stored()) == 2 * MAX_UNFINISHED  # each file and its stamp


def test_too_many_in_a_short_time(sender: Sender) -> None:
    for _ in range(120):
        access.limit("127.0.0.1", "upload", 120, timedelta(minutes=10), NOON)
    assert sender.create(10).status_code == 429


@given(said=st.text(max_size=60) | st.from_regex(r"[a-z]{1,4} [A-Za-z0-9+/=]{0,9}", fullmatch=True))
def test_no_header_brings_a_reader_down(said: str) -> None:
    readers = (
        lambda: tus.metadata_of(said).filename,
        lambda: tus.checksum_of(said),
        lambda: tus.offset_of(said),
        lambda: tus.length_of(said, None),
        lambda: tus.body_length(said),
        lambda: tus.octets(said),
        lambda: tus.speak(said),
    )
    for reader in readers:
        try:
            reader()
        except tus.Refused as refused:
            assert refused.status in {400, 412, 415}
            assert refused.message


@given(
    values=st.dictionaries(
        st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","),
                min_size=1, max_size=8),
        st.binary(max_size=40), max_size=5,
    )
)  # fmt: skip
def test_metadata_comes_back_as_it_was_said(values: dict[str, bytes]) -> None:
    said = ",".join(f"{key} {coded(value)}" for key, value in values.items())
    assert tus.metadata_of(said).values == values


# --- who may ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["head", "patch", "delete"])
def test_another_customers_upload_is_nobodys(
    begun: Sender, story: Story, method: str, agent: User
) -> None:
    other = story.draft(opened=True)
    strangers = [f"draft={other.key}", "draft=guess", "", "ticket=22222222&token=x"]
    headers = {**SPOKEN, "Upload-Offset": "1000"}
    path = begun.address.partition("?")[0]
    for query in strangers:
        response = getattr(begun.web, method)(f"{path}?{query}", headers=headers)
        assert response.status_code == 404
        assert "Upload-Offset" not in response.headers
    desk = Client()
    assert desk.login(username=agent.email, password=PASSWORD)
    assert getattr(desk, method)(path, headers=headers).status_code == 404
    nothing_happened(begun)


def test_staff_and_customer_do_not_write_to_each_others_uploads(
    web: Client, story: Story, agent: User, second_agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    assert web.login(username=agent.email, password=PASSWORD)
    mine = Sender(web, f"ticket={claim.ticket.reference}&kind=unboxing_video")
    assert mine.create(10).status_code == 201
    token = access.link_for(claim.ticket).split("/")[3]
    path = mine.address.partition("?")[0]
    by_link = f"{path}?ticket={claim.ticket.reference}&token={token}"
    assert Client().head(by_link, headers=SPOKEN).status_code == 404
    colleague = Client()
    assert colleague.login(username=second_agent.email, password=PASSWORD)
    assert colleague.head(mine.address, headers=SPOKEN).status_code == 404
    assert mine.patch(0, b"x" * 10).status_code == 204
    assert Evidence.objects.get().uploaded_by == agent


def test_a_page_of_another_site_cannot_use_a_session(
    web: Client, story: Story, agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    strict = Client(enforce_csrf_checks=True)
    assert strict.login(username=agent.email, password=PASSWORD)
    sender = Sender(strict, f"ticket={claim.ticket.reference}&kind=unboxing_video")
    assert sender.create(10).status_code == 403
    assert not Upload.objects.exists()
    strict.cookies["csrftoken"] = "b" * 32
    assert sender.create(10, X_CSRFToken="b" * 32).status_code == 201
    assert sender.patch(0, b"x" * 10).status_code == 403
    assert sender.delete().status_code == 403
    assert sender.patch(0, b"x" * 10, X_CSRFToken="b" * 32).status_code == 204


def test_a_customer_needs_no_cookie(sender: Sender) -> None:
    sender.web = Client(enforce_csrf_checks=True)
    assert sender.create(10, body=b"x" * 10).status_code == 201


# --- when it is over ------------------------------------------------------------------------


def test_after_it_was_called_off_nothing_is_left(begun: Sender) -> None:
    assert begun.delete().status_code == 204
    assert stored() == []
    for response in (
        begun.delete(),
        begun.patch(1000, b"x"),
        begun.web.head(begun.address, headers=SPOKEN),
    ):
        assert response.status_code == 410
    assert not Evidence.objects.exists()


def test_what_has_arrived_is_not_called_off(sender: Sender) -> None:
    sender.create(10, body=b"x" * 10)
    assert sender.delete().status_code == 403
    assert Evidence.objects.count() == 1


def test_an_upload_lives_three_days_after_its_last_byte(begun: Sender, at_noon: Clock) -> None:
    at_noon.now = NOON + LIVES - SECOND
    assert begun.patch(1000, DATA[1000:2000]).status_code == 204
    at_noon.now = NOON + 2 * LIVES - 2 * SECOND
    assert begun.head() == 2000
    at_noon.now += SECOND
    assert begun.web.head(begun.address, headers=SPOKEN).status_code == 410
    assert begun.patch(2000, b"x").status_code == 410
    assert finish_uploads(at_noon.now + SECOND) == 1
    assert stored() == []
    assert finish_uploads(at_noon.now + FORGOTTEN + 2 * SECOND) == 1
    assert not Upload.objects.exists()


def test_a_draft_that_was_sent_takes_no_upload(sender: Sender, story: Story) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    sender.query = f"draft={claim.draft.key}&kind=unboxing_video"
    response = sender.create(10)
    assert response.status_code == 422
    assert "already been sent" in response.text
    assert not Upload.objects.exists()
    assert stored() == []


def test_a_whole_file_whose_client_was_never_told(
    begun: Sender, at_noon: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("tickets.evidence.tus.finish", lambda *a, **k: 1 / 0)  # it dies here
        with pytest.raises(ZeroDivisionError):
            begun.patch(1000, DATA[1000:])
    assert not Evidence.objects.exists()
    at_noon.now = NOON + timedelta(hours=3)
    assert finish_uploads(NOON + UNFINISHED) == 0  # whoever brought it may still be at it
    assert finish_uploads(at_noon.now) == 1
    evidence = Evidence.objects.get()
    assert evidence.completed_at == NOON  # since its last byte, not since it was noticed
    assert Path(evidence.file.path).read_bytes() == DATA
    assert finish_uploads(at_noon.now) == 0
    assert begun.head() == len(DATA)


@pytest.mark.parametrize("how", ["head", "patch"])
def test_whoever_asks_finishes_it(begun: Sender, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("tickets.evidence.tus.finish", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            begun.patch(1000, DATA[1000:])
    if how == "head":
        assert begun.head() == len(DATA)
    else:
        assert begun.patch(len(DATA), b"").status_code == 204
    assert Evidence.objects.get().size == len(DATA)


def test_orphans_of_uploads_go_and_uploads_stay(begun: Sender) -> None:
    path = Path(default_storage.path("uploads/left"))
    path.write_bytes(b"a crash")
    real = default_storage.get_modified_time("uploads/left")
    assert sweep_orphans(real + UPLOAD_AGE - SECOND) == 0
    assert sweep_orphans(real + UPLOAD_AGE + SECOND) == 1
    assert begun.patch(1000, DATA[1000:]).status_code == 204
    assert Path(Evidence.objects.get().file.path).read_bytes() == DATA
