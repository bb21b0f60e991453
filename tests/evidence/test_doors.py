"""Every door to a file, tried by those who must not come in: nothing is taken, shown or told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import NOON, Story
from tests.evidence.filing import FILM, browser_of, copy_of, filed, picture, question_of
from tests.evidence.tus_client import SPOKEN, Sender
from tickets import access
from tickets.actions.decide_claim import withdraw
from tickets.actor import Actor
from tickets.evidence import links, views
from tickets.models import (
    Claim,
    CustodyEntry,
    Customer,
    Event,
    Evidence,
    Order,
    Role,
    Ticket,
    Upload,
    User,
)


def stored() -> list[str]:
    root = Path(default_storage.location)  # type: ignore[attr-defined]  # the local disk
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
def sent(web: Client, album_order: Order) -> tuple[Claim, Evidence]:
    claim, film = filed(album_order)
    copy_of(film, "sheet", picture(), "image/jpeg")
    copy_of(film, "preview", FILM, "video/mp4")
    return claim, film


@pytest.fixture
def closed(mina: Customer) -> Ticket:
    """A conversation that is over for good."""
    ticket = question_of(mina)
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    return ticket


# --- bringing files in ---------------------------------------------------------------------


def test_who_may_only_look_is_told_so_before_a_byte_is_taken(
    web: Client, story: Story, reader: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    before = stored()
    query = f"ticket={claim.ticket.reference}&kind=unboxing_video"
    looking = browser_of(reader)

    assert Sender(looking, query).create(len(FILM), body=FILM).status_code == 403
    answer = looking.post(
        f"/uploads/?{query}",
        {"file": SimpleUploadedFile("film.mp4", FILM)},
        headers={"Accept": "application/json"},
    )

    assert answer.status_code == 403
    assert answer.json()["problems"] == ["Your role does not allow this."]
    assert not Upload.objects.exists() and not Evidence.objects.exists()
    assert stored() == before


def test_a_closed_conversation_says_so_before_a_byte_is_taken(web: Client, closed: Ticket) -> None:
    token = access.link_for(closed).split("/")[3]
    query = f"ticket={closed.reference}&token={token}&kind=screenshot"

    answer = Sender(web, query).create(10)

    assert answer.status_code == 422
    assert "closed" in answer.text
    assert not Upload.objects.exists()


# --- going on with one ---------------------------------------------------------------------


def test_who_may_only_look_by_now_writes_no_further(web: Client, story: Story, agent: User) -> None:
    claim = story.file("missing_photocard", opened=True)
    mine = Sender(browser_of(agent), f"ticket={claim.ticket.reference}&kind=unboxing_video")
    assert mine.create(10, body=b"x" * 4).status_code == 201
    agent.memberships.update(role=Role.READ_ONLY)

    answer = mine.patch(4, b"x" * 6)

    assert (answer.status_code, answer.text) == (403, "Your role does not allow this.")
    row = Upload.objects.get()
    assert (row.state, row.offset, row.writer) == ("receiving", 4, None)
    agent.memberships.all().delete()
    assert mine.patch(4, b"x" * 6).status_code == 404
    assert not Evidence.objects.exists()


def test_a_request_that_is_over_takes_no_further_part_and_goes_on_when_it_is_open_again(
    web: Client, story: Story
) -> None:
    claim = story.file("missing_photocard", opened=True)
    customer = Actor.of_customer(claim.ticket.customer)
    token = access.link_for(claim.ticket).split("/")[3]
    query = f"ticket={claim.ticket.reference}&token={token}&kind=unboxing_video"
    mina = Sender(web, query)
    assert mina.create(10, body=b"x" * 4).status_code == 201
    withdraw(claim, actor=customer, now=NOON)

    answer = mina.patch(4, b"x" * 6)

    assert answer.status_code == 422
    assert "closed" in answer.text
    assert Upload.objects.get().offset == 4
    Claim.objects.update(state="awaiting_evidence", is_open=True)  # as by a lead
    assert mina.patch(mina.head(), b"x" * 6).status_code == 204
    assert Evidence.objects.get().claim == claim


def test_a_draft_that_was_sent_says_so_before_a_file_is_stored(
    web: Client, album_order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, _film = filed(album_order)
    monkeypatch.setattr(views, "receive", lambda *_a, **_b: pytest.fail("it was taken"))

    answer = web.post(
        f"/uploads/?draft={claim.draft.key}&kind=unboxing_video",  # type: ignore[union-attr]  # it has one
        {"file": SimpleUploadedFile("film.mp4", FILM)},
        headers={"Accept": "application/json"},
    )

    assert answer.status_code == 422
    assert "already been sent" in answer.json()["problems"][0]


# --- calling one off -----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "second_agent", "stranger"])
def test_nobody_calls_off_what_somebody_else_sends(
    web: Client, story: Story, who: str, request: pytest.FixtureRequest
) -> None:
    claim = story.file("missing_photocard", opened=True)
    reference, token = claim.ticket.reference, access.link_for(claim.ticket).split("/")[3]
    mina = Sender(web, f"ticket={reference}&token={token}&kind=unboxing_video")
    assert mina.create(10, body=b"x" * 4).status_code == 201
    row = Upload.objects.get()
    other = browser_of(request.getfixturevalue(who))

    by_form = other.post(f"/uploads/out/?ticket={reference}", {"upload": row.key})
    by_tus = other.delete(f"/uploads/tus/{row.key}/?ticket={reference}", headers=SPOKEN)

    assert (by_form.status_code, by_tus.status_code) == (404, 404)
    row.refresh_from_db()
    assert (row.state, row.offset) == ("receiving", 4)
    mine = web.post(f"/uploads/out/?ticket={reference}&token={token}", {"upload": row.key})
    assert mine.status_code == 302
    row.refresh_from_db()
    assert row.state == "ended"


@pytest.mark.parametrize("key", ["", "\x00", "x" * 500, "한글", "../../etc"])
def test_nobody_calls_off_what_has_no_such_name(web: Client, story: Story, key: str) -> None:
    draft = story.draft(opened=True)

    assert web.post(f"/uploads/out/?draft={draft.key}", {"upload": key}).status_code == 404


# --- looking at them -----------------------------------------------------------------------


def doors(claim: Claim, film: Evidence, agent: User) -> list[str]:
    """Every address under which this film, or what is told of it, is found."""
    ticket = claim.ticket
    token = access.link_for(ticket).split("/")[3]
    staff, mina = Actor.staff(agent), Actor.of_customer(ticket.customer)
    return [
        *(f"/uploads/{film.pk}/?what={what}" for what in links.WHAT),
        *(links.link(film, what, actor=staff, now=NOON) for what in links.WHAT),
        *(links.link(film, what, actor=staff, now=NOON, download=True) for what in links.WHAT),
        f"/desk/claims/{ticket.reference}/custody/",
        f"/desk/claims/{ticket.reference}/custody/csv",
        f"/uploads/state/?ticket={ticket.reference}",
        f"/uploads/t/{ticket.reference}/{token[:-1]}A/{film.pk}/",
        f"/uploads/d/{claim.draft.key}/{film.pk}/",  # type: ignore[union-attr]  # it has one
        links.link(film, "original", actor=mina, now=NOON).replace("/f/", "/f/x"),
        f"/t/{ticket.reference}/{token[:-1]}A/moments/{film.pk}/",
    ]


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "options", "patch"])
def test_no_method_opens_a_door_for_another_stores_staff(
    sent: tuple[Claim, Evidence], agent: User, stranger: User, method: str
) -> None:
    claim, film = sent
    entries, events = CustodyEntry.objects.count(), Event.objects.count()
    for visitor in (browser_of(stranger), Client()):
        for address in doors(claim, film, agent):
            for extra in ({}, {"Range": "bytes=0-9"}, {"X-HTTP-Method-Override": "GET"}):
                answer: Any = getattr(visitor, method)(address, headers=extra)
                assert answer.status_code in (302, 403, 404, 405), (address, answer.status_code)
                if answer.status_code == 302:
                    assert answer["Location"].startswith("/accounts/login/"), address
                assert not answer.streaming
                assert "unboxing.mp4" not in answer.text and film.sha256 not in answer.text
                assert "X-Accel-Redirect" not in answer.headers
    assert CustodyEntry.objects.count() == entries
    assert Event.objects.count() == events


def test_nobody_but_a_lead_exports_and_nothing_is_noted(
    sent: tuple[Claim, Evidence], agent: User, reader: User, stranger: User
) -> None:
    claim, _film = sent
    events = Event.objects.count()
    address = f"/desk/claims/{claim.ticket.reference}/export/"
    for who, status in ((agent, 403), (reader, 403), (stranger, 404)):
        answer: Any = browser_of(who).post(address)
        assert answer.status_code == status
        assert not answer.streaming
    assert Client().post(address).status_code in (302, 403)
    assert Event.objects.count() == events


def test_after_it_was_sent_a_drafts_key_opens_no_file(
    web: Client, album_order: Order, agent: User
) -> None:
    claim, film = filed(album_order)
    draft = claim.draft
    assert draft is not None
    early = links.draft_link(film, "original", draft, now=NOON)

    assert web.get(early).status_code == 404
    assert web.get(f"/uploads/d/{draft.key}/{film.pk}/").status_code == 404
    told = web.post(f"/kpopusa/r/{draft.key}/evidence/{film.pk}/remove/")
    assert told.status_code in (302, 404)
    assert Evidence.objects.filter(pk=film.pk).exists() and default_storage.exists(film.file.name)
    answer = Sender(web, f"draft={draft.key}&kind=unboxing_video").create(10)
    assert answer.status_code == 422
    assert not Upload.objects.exists()


@pytest.mark.parametrize("state", ["infected", "unscanned"])
@pytest.mark.parametrize("what", links.WHAT)
def test_what_is_harmful_or_not_scanned_comes_through_no_door(
    sent: tuple[Claim, Evidence], lead: User, settings: Any, state: str, what: str
) -> None:
    claim, film = sent
    settings.CLAMD_URL = "tcp://127.0.0.1:9"
    if state == "infected":
        Evidence.objects.update(state="infected", problem="infected", scanned_at=NOON)
    desk, ticket = browser_of(lead), claim.ticket
    mina = Actor.of_customer(ticket.customer)
    for address in (
        links.link(film, what, actor=Actor.staff(lead), now=NOON),
        links.link(film, what, actor=mina, now=NOON),
    ):
        for headers in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": f'"{film.sha256}"'}):
            answer: Any = desk.get(address, headers=headers)
            assert answer.status_code == 409 and not answer.streaming
    for page in (
        desk.get(f"/desk/claims/{ticket.reference}/", follow=True),
        desk.get(f"/desk/claims/{ticket.reference}/custody/"),
        desk.get(access.link_for(ticket)),
    ):
        assert page.status_code == 200
        assert "/uploads/f/" not in page.text and f"/uploads/{film.pk}/" not in page.text
    archive = b"".join(desk.post(f"/desk/claims/{ticket.reference}/export/").streaming_content)  # type: ignore[attr-defined]  # it is streamed
    assert FILM not in archive


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "PATCH"])
def test_a_method_in_a_header_opens_no_more_than_the_method(
    web: Client, story: Story, method: str
) -> None:
    mine, other = story.draft(opened=True), story.draft(opened=True)
    sender = Sender(web, f"draft={mine.key}&kind=unboxing_video")
    assert sender.create(10).status_code == 201
    path = sender.address.partition("?")[0]
    said = {**SPOKEN, "X-HTTP-Method-Override": method, "Upload-Offset": "0"}

    answer = web.post(
        f"{path}?draft={other.key}",
        b"x" * 10,
        content_type="application/offset+octet-stream",
        headers=said,
    )

    assert answer.status_code == 404
    row = Upload.objects.get()
    assert (row.state, row.offset) == ("receiving", 0)
