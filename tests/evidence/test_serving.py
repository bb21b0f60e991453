"""How a file goes out: whole, in ranges, as what it is, and not at all before it is clean."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from supportdesk.storage import browser_origins, delivery
from tests.cast import NOON, Story
from tests.evidence.filing import FILM, body, browser_of, copy_of, filed, picture, put
from tickets.actor import Actor
from tickets.evidence import links
from tickets.evidence.serve import Piece, respond
from tickets.evidence.stored import Source
from tickets.models import Claim, Evidence, Order, User

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.fixture
def sent(web: Client, album_order: Order) -> tuple[Claim, Evidence]:
    return filed(album_order)


@pytest.fixture
def nora(agent: User) -> Client:
    return browser_of(agent)


@pytest.fixture
def film(sent: tuple[Claim, Evidence], agent: User) -> str:
    """The address of the film, for Nora."""
    return links.link(sent[1], "original", actor=Actor.staff(agent), now=NOON)


# --- as what it is ------------------------------------------------------------------


def test_a_film_is_shown_as_a_film_and_nothing_else(nora: Client, film: str) -> None:
    response = nora.get(film)

    assert body(response) == FILM
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == 'inline; filename="unboxing.mp4"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "content_type", ["image/svg+xml", "text/html", "application/pdf", "image/heic", ""]
)
def test_what_could_act_is_only_ever_saved(
    nora: Client, film: str, sent: tuple[Claim, Evidence], content_type: str
) -> None:
    # As if an inspection had been fooled: the row says so, and it still cannot do anything.
    if content_type:
        Evidence.objects.update(content_type=content_type, original_name="a.svg")
    else:
        Evidence.objects.update(content_type="", state="received", checked_at=None)
    response = nora.get(film)

    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert sent[1].custody.get(act="downloaded").data == {"what": "original"}


def test_an_unreadable_file_can_only_be_saved(
    web: Client, album_order: Order, nora: Client, agent: User
) -> None:
    claim, _good = filed(album_order)
    bad = put(claim=claim, content=SVG, name="x.svg", problem="not_video")
    Evidence.objects.filter(pk=bad.pk).update(content_type="image/jpeg")
    response = nora.get(links.link(bad, "original", actor=Actor.staff(agent), now=NOON))

    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == 'attachment; filename="x.svg"'
    assert body(response) == SVG


def test_copies_are_served_as_the_originals_are(
    nora: Client, sent: tuple[Claim, Evidence], agent: User
) -> None:
    _claim, evidence = sent
    sheet = picture()
    copy_of(evidence, "sheet", sheet, "image/jpeg")
    actor = Actor.staff(agent)
    address = links.link(evidence, "sheet", actor=actor, now=NOON)
    response = nora.get(address, headers={"Range": "bytes=2-9"})

    assert (response.status_code, body(response)) == (206, sheet[2:10])
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Disposition"] == 'inline; filename="unboxing-sheet.jpg"'
    assert (
        response.headers["ETag"]
        != nora.get(links.link(evidence, "original", actor=actor, now=NOON)).headers["ETag"]
    )
    assert nora.get(links.link(evidence, "preview", actor=actor, now=NOON)).status_code == 404


# --- ranges -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(FILM)),
        ("bytes=-50", len(FILM) - 50, len(FILM)),
        ("bytes=-999999999", 0, len(FILM)),
        ("bytes=5-999999999", 5, len(FILM)),
        ("bytes = 7 - 7", 7, 8),
    ],
)
def test_a_player_gets_the_range_it_asks_for(
    nora: Client, film: str, asked: str, first: int, end: int
) -> None:
    response = nora.get(film, headers={"Range": asked})

    assert response.status_code == 206
    assert body(response) == FILM[first:end]
    assert response.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(FILM)}"
    assert response.headers["Content-Length"] == str(end - first)


def test_ranges_that_cannot_be(nora: Client, film: str) -> None:
    for beyond in (f"bytes={len(FILM)}-", "bytes=-0"):
        refused = nora.get(film, headers={"Range": beyond})
        assert refused.status_code == 416
        assert refused.headers["Content-Range"] == f"bytes */{len(FILM)}"
    for odd in ("bytes=9-3", "lines=1-2", "bytes=0-1,5-6", "bytes=-", f"bytes={'9' * 30}-"):
        whole = nora.get(film, headers={"Range": odd})
        assert (whole.status_code, body(whole)) == (200, FILM)


def test_what_the_browser_has_already_is_not_sent_again(nora: Client, film: str) -> None:
    etag = nora.get(film).headers["ETag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        response = nora.get(film, headers={"If-None-Match": known})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == etag
    part = {"Range": "bytes=0-9"}
    assert nora.get(film, headers={**part, "If-Range": etag}).status_code == 206
    for old in ('"old"', "Thu, 05 Mar 2026 20:00:00 GMT", f"W/{etag}"):
        assert nora.get(film, headers={**part, "If-Range": old}).status_code == 200


def test_a_head_tells_the_length_and_carries_nothing(
    nora: Client, film: str, sent: tuple[Claim, Evidence]
) -> None:
    head = nora.head(film, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(FILM))
    assert not sent[1].custody.filter(act="viewed").exists()
    assert nora.post(film).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_while_a_film_plays_no_connection_of_the_pool_is_kept(nora: Client, film: str) -> None:
    response = nora.get(film)
    assert connection.connection is None
    assert body(response) == FILM


def test_a_servers_file_wrapper_reads_no_further_than_the_range(
    sent: tuple[Claim, Evidence], rf: Any
) -> None:
    _claim, evidence = sent
    piece = Piece(str(evidence.file.name), len(FILM), "video/mp4", '"a"', "a.mp4")
    response = respond(rf.get("/", headers={"Range": "bytes=100-299"}), piece)
    source = response.file_to_stream  # type: ignore[attr-defined]  # what the server is given

    assert isinstance(source, Source)
    with open(source.fileno(), "rb", closefd=False) as raw:
        assert raw.tell() == 100  # from where the kernel would send
    assert b"".join(iter(source.read, b"")) == FILM[100:300]
    response.close()
    with pytest.raises(ValueError, match="closed"):
        source.fileno()


# --- not at all ---------------------------------------------------------------------


def test_nothing_is_shown_before_the_scanner_has_found_it_clean(
    nora: Client, film: str, sent: tuple[Claim, Evidence], settings: Any
) -> None:
    claim, evidence = sent
    copy_of(evidence, "sheet", picture(), "image/jpeg")
    customer = Actor.of_customer(claim.ticket.customer)
    settings.CLAMD_URL = "tcp://127.0.0.1:3310"
    sheet = links.link(evidence, "sheet", actor=customer, now=NOON)
    for client, address in ((nora, film), (Client(), sheet)):
        response = client.get(address)
        assert response.status_code == 409
        assert "still being checked" in response.text
        assert response.headers["Cache-Control"] == "no-store"
    assert not evidence.custody.filter(act="viewed").exists()

    Evidence.objects.update(scanned_at=NOON)
    assert body(nora.get(film)) == FILM


def test_a_draft_waits_for_the_scanner_as_well(
    web: Client, album_order: Order, settings: Any
) -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:3310"
    draft = Story(album_order).draft(opened=True)
    evidence = put(draft)
    address = links.draft_link(evidence, "original", draft, now=NOON)
    assert Client().get(address).status_code == 409


def test_what_is_infected_goes_to_nobody(
    web: Client, album_order: Order, nora: Client, agent: User
) -> None:
    claim, _good = filed(album_order)
    bad = put(claim=claim, content=SVG, problem="infected")
    customer = Actor.of_customer(claim.ticket.customer)
    for client, actor in ((nora, Actor.staff(agent)), (Client(), customer)):
        for download in (False, True):
            address = links.link(bad, "original", actor=actor, now=NOON, download=download)
            response = client.get(address)
            assert response.status_code == 409
            assert "cannot be opened" in response.text
            assert b"<svg xmlns" not in response.content.split(b"<main")[-1]


def test_what_was_erased_is_told_as_erased(
    nora: Client, film: str, sent: tuple[Claim, Evidence]
) -> None:
    Evidence.objects.update(file="", erased_at=NOON)
    response = nora.get(film)
    assert response.status_code == 410
    assert "has been deleted" in response.text


def test_a_storage_that_does_not_answer_is_told_calmly(
    nora: Client, film: str, sent: tuple[Claim, Evidence]
) -> None:
    Path(default_storage.path(str(sent[1].file.name))).unlink()
    response = nora.get(film)
    assert response.status_code == 503
    assert "cannot be opened just now" in response.text


# --- delivered by others ------------------------------------------------------------


@override_settings(EVIDENCE_DELIVERY="accel", EVIDENCE_ACCEL_PREFIX="/-evidence/")
def test_nginx_is_told_which_file_and_as_what(
    nora: Client, film: str, sent: tuple[Claim, Evidence]
) -> None:
    response = nora.get(film, headers={"Range": "bytes=0-9"})
    assert response.headers["X-Accel-Redirect"] == f"/-evidence/{sent[1].file.name}"
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Disposition"] == 'inline; filename="unboxing.mp4"'
    assert response.content == b""
    assert sent[1].custody.filter(act="viewed").count() == 1


@pytest.fixture
def away(web: Client, bucket: str, album_order: Order) -> tuple[Claim, Evidence]:
    """The request, with its film in the bucket."""
    return filed(album_order)


def test_from_a_bucket_only_the_range_is_fetched(
    away: tuple[Claim, Evidence], nora: Client, agent: User
) -> None:
    address = links.link(away[1], "original", actor=Actor.staff(agent), now=NOON)
    assert body(nora.get(address)) == FILM
    part = nora.get(address, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, body(part)) == (206, FILM[1000:2000])
    default_storage.delete(str(away[1].file.name))
    assert nora.get(address).status_code == 503


def test_a_browser_is_sent_to_the_bucket_for_five_minutes(
    away: tuple[Claim, Evidence], nora: Client, agent: User, settings: Any
) -> None:
    settings.EVIDENCE_DELIVERY = "presigned"
    address = links.link(away[1], "original", actor=Actor.staff(agent), now=NOON)
    response = nora.get(address)

    assert response.status_code == 302
    assert response.headers["Cache-Control"] == "no-store"
    to = response.headers["Location"]
    asked = parse_qs(urlsplit(to).query)
    assert asked["X-Amz-Expires"] == ["300"]
    assert asked["response-content-type"] == ["video/mp4"]
    fetched = requests.get(to, headers={"Range": "bytes=5-14"}, timeout=10)
    assert (fetched.status_code, fetched.content) == (206, FILM[5:15])
    assert fetched.headers["Content-Type"] == "video/mp4"
    assert fetched.headers["Content-Disposition"] == 'inline; filename="unboxing.mp4"'
    saved = parse_qs(urlsplit(nora.get(f"{address}?download").headers["Location"]).query)
    assert saved["response-content-type"] == ["application/octet-stream"]
    assert saved["response-content-disposition"] == ['attachment; filename="unboxing.mp4"']
    assert away[1].custody.filter(act="viewed").count() == 1
    assert away[1].custody.filter(act="downloaded").count() == 1
    assert any(to.startswith(origin) for origin in browser_origins(_bucket_url(settings)))


def _bucket_url(settings: Any) -> str:
    options = settings.STORAGES["default"]["OPTIONS"]
    return f"s3://{options['bucket_name']}?endpoint={options['endpoint_url']}"


def test_a_bucket_of_amazons_is_known_by_its_names() -> None:
    assert browser_origins("s3://shop/files?region=eu-west-1") == [
        "https://shop.s3.amazonaws.com",
        "https://s3.amazonaws.com",
        "https://shop.s3.eu-west-1.amazonaws.com",
        "https://s3.eu-west-1.amazonaws.com",
    ]


@pytest.mark.parametrize(
    ("wanted", "url", "said"),
    [
        ("torrent", "", "direct, accel or presigned"),
        ("accel", "s3://shop", "unset STORAGE_URL"),
        ("presigned", "", "set STORAGE_URL"),
    ],
)
def test_a_way_that_cannot_work_stops_the_start(wanted: str, url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        delivery(wanted, url)
    assert delivery("direct", url) == "direct"


# --- noted --------------------------------------------------------------------------


def test_what_cannot_be_noted_is_not_shown(
    nora: Client, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no log")

    monkeypatch.setattr("tickets.actions.custody.viewed", broken)
    nora.raise_request_exception = False
    response = nora.get(film)
    assert response.status_code == 500
    assert FILM[:100] not in body(response)


def test_the_pieces_of_one_view_are_one_entry(
    nora: Client, film: str, sent: tuple[Claim, Evidence], at_noon: Any, agent: User
) -> None:
    _claim, evidence = sent
    for start in range(0, 5000, 1000):
        nora.get(film, headers={"Range": f"bytes={start}-{start + 999}"}, REMOTE_ADDR="203.0.113.9")
    entry = evidence.custody.get(act="viewed")
    assert (entry.actor_user, entry.address) == (agent, "203.0.113.9")
    assert entry.data == {"what": "original"}

    at_noon.now = NOON + timedelta(minutes=11)
    nora.get(film, REMOTE_ADDR="203.0.113.9")
    nora.get(film, REMOTE_ADDR="::ffff:203.0.113.9")  # the same address in the other writing
    nora.get(film, REMOTE_ADDR="2001:db8::1")  # from elsewhere
    nora.get(f"{film}?download", REMOTE_ADDR="2001:db8::1")
    acts = list(evidence.custody.values_list("act", flat=True))
    assert acts[-4:] == ["viewed", "viewed", "viewed", "downloaded"]
