"""Short-lived addresses of files: for one person, for an hour, and only while they may see it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client

from tests.cast import NOON, Story, make_order
from tests.evidence.filing import FILM, body, browser_of, copy_of, filed, picture, put
from tickets import access
from tickets.actions.file_claim import file_claim
from tickets.actor import Actor
from tickets.evidence import links
from tickets.models import Claim, Customer, Evidence, Membership, Order, Ticket, User


@pytest.fixture
def sent(web: Client, album_order: Order) -> tuple[Claim, Evidence]:
    return filed(album_order)


def for_customer(claim: Claim, evidence: Evidence, now: Any = NOON) -> str:
    actor = Actor.of_customer(claim.ticket.customer)
    return links.link(evidence, "original", actor=actor, now=now)


def test_the_address_of_an_agent_works_for_that_agent_alone(
    sent: tuple[Claim, Evidence], agent: User, second_agent: User, stranger: User
) -> None:
    _claim, evidence = sent
    address = links.link(evidence, "original", actor=Actor.staff(agent), now=NOON)
    assert address.endswith("/unboxing.mp4")

    assert body(browser_of(agent).get(address)) == FILM
    for other in (Client(), browser_of(second_agent), browser_of(stranger)):
        assert other.get(address).status_code == 404


def test_whoever_leaves_the_store_loses_what_is_still_open_in_a_window(
    sent: tuple[Claim, Evidence], agent: User
) -> None:
    _claim, evidence = sent
    address = links.link(evidence, "original", actor=Actor.staff(agent), now=NOON)
    browser = browser_of(agent)
    assert browser.get(address).status_code == 200
    Membership.objects.filter(user=agent).delete()
    assert browser.get(address).status_code == 404


def test_a_page_of_the_desk_left_open_over_lunch_still_plays(
    sent: tuple[Claim, Evidence], agent: User, second_agent: User, at_noon: Any
) -> None:
    _claim, evidence = sent
    address = links.link(evidence, "original", actor=Actor.staff(agent), now=NOON)
    at_noon.now = NOON + timedelta(minutes=61)
    response = browser_of(agent).get(address)

    assert response.status_code == 302
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Location"] != address
    again = browser_of(agent).get(response.headers["Location"], headers={"Range": "bytes=0-9"})
    assert (again.status_code, body(again)) == (206, FILM[:10])
    assert browser_of(second_agent).get(address).status_code == 404
    assert Client().get(address).status_code == 410


def test_a_customers_address_runs_out_and_says_what_to_do(
    sent: tuple[Claim, Evidence], at_noon: Any
) -> None:
    address = for_customer(*sent)
    assert body(Client().get(address)) == FILM
    at_noon.now = NOON + timedelta(minutes=54)
    assert Client().get(address).status_code == 200
    at_noon.now = NOON + timedelta(minutes=61)
    response = Client().get(address)
    assert response.status_code == 410
    assert "Open the page of your request again" in response.text


def test_a_new_link_generation_ends_every_address_of_before(
    sent: tuple[Claim, Evidence],
) -> None:
    claim, _evidence = sent
    address = for_customer(*sent)
    Ticket.objects.filter(pk=claim.ticket_id).update(link_generation=2)
    assert Client().get(address).status_code == 404


def test_an_address_opens_one_file_of_one_request(
    sent: tuple[Claim, Evidence], jo: Customer
) -> None:
    claim, evidence = sent
    address = for_customer(claim, evidence)
    token = address.split("/")[3]
    for forged in (token[:-2], token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "a:b", "é"):
        assert Client().get(f"/uploads/f/{forged}/unboxing.mp4").status_code == 404
    # The name is for reading only: it neither opens nor closes anything.
    assert Client().get(f"/uploads/f/{token}/else.html").headers["Content-Type"] == "video/mp4"


def test_a_draft_shows_its_file_until_it_is_sent(web: Client, album_order: Order) -> None:
    story = Story(album_order)
    draft = story.draft(opened=True)
    evidence = put(draft)
    address = links.draft_link(evidence, "original", draft, now=NOON)

    assert body(Client().get(address)) == FILM
    assert not evidence.custody.exists()  # nobody's log yet: nothing was sent
    file_claim(draft, actor=Actor.of_customer(album_order.customer), now=NOON)
    assert Client().get(address).status_code == 404


def test_the_lasting_addresses_lead_on_for_those_who_may(
    sent: tuple[Claim, Evidence], agent: User, stranger: User
) -> None:
    claim, evidence = sent
    copy_of(evidence, "sheet", picture(), "image/jpeg")
    token = access.link_for(claim.ticket).split("/")[3]
    mine = f"/uploads/t/{claim.ticket.reference}/{token}/{evidence.pk}/"
    for client, lasting in ((Client(), mine), (browser_of(agent), f"/uploads/{evidence.pk}/")):
        response = client.get(lasting)
        assert response.status_code == 302
        assert response.headers["Cache-Control"] == "no-store"
        assert body(client.get(response.headers["Location"])) == FILM
        sheet = client.get(f"{lasting}?what=sheet", follow=True)
        assert sheet.headers["Content-Type"] == "image/jpeg"
        saved = client.get(f"{lasting}?download", follow=True)
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert client.get(f"{lasting}?what=everything").status_code == 404

    assert browser_of(stranger).get(f"/uploads/{evidence.pk}/").status_code == 404
    assert Client().get(f"/uploads/{evidence.pk}/").status_code == 404
    assert Client().get(mine.replace(token, "guess")).status_code == 404


def test_another_request_of_the_same_customer_is_not_opened(
    sent: tuple[Claim, Evidence], mina: Customer
) -> None:
    claim, _evidence = sent
    _other, theirs = filed(make_order(mina, "#1043"), content=FILM[5:])
    token = access.link_for(claim.ticket).split("/")[3]
    path = f"/uploads/t/{claim.ticket.reference}/{token}/{theirs.pk}/"
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Mina\\film 1.MOV", "film-1.MOV"),
        ("언박싱 영상.mp4", "언박싱-영상.mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("📦.mp4", "file.mp4"),
        ("<script>.html", "script.html"),
        ("..", "file"),
        ("a" * 300 + ".mp4", "a" * 60 + ".mp4"),
    ],
)
def test_names_are_readable_and_lead_nowhere(given: str, name: str) -> None:
    assert links.readable_name(Evidence(original_name=given), "original") == name


def test_addresses_made_a_moment_apart_are_the_same(sent: tuple[Claim, Evidence]) -> None:
    claim, evidence = sent
    assert for_customer(claim, evidence) == for_customer(
        claim, evidence, NOON + timedelta(minutes=4)
    )


def test_nobody_else_is_given_an_address(sent: tuple[Claim, Evidence], agent: User) -> None:
    _claim, evidence = sent
    with pytest.raises(ValueError, match="shown to staff"):
        links.link(evidence, "original", actor=Actor("system"), now=NOON)
    with pytest.raises(ValueError, match="there is no"):
        links.link(evidence, "thumbnail", actor=Actor.staff(agent), now=NOON)


def test_a_template_is_given_the_address_for_who_reads_the_page(
    sent: tuple[Claim, Evidence], rf: Any, agent: User
) -> None:
    claim, evidence = sent
    words = Template('{% load files %}{% file_link file "original" "download" %}')

    def told(file: Evidence, app: str) -> str:
        request = rf.get("/")
        request.user = agent if app == "desk" else AnonymousUser()
        request.resolver_match = SimpleNamespace(app_name=app)
        return words.render(Context({"file": file, "request": request, "now": NOON}))

    staff, customer = told(evidence, "desk"), told(evidence, "portal")
    assert staff == links.link(
        evidence, "original", actor=Actor.staff(agent), now=NOON, download=True
    )
    assert customer == f"{for_customer(claim, evidence)}?download"
    draft = Story(evidence.claim.order).draft("defect", opened=True)  # type: ignore[union-attr]
    unsent = put(draft, content=FILM[3:])
    address = links.draft_link(unsent, "original", draft, now=NOON, download=True)
    assert told(unsent, "portal") == address
