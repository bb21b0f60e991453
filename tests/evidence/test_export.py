"""The sealed export: complete, checkable with an everyday program, and provably ours later."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from tests.cast import NOON
from tests.evidence.filing import FILM, body, browser_of, filed, put
from tests.evidence.pdf_text import fonts_of, text_of
from tickets.actions.decide_claim import approve
from tickets.actions.undoing import take_back
from tickets.actor import Actor
from tickets.evidence.export import hashes_in, prepare, stream
from tickets.models import Claim, Event, Evidence, Order, Product, Store, Ticket, User


@pytest.fixture
def sent(web: Client, album_order: Order) -> tuple[Claim, Evidence]:
    return filed(album_order, name="../언박싱 영상.mp4")


@pytest.fixture
def lena(lead: User) -> Client:
    return browser_of(lead)


def export(client: Client, claim: Claim, **extra: Any) -> Any:
    return client.post(f"/desk/claims/{claim.ticket.reference}/export/", **extra)


def unpacked(answer: Any, into: Path) -> Path:
    """Put the archive on the disk as somebody would."""
    content = body(answer)
    assert answer.headers["Content-Length"] == str(len(content))
    packed = into / "export.zip"
    packed.write_bytes(content)
    program = shutil.which("unzip")
    if program:
        subprocess.run([program, "-q", str(packed), "-d", str(into / "out")], check=True)
    else:
        zipfile.ZipFile(packed).extractall(into / "out")
    return into / "out"


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the real program says."""
    program = shutil.which("sha256sum")
    assert program
    return subprocess.run(
        [program, "--strict", "-c", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C.UTF-8"},
    )


def test_sha256sum_finds_everything_in_order(
    sent: tuple[Claim, Evidence], lena: Client, lead: User, tmp_path: Path
) -> None:
    claim, evidence = sent
    answer = export(lena, claim, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    folder = unpacked(answer, tmp_path)

    result = checked(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "originals/01-언박싱-영상.mp4: OK" in result.stdout
    listed = {line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS"}
    assert listed <= there
    assert (folder / "originals/01-언박싱-영상.mp4").read_bytes() == FILM

    event = Event.objects.get(kind="evidence_exported")
    digest = hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert event.data == {"manifest": digest, "files": [evidence.pk]}
    assert event.actor_user == lead
    last = evidence.custody.latest("seq")
    assert (last.act, last.actor_user, last.address) == ("exported", lead, "203.0.113.9")
    assert last.data == {"manifest": digest}


def test_from_a_bucket_it_is_the_same(
    web: Client, bucket: str, album_order: Order, lena: Client, tmp_path: Path
) -> None:
    claim, _evidence = filed(album_order)
    folder = unpacked(export(lena, claim), tmp_path)
    assert checked(folder).returncode == 0
    assert (folder / "originals/01-unboxing.mp4").read_bytes() == FILM


def test_what_was_changed_in_the_storage_shows(
    sent: tuple[Claim, Evidence], lena: Client, tmp_path: Path
) -> None:
    claim, evidence = sent
    Path(default_storage.path(str(evidence.file.name))).write_bytes(b"another film altogether")
    folder = unpacked(export(lena, claim), tmp_path)

    result = checked(folder)
    assert result.returncode == 1
    assert "originals/01-언박싱-영상.mp4: FAILED" in result.stdout
    assert "decision.pdf: OK" in result.stdout


def test_the_papers_tell_what_happened(
    sent: tuple[Claim, Evidence], lena: Client, agent: User, lead: User, tmp_path: Path
) -> None:
    claim, evidence = sent
    claim.refresh_from_db()
    actor = Actor.staff(agent)
    approve(claim, "replacement", note="=Seen on film", actor=actor, now=NOON, seen=None)
    folder = unpacked(export(lena, claim), tmp_path)

    told = json.loads((folder / "timeline.json").read_text())
    assert told["request"] == claim.ticket.reference
    kinds = [event["kind"] for event in told["events"]]
    assert kinds[0] == "claim_filed"
    assert "claim_approved" in kinds
    assert "evidence_exported" not in kinds
    first = told["events"][0]
    assert first["rule"] == claim.rule
    assert first["policy_version"] == claim.policy_version.number
    assert first["data"]["facts"]["evidence"] == ["unboxing_video"]
    rows = list(csv.DictReader(io.StringIO((folder / "timeline.csv").read_text("utf-8-sig"))))
    assert [row["Kind"] for row in rows] == kinds
    assert json.loads(rows[0]["Facts"]) == first["data"]["facts"]
    log = list(csv.reader(io.StringIO((folder / "custody.csv").read_text("utf-8-sig"))))
    assert len(log) == evidence.custody.count()  # its head instead of the export's own entry
    readme = (folder / "README.txt").read_text()
    assert "sha256sum -c SHA256SUMS" in readme
    assert evidence.sha256 in readme


def test_what_is_harmful_or_erased_is_named_and_stays_here(
    sent: tuple[Claim, Evidence], lena: Client, tmp_path: Path
) -> None:
    claim, _good = sent
    bad = put(claim=claim, content=b"EICAR", name="virus.mp4", problem="infected")
    gone = put(claim=claim, content=FILM[9:], name="old.mp4")
    unchecked = put(claim=claim, content=FILM[8:], name="new.mp4", checked=False)
    Evidence.objects.filter(pk=gone.pk).update(file="", erased_at=NOON)
    folder = unpacked(export(lena, claim), tmp_path)

    assert [path.name for path in (folder / "originals").iterdir()] == ["01-언박싱-영상.mp4"]
    readme = (folder / "README.txt").read_text()
    assert f"virus.mp4  the virus scanner found something harmful in it; SHA-256 {bad.sha256}" in (
        readme
    )
    assert f"old.mp4  erased 2026-03-05, its time was over; SHA-256 {gone.sha256}" in readme
    assert "new.mp4  it has not been checked yet" in readme
    assert not unchecked.custody.filter(act="exported").exists()
    assert checked(folder).returncode == 0


def test_before_the_scanner_has_looked_nothing_goes_along(
    sent: tuple[Claim, Evidence], lena: Client, tmp_path: Path, settings: Any
) -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:3310"
    folder = unpacked(export(lena, sent[0]), tmp_path)
    assert not (folder / "originals").exists()


def test_an_agent_may_not_and_nothing_is_noted(
    sent: tuple[Claim, Evidence], agent: User, stranger: User
) -> None:
    assert export(browser_of(agent), sent[0]).status_code == 403
    assert export(browser_of(stranger), sent[0]).status_code == 404
    assert not Event.objects.filter(kind="evidence_exported").exists()
    assert not sent[1].custody.filter(act="exported").exists()


def test_a_missing_file_stops_the_export_before_anything_is_noted(
    sent: tuple[Claim, Evidence], lena: Client
) -> None:
    Path(default_storage.path(str(sent[1].file.name))).unlink()
    answer = export(lena, sent[0])
    assert answer.status_code == 503
    assert "Nothing was exported" in answer.text
    assert not Event.objects.filter(kind="evidence_exported").exists()


def test_an_export_can_be_proven_ours(
    sent: tuple[Claim, Evidence], lena: Client, stranger: User, tmp_path: Path
) -> None:
    claim, _evidence = sent
    manifest = (unpacked(export(lena, claim), tmp_path) / "SHA256SUMS").read_bytes()

    def check(client: Client, content: bytes) -> str:
        given = SimpleUploadedFile("SHA256SUMS", content)
        return str(client.post("/desk/exports/", {"manifest": given}).text)

    told = check(lena, manifest)
    assert "This export is ours." in told
    assert claim.ticket.spoken_reference in told
    assert "We do not know this list." in check(lena, manifest.replace(b"a", b"b", 1))
    assert "We do not know this list." in check(browser_of(stranger), manifest)
    assert "We do not know this list." in check(lena, b"\xff\x00 nothing")
    assert "it is too large" in check(lena, b"0" * 300_000)
    assert "Please choose" in lena.post("/desk/exports/").text


def test_an_export_without_any_file_is_known_as_well(
    sent: tuple[Claim, Evidence], lena: Client, tmp_path: Path
) -> None:
    Evidence.objects.update(file="", erased_at=NOON)
    manifest = (unpacked(export(lena, sent[0]), tmp_path) / "SHA256SUMS").read_bytes()
    given = SimpleUploadedFile("SHA256SUMS", manifest)
    assert "This export is ours." in lena.post("/desk/exports/", {"manifest": given}).text


def test_only_hashes_are_read_from_a_list() -> None:
    digest = "ab" * 32
    assert hashes_in(f"{digest}  a\nhello\n{digest.upper()} *b\n{digest[:-1]}z  c".encode()) == [
        digest,
        digest,
    ]


def test_a_large_film_never_lies_whole_in_memory(web: Client, album_order: Order) -> None:
    claim, evidence = filed(album_order)
    size = 300 * 1024 * 1024
    with Path(default_storage.path(str(evidence.file.name))).open("r+b") as file:
        file.truncate(size)  # mostly a hole: nothing is really written
    bundle = prepare(Ticket.objects.get(pk=claim.ticket_id), now=NOON)
    archive = stream(bundle)
    tracemalloc.start()
    try:
        length = sum(len(piece) for piece in archive)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == len(stream(bundle)) > size
    assert peak < 16 * 1024 * 1024


# --- the document -------------------------------------------------------------------


def test_the_document_says_who_what_by_which_rule_and_when(
    sent: tuple[Claim, Evidence], agent: User
) -> None:
    claim, evidence = sent
    Product.objects.update(title="Aurora")
    claim.refresh_from_db()
    actor = Actor.staff(agent)
    approve(claim, "replacement", note="Seen: 山田太郎 and 张伟", actor=actor, now=NOON, seen=None)
    content = prepare(Ticket.objects.get(pk=claim.ticket_id), now=NOON).papers["decision.pdf"]

    text = text_of(content)
    for said in (
        *("KPOP USA", claim.ticket.spoken_reference, "김미나", "#1042", "Aurora", "photocard"),
        *(claim.rule, claim.policy_version.sha256, evidence.sha256, "언박싱 영상.mp4"),
        *("山田太郎", "张伟", "Approved", "Nora", "2026-03-05 12:00 PST", "It was not in the box."),
    ):
        assert said.replace(" ", "") in text.replace(" ", "").replace("\n", ""), said
    assert all("NotoSansCJK" in font for font in fonts_of(content))
    assert len(content) < 400_000  # only what is used of the font


def test_what_was_taken_back_is_no_decision_on_paper(
    sent: tuple[Claim, Evidence], agent: User
) -> None:
    claim, _evidence = sent
    actor = Actor.staff(agent)
    approve(claim, "replacement", note="A slip.", actor=actor, now=NOON, seen=None)
    ticket = Ticket.objects.get(pk=claim.ticket_id)
    take_back(ticket, [ticket.last_seq], actor=actor, now=NOON)
    papers = prepare(Ticket.objects.get(pk=ticket.pk), now=NOON).papers
    text = text_of(papers["decision.pdf"])
    assert "Nothing has been decided yet." in text.replace("\n", " ")
    assert "A slip." not in text
    # The whole history keeps both.
    assert [row["kind"] for row in json.loads(papers["timeline.json"])["events"]][-2:] == [
        "claim_approved",
        "step_undone",
    ]


def test_the_document_is_in_the_stores_language(kpop2: Store, sent: tuple[Claim, Evidence]) -> None:
    ticket = Ticket.objects.get(pk=sent[0].ticket_id)
    with translation.override("en"):
        Store.objects.filter(pk=ticket.store_id).update(locale="ko")
        ticket = Ticket.objects.get(pk=ticket.pk)
        text = text_of(prepare(ticket, now=NOON).papers["decision.pdf"])
    assert "승인" in text or "가능" in text or "합니다" in text or "습니다" in text


def test_names_that_steer_a_text_or_have_no_glyph_do_no_harm(
    web: Client, album_order: Order
) -> None:
    claim, _evidence = filed(album_order, name="\u202egpj.📦 한.mp4")
    ticket = Ticket.objects.get(pk=claim.ticket_id)
    text = text_of(prepare(ticket, now=NOON).papers["decision.pdf"])
    assert "\u202e" not in text
    assert "gpj.□" in text
    assert "한" in text  # composed from its parts, as a Mac writes it
