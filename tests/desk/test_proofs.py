"""The evidence as an agent meets it: where it stands, and a way to it without any player."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from tests.cast import NOON, Story, make_order
from tests.desk.steps import take
from tickets.evidence.links import read
from tickets.models import Claim, Customer, Evidence, EvidenceCopy


def page_of(client: Client, claim: Claim) -> str:
    return client.get(f"/desk/tickets/{claim.ticket.reference}/").content.decode()


def test_what_is_to_be_decided_shows_its_evidence_before_the_conversation(
    nora: Client, ready: Claim
) -> None:
    page = page_of(nora, ready)
    assert page.count('id="evidence"') == 1
    assert page.index('id="evidence"') < page.index('id="talk-title"') < page.index('id="decision"')


def test_without_a_decision_to_take_the_evidence_stands_aside(nora: Client, ready: Claim) -> None:
    take(nora, ready, "manufacturer")
    page = page_of(nora, ready)
    assert page.count('id="evidence"') == 1
    assert page.index('id="decision"') < page.index('id="evidence"')


def test_nothing_handed_in_takes_no_room_in_the_middle(nora: Client, waiting: Claim) -> None:
    page = page_of(nora, waiting)
    assert "Nothing has been handed in yet." in page
    assert page.index('id="decision"') < page.index('id="evidence"')


def test_every_file_can_be_saved_without_any_script(nora: Client, defect: Claim) -> None:
    page = page_of(nora, defect)
    files = list(defect.evidence.all())
    assert len(files) == 2
    links = re.findall(r'href="(/uploads/f/[^"]+\?download)" download', page)
    for file, link in zip(files, links, strict=True):
        named = read(link.split("/")[3], NOON)
        assert named is not None
        assert (named.evidence_id, named.what) == (file.pk, "original")
    # That a browser cannot show it is said only where a script has found it so.
    assert page.count("data-blind hidden") == 2


def film_of(claim: Claim, **found: Any) -> Evidence:
    """The claim's one file, with this on its row."""
    claim.evidence.update(**found)
    return claim.evidence.get()


def copied(film: Evidence, kind: str, **data: Any) -> None:
    EvidenceCopy.objects.create(
        evidence=film,
        kind=kind,
        file=f"copies/{kind}",
        content_type="image/jpeg" if kind == "sheet" else "video/mp4",
        size=9,
        width=640,
        height=240,
        data=data,
        made_at=NOON,
    )


def asked_for(page: str) -> set[tuple[int, str]]:
    """The files, and what of them, that the page has addresses of."""
    named = [read(token, NOON) for token in re.findall(r"/uploads/f/([^/]+)/", page)]
    return {(one.evidence_id, one.what) for one in named if one is not None}


def test_a_contact_sheet_is_links_to_its_seconds(nora: Client, ready: Claim) -> None:
    film = film_of(ready)
    copied(film, "sheet", columns=2, width=160, height=120, times=[0.0, 4.05, 8.1])
    copied(film, "preview")
    page = page_of(nora, ready)
    assert asked_for(page) == {(film.pk, what) for what in ("original", "preview", "sheet")}
    assert re.findall(r'href="[^"]+-preview[^"]*#t=([\d.]+)"', page) == ["0", "4.05", "8.1"]
    assert re.findall(r'viewBox="(\d+ \d+ 160 120)"', page) == [
        "0 0 160 120",
        "160 0 160 120",
        "0 120 160 120",
    ]
    # The player is given the copy; the original is there to be saved.
    sources = re.findall(r'<source src="/uploads/f/[^/]+/([^"]+)">', page)
    assert sources == ["unboxing-preview", "unboxing.mp4"]


def test_without_copies_the_original_is_played(nora: Client, ready: Claim) -> None:
    film = film_of(ready)
    page = page_of(nora, ready)
    assert asked_for(page) == {(film.pk, "original")}
    assert "data-sheet" not in page
    assert "A copy that every browser shows is being made." in page
    film.job.delete()
    assert "This browser cannot play this video." in page_of(nora, ready)


def test_the_moments_stand_on_the_bar_and_as_links(nora: Client, ready: Claim) -> None:
    film_of(ready, marks={"opening": 6.0, "sealed": 0.0}, seconds=12.0)
    page = page_of(nora, ready)
    assert re.findall(r'<rect class="marks-tick" x="(\d+)"', page) == ["0", "500"]
    assert page.index("Still sealed") < page.index('data-jump="6"')
    assert "Shipping label" not in page


def test_what_is_known_of_a_file_is_told(nora: Client, ready: Claim) -> None:
    at = datetime(2026, 3, 4, 19, 30, tzinfo=UTC)
    film = film_of(
        ready,
        codec="hevc",
        width=3840,
        height=2160,
        captured_at=at,
        captured_zone=True,
        has_place=True,
        advice=["dark", "of tomorrow"],
    )
    page = page_of(nora, ready)
    assert "3840 × 2160, HEVC (H.265)" in page
    assert "Wed 4 Mar, 11:30" in page  # in Las Vegas
    assert "The original says where it was taken. Its copies do not." in page
    assert "It is very dark." in page
    assert film.sha256 in page
    film_of(ready, captured_zone=False)
    page = page_of(nora, ready)
    assert "Wed 4 Mar, 19:30" in page
    assert "by the camera&#x27;s own clock" in page or "by the camera's own clock" in page


def test_a_file_that_is_being_checked_is_only_told_of(nora: Client, ready: Claim) -> None:
    film = film_of(ready, state="received", sha256="", content_type="", seconds=None)
    page = page_of(nora, ready)
    assert "Being checked." in page
    assert "data-proof" not in page
    assert asked_for(page) == {(film.pk, "original")}  # to be saved, not to be shown


def test_nothing_of_an_infected_file_has_an_address(nora: Client, ready: Claim) -> None:
    film = film_of(ready, state="infected", problem="infected")
    copied(film, "preview")
    page = page_of(nora, ready)
    assert "Our virus scanner found something dangerous in this file" in page
    assert asked_for(page) == set()
    assert f"/uploads/{film.pk}/" not in page


def test_nothing_is_shown_before_the_virus_scan(nora: Client, ready: Claim, settings: Any) -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    film_of(ready, scanned_at=None)
    page = page_of(nora, ready)
    assert "Waiting for the virus scan." in page
    assert asked_for(page) == set()
    film_of(ready, scanned_at=NOON)
    assert asked_for(page_of(nora, ready))


def test_an_erased_file_leaves_its_hash(nora: Client, ready: Claim) -> None:
    film = film_of(ready, file="", erased_at=NOON - timedelta(days=1))
    page = page_of(nora, ready)
    assert re.search(r"The file was erased on\s+<time[^>]+>Wed 4 Mar, 12:00</time>; its hash", page)
    assert film.sha256 in page
    assert asked_for(page) == set()


def test_what_does_not_count_says_why(nora: Client, ready: Claim) -> None:
    film_of(ready, state="unreadable", problem="cut_short")
    assert "This video breaks off" in page_of(nora, ready)
    film_of(ready, state="repeated", problem="")
    assert "The same file is here already." in page_of(nora, ready)
    film_of(ready, state="ready", in_time=False)
    assert "Began too late: does not count" in page_of(nora, ready)


def test_two_files_stand_side_by_side(
    nora: Client, defect: Claim, jo: Customer, as_: Any, stranger: Any
) -> None:
    ours = [one.pk for one in defect.evidence.all()]
    theirs = Story(make_order(jo, "#1043")).file("defect", "photo", opened=True).evidence.get()
    place = f"/desk/tickets/{defect.ticket.reference}/beside/"
    assert f'action="{place}"' in page_of(nora, defect)
    page = nora.get(place, {"left": ours[1], "right": theirs.pk}).content.decode()
    assert asked_for(page) == {(ours[1], "original"), (theirs.pk, "original")}
    assert "Jo Doe" in page
    assert "data-together" not in page  # two photos do not play
    # Without a choice: the first two of the request.
    assert asked_for(nora.get(place).content.decode()) == {(pk, "original") for pk in ours}
    assert as_(stranger).get(place).status_code == 404


def test_nothing_that_may_not_be_seen_stands_beside(
    nora: Client, defect: Claim, popmart: Any
) -> None:
    draft = Story(defect.order).draft("missing_photocard", opened=True)
    hidden = Evidence.objects.create(
        draft=draft,
        kind="photo",
        file="evidence/x",
        original_name="secret.jpg",
        content_type="image/jpeg",
        size=1,
        sha256="e" * 64,
        state="ready",
        checked_at=NOON,
        began_at=NOON,
        completed_at=NOON,
    )
    mine = defect.evidence.first()
    assert mine is not None
    place = f"/desk/tickets/{defect.ticket.reference}/beside/"
    for right in (str(hidden.pk), "0", "9" * 30, "x"):
        answer = nora.get(place, {"left": mine.pk, "right": right})
        assert answer.status_code == 200
        assert "secret.jpg" not in answer.content.decode()
