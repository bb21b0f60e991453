"""How far files have come: for scripts, on pages, and when a request has to wait for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import NOON, Story, a_file, make_order
from tests.checks import check_files
from tests.evidence_files import make_photo, make_video
from tests.portal.conftest import Clock, Customer
from tickets import access
from tickets.actions.add_evidence import take_in
from tickets.actions.requests import open_request
from tickets.actions.uploads import Place, begin
from tickets.actor import Actor
from tickets.lifecycle import TicketState, UploadState
from tickets.models import Claim, Draft, Evidence, Order, Store, Ticket, Upload

VIDEO = make_video()


@pytest.fixture
def sender(customer: Customer) -> Customer:
    """Mina, as far as the evidence."""
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    return customer


def begun(draft: Draft, name: str = "half.mp4") -> Upload:
    """A file of which a quarter is here."""
    upload = begin(
        Place(draft=draft),
        kind="unboxing_video",
        name=name,
        length=400,
        parts={},
        stored_name=f"evidence/{name}",
        actor=None,
        now=NOON,
    )
    Upload.objects.filter(pk=upload.pk).update(offset=100)
    return upload


def state(sender: Customer, **headers: str) -> Any:
    return sender.web.get(f"/uploads/state/?draft={sender.draft.key}", headers=headers)


def test_a_script_is_told_how_far_each_file_is_and_nothing_twice(sender: Customer) -> None:
    upload = begun(sender.draft)
    sender.upload("unboxing_video", VIDEO, "whole.mp4", checked=False)
    first = state(sender)
    told = first.json()
    assert told["moving"] is True
    assert "half.mp4" in told["held"]
    assert told["uploads"] == [
        {
            "key": upload.key,
            "kind": "unboxing_video",
            "name": "half.mp4",
            "offset": 100,
            "length": 400,
        }
    ]
    (file,) = told["files"]
    assert (file["name"], file["state"], file["problem"]) == ("whole.mp4", "checking", "")
    again = state(sender, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

    check_files(NOON)
    then = state(sender, **{"If-None-Match": first.headers["ETag"]}).json()
    assert then["files"][0]["state"] == "ready"
    assert then["moving"] is False
    assert then["mark"] != told["mark"]


def test_a_guessed_draft_tells_nothing(web: Client, kpopusa: Store) -> None:
    assert web.get("/uploads/state/?draft=guess").status_code == 404


def test_an_unfinished_file_is_shown_and_taken_out(sender: Customer) -> None:
    upload = begun(sender.draft)
    page = sender.get("evidence/").text
    assert "25 % has arrived. Choose the same file again" in page
    address = f"/uploads/out/?draft={sender.draft.key}"
    for _ in range(2):
        response = sender.web.post(address, {"upload": upload.key})
        assert response.headers["Location"].endswith("/evidence/")
    upload.refresh_from_db()
    assert upload.state == UploadState.ENDED
    assert "half.mp4" not in sender.get("evidence/", follow=True).text.split("data-live", 1)[1]


def test_nobody_takes_out_anothers_file(sender: Customer, album_order: Order) -> None:
    upload = begun(sender.draft)
    other = Customer(sender.web, make_order(album_order.customer, "#1043"))
    other.begin("missing_photocard")
    response = sender.web.post(f"/uploads/out/?draft={other.draft.key}", {"upload": upload.key})
    assert response.status_code == 404
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING


def test_a_claim_is_held_with_its_note_until_the_file_is_ready(sender: Customer) -> None:
    sender.upload("unboxing_video", VIDEO, "unboxing.mp4", checked=False)
    held = sender.post("review/", {"note": "One card of two."})

    assert held.status_code == 409
    assert "Not sent yet" in held.text
    assert "We are still checking whether “unboxing.mp4” opens." in held.text
    assert ">\nOne card of two.</textarea>" in held.text
    assert not Claim.objects.exists()
    assert "One card of two." in sender.get("review/").text  # kept on the server, too

    check_files(NOON)
    sender.post("review/", {"note": "One card of two."})
    claim = Claim.objects.get()
    assert (claim.state, claim.evidence.count()) == ("under_review", 1)


def test_a_check_that_takes_long_holds_nobody_up(sender: Customer, at_noon: Clock) -> None:
    sender.upload("unboxing_video", VIDEO, "unboxing.mp4", checked=False)
    at_noon.now = NOON + timedelta(minutes=3)
    page = sender.get("evidence/").text
    assert "takes longer than usual: you need not wait" in page
    assert 'http-equiv="refresh"' not in page
    sender.post("review/", {"note": ""})
    assert Claim.objects.get().evidence.get().state == "received"


def test_a_request_that_is_no_claim_is_held_too(web: Client, popmart: Store) -> None:
    base = web.post("/popmart/new/page_error/", {"value": "203.0.113.7"})["Location"]
    web.post(f"{base}question/account_email/", {"value": "ada@example.com"})
    key = Draft.objects.get().key
    for name in ("first.jpg", "second.jpg"):
        file = SimpleUploadedFile(name, make_photo(size=(300 + len(name), 200)))
        web.post(f"/uploads/?draft={key}&kind=screenshot", {"file": file})
        if name == "first.jpg":
            check_files(NOON)
    held = web.post(f"{base}send/", {"c-email": "ada@example.com", "n-note": "Every time."})

    assert held.status_code == 409
    assert "We are still checking whether “second.jpg” opens." in held.text
    assert "Every time." in held.text
    assert 'value="ada@example.com"' in held.text
    assert not Ticket.objects.exists()
    written = web.post(f"{base}write/", {"w-body": "It breaks.", "w-email": "ada@example.com"})
    assert (written.status_code, "It breaks." in written.text) == (409, True)

    check_files(NOON)
    sent = web.post(f"{base}send/", {"c-email": "ada@example.com", "n-note": "Every time."})
    assert sent.status_code == 302
    assert Ticket.objects.get().evidence.count() == 2


# --- a request that is no claim, afterwards ---------------------------------------------


@pytest.fixture
def ticket(web: Client, story: Story) -> Ticket:
    """Mina asked to cancel an order that has not been sent."""
    order = make_order(story.order.customer, "#1050", shipped=None, placed=timedelta(hours=2))
    draft = Story(order).draft("cancel_order")
    actor = Actor.of_customer(order.customer)
    open_request(draft, customer=order.customer, details={}, note="", actor=actor, now=NOON)
    return Ticket.objects.get()


def test_a_photo_is_added_to_a_request_that_is_no_claim(web: Client, ticket: Ticket) -> None:
    link = access.link_for(ticket)
    token = link.split("/")[3]
    page = web.get(link).text
    assert "Your files" in page
    assert "kind=screenshot" in page
    door = f"/uploads/?ticket={ticket.reference}&token={token}&kind=photo"
    web.post(door, {"file": SimpleUploadedFile("box.jpg", make_photo())})
    assert "We are checking whether it opens…" in web.get(link).text
    check_files(NOON)

    evidence = Evidence.objects.get()
    assert (evidence.ticket, evidence.state) == (ticket, "ready")
    page = web.get(link).text
    assert "A file was added." in page
    assert f"/uploads/t/{ticket.reference}/{token}/{evidence.pk}/" in page


def test_a_closed_request_takes_no_files(web: Client, ticket: Ticket) -> None:
    Ticket.objects.update(state=TicketState.CLOSED)
    link = access.link_for(ticket)
    assert "data-upload" not in web.get(link).text
    token = link.split("/")[3]
    door = f"/uploads/?ticket={ticket.reference}&token={token}&kind=photo"
    response = web.post(
        door,
        {"file": SimpleUploadedFile("box.jpg", make_photo())},
        headers={"Accept": "application/json"},
    )
    assert response.status_code == 422
    assert not Evidence.objects.exists()


def test_a_bad_file_after_sending_is_told_with_what_helps(web: Client, ticket: Ticket) -> None:
    take_in(a_file("photo").arrival, ticket=ticket, actor=_mina(ticket), now=NOON)
    Evidence.objects.update(state="unreadable", problem="not_photo", checked_at=NOON)
    page = web.get(access.link_for(ticket)).text
    assert "This is not a photo. Please send a picture" in page
    assert "Not usable" in page


def _mina(ticket: Ticket) -> Actor:
    return Actor.of_customer(ticket.customer)
