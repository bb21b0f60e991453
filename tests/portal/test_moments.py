"""A customer points out where in their video it is: sealed, label, opening, contents."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from tests.cast import NOON, Story, a_file, add_evidence
from tests.portal.conftest import Customer
from tickets.access import link_for
from tickets.actions.marks import mark
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import (
    Claim,
    CustodyEntry,
    Event,
    Evidence,
    EvidenceCopy,
    Order,
    Outbox,
    Store,
)
from tickets.models import Customer as Person

MARKED = {"sealed": "0:00", "label": "0:04", "opening": " 0：07 ", "contents": "11"}
SECONDS = {"sealed": 0.0, "label": 4.0, "opening": 7.0, "contents": 11.0}


@pytest.fixture
def film(customer: Customer) -> Evidence:
    """A video of twelve seconds, found ready, in a draft that can be sent."""
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    found = add_evidence(a_file(), draft=customer.draft, actor=None, now=NOON)
    assert found is not None
    return found


def step(film: Evidence) -> str:
    return f"evidence/{film.pk}/moments/"


def marks_of(film: Evidence) -> dict[str, float]:
    film.refresh_from_db()
    return dict(film.marks)


# --- before sending ---------------------------------------------------------------------


def test_the_moments_are_kept_without_any_script(customer: Customer, film: Evidence) -> None:
    page = customer.get(step(film)).text
    assert "0:12" in page
    assert "We look there first" in page
    answer = customer.post(step(film), MARKED)

    assert answer.headers["Location"].endswith(f"/evidence/#file-{film.pk}")
    assert marks_of(film) == SECONDS
    assert not Event.objects.exists()
    assert not CustodyEntry.objects.exists()
    again = customer.get(step(film)).text
    assert 'value="0:07"' in again


def test_none_at_all_is_fine_and_what_is_left_out_is_taken_back(
    customer: Customer, film: Evidence
) -> None:
    assert customer.post(step(film), {}).status_code == 302
    assert marks_of(film) == {}
    customer.post(step(film), MARKED)
    customer.post(step(film), {"opening": "0:08"})
    assert marks_of(film) == {"opening": 8.0}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0:13", "it is 0:12 long"),
        ("1:02:03", "it is 0:12 long"),
        ("soon", "minutes, a colon, seconds"),
        ("0:61", "minutes, a colon, seconds"),
        ("-1", "minutes, a colon, seconds"),
        ("4:-1", "minutes, a colon, seconds"),
        ("٤٤", "it is 0:12 long"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(
    customer: Customer, film: Evidence, typed: str, said: str
) -> None:
    answer = customer.post(step(film), {"label": "0:03", "opening": typed})

    assert answer.status_code == 422
    assert said in answer.text
    assert 'href="#id_opening"' in answer.text
    assert 'value="0:03"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert marks_of(film) == {}


def test_a_photo_and_a_file_still_being_checked_have_no_moments(
    customer: Customer, film: Evidence
) -> None:
    photo = add_evidence(a_file("photo", mark="b"), draft=customer.draft, actor=None, now=NOON)
    assert photo is not None
    for answer in (customer.get(step(photo)), customer.post(step(photo), MARKED)):
        assert answer.status_code == 302
        assert answer.headers["Location"].partition("#")[0].endswith("/evidence/")
    assert marks_of(photo) == {}
    assert "that we can open" in customer.get("evidence/").text


def test_somebody_else_s_draft_and_another_store_s_address_are_not_found(
    customer: Customer, film: Evidence, popmart: Store, jo: Person
) -> None:
    elsewhere = customer.base.replace("/kpopusa/", "/popmart/")
    assert customer.web.get(f"{elsewhere}{step(film)}").status_code == 404
    mine = customer.base
    customer.begin("missing_photocard")
    assert customer.base != mine
    assert customer.get(step(film)).status_code == 404
    assert customer.post(step(film), MARKED).status_code == 404
    assert customer.web.get(f"/kpopusa/claim/guess/{step(film)}").status_code == 404
    assert marks_of(film) == {}


def test_a_form_left_open_while_it_was_sent_changes_nothing(
    customer: Customer, film: Evidence
) -> None:
    customer.post("review/", {"note": ""})
    answer = customer.post(step(film), MARKED)
    assert answer.headers["Location"] == link_for(Claim.objects.get().ticket)
    assert marks_of(film) == {}


# --- after sending ----------------------------------------------------------------------


@pytest.fixture
def claim(film: Evidence, customer: Customer) -> Claim:
    customer.post("review/", {"note": ""})
    film.refresh_from_db()
    return Claim.objects.select_related("ticket").get()


def page_of(claim: Claim, film: Evidence) -> str:
    return f"{link_for(claim.ticket)}moments/{film.pk}/"


def test_on_the_status_page_while_the_claim_is_open(
    web: Client, claim: Claim, film: Evidence
) -> None:
    assert "Still sealed" in web.get(page_of(claim, film)).text
    mails = Outbox.objects.count()
    answer = web.post(page_of(claim, film), MARKED)

    assert answer.headers["Location"] == f"{link_for(claim.ticket)}#evidence"
    assert marks_of(film) == SECONDS
    event = Event.objects.get(kind="evidence_marked")
    assert (event.claim, event.actor_kind) == (claim, "customer")
    assert event.actor_customer == claim.ticket.customer
    assert event.data["evidence"] == film.pk
    assert event.data["marks"] == SECONDS
    entry = CustodyEntry.objects.get(act="marked")
    assert (entry.evidence, entry.actor_kind, entry.address) == (film, "customer", "127.0.0.1")
    assert entry.data == {"marks": SECONDS}
    claim.refresh_from_db()
    assert claim.state == "under_review"
    assert Outbox.objects.count() == mails


def test_the_same_again_changes_nothing(web: Client, claim: Claim, film: Evidence) -> None:
    for _ in range(2):
        web.post(page_of(claim, film), MARKED)
    assert Event.objects.filter(kind="evidence_marked").count() == 1
    assert CustodyEntry.objects.filter(act="marked").count() == 1


def test_a_wrong_link_and_another_request_s_link_find_nothing(
    web: Client, claim: Claim, film: Evidence, story: Story
) -> None:
    other = story.file("defect", "photo", "photo")
    wrong = page_of(claim, film).replace(claim.ticket.reference, other.ticket.reference)
    for address in (wrong, page_of(other, film)):
        assert web.get(address).status_code == 404
        assert web.post(address, MARKED).status_code == 404
    assert marks_of(film) == {}


def test_when_the_claim_is_over_it_is_over(web: Client, claim: Claim, film: Evidence) -> None:
    web.post(f"{link_for(claim.ticket)}withdraw/")
    answer = web.post(page_of(claim, film), MARKED)
    assert answer.status_code == 302
    assert marks_of(film) == {}
    assert not Event.objects.filter(kind="evidence_marked").exists()


# --- the action -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marks", [{"end": 1.0}, {"label": -0.1}, {"label": 12.1}, {"label": float("nan")}]
)
def test_the_action_takes_known_moments_within_the_film_only(
    customer: Customer, film: Evidence, marks: dict[str, float]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        mark(film, marks, draft=customer.draft, now=NOON)
    assert refused.value.field == next(iter(marks))
    assert marks_of(film) == {}


def test_the_last_instant_of_a_film_is_within_it(customer: Customer, film: Evidence) -> None:
    Evidence.objects.filter(pk=film.pk).update(seconds=5.97)
    film.refresh_from_db()
    mark(film, {"contents": 5.97}, draft=customer.draft, now=NOON)
    assert marks_of(film) == {"contents": 5.9}


def test_another_customer_may_not(claim: Claim, film: Evidence, jo: Person) -> None:
    with pytest.raises(NotAllowed):
        mark(film, SECONDS, actor=Actor.of_customer(jo), now=NOON)
    assert marks_of(film) == {}


def test_what_is_erased_or_in_a_closed_claim_cannot_be_marked(claim: Claim, film: Evidence) -> None:
    mina = Actor.of_customer(claim.ticket.customer)
    Evidence.objects.filter(pk=film.pk).update(file="", erased_at=NOON + timedelta(days=1))
    with pytest.raises(Conflict):
        mark(film, SECONDS, actor=mina, now=NOON)
    assert not Event.objects.filter(kind="evidence_marked").exists()


# --- advice -----------------------------------------------------------------------------


def test_advice_is_given_with_the_choice_and_holds_nobody_up(
    customer: Customer, film: Evidence
) -> None:
    Evidence.objects.filter(pk=film.pk).update(seconds=3.2, advice=["short", "dark", "old-code"])
    page = customer.get("evidence/").text
    assert "It is 0:03 long." in page
    assert "It is very dark." in page
    assert "old-code" not in page
    assert "send it as it is, or record another" in page
    assert "Mark the moments" in page
    customer.post("review/", {"note": ""})
    assert Claim.objects.get().state == "under_review"


def test_the_moments_stand_beside_the_file(customer: Customer, film: Evidence) -> None:
    customer.post(step(film), MARKED)
    page = customer.get("evidence/").text
    assert "Shipping label" in page
    assert "0:07" in page
    assert "Change the moments" in page


# --- the guide --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kpopusa", "kpop2", "popmart"])
def test_every_store_tells_how_to_film_in_its_own_words(
    web: Client, request: pytest.FixtureRequest, name: str
) -> None:
    request.getfixturevalue(name)
    page = web.get(f"/{name}/how-to-film/")
    assert page.status_code == 200
    assert page.text.count('<svg class="drawn"') == 4
    assert "Hold the shipping label still" in page.text
    assert "csrfmiddlewaretoken" not in page.text
    korean = web.get(f"/{name}/how-to-film/", headers={"Accept-Language": "ko"}).text
    assert "운송장 라벨이 읽힐 때까지" in korean


def test_the_way_to_it_from_the_evidence_and_from_the_rule_that_asks_for_a_film(
    customer: Customer, film: Evidence, album_order: Order
) -> None:
    Evidence.objects.all().delete()
    page: Any = customer.get("evidence/")
    assert "/kpopusa/how-to-film/" in page.text
    assert page.text.count('<svg class="drawn"') == 4
    assert "/kpopusa/how-to-film/" in customer.web.get("/kpopusa/help/missing-contents/").text
    assert "how-to-film" not in customer.web.get("/kpopusa/help/contact-window/").text
    assert customer.web.get("/nowhere/how-to-film/").status_code == 404


def test_the_player_s_addresses_are_of_the_one_who_looks(
    customer: Customer, film: Evidence, web: Client
) -> None:
    name = default_storage.save("evidence/film.mp4", ContentFile(b"a film"))
    Evidence.objects.filter(pk=film.pk).update(file=name, size=6)
    kept = default_storage.save("copies/sheet.jpg", ContentFile(b"its pictures"))
    EvidenceCopy.objects.create(
        evidence=film,
        kind="sheet",
        file=kept,
        content_type="image/jpeg",
        size=12,
        width=320,
        height=240,
        data={"columns": 2, "width": 160, "height": 120, "times": [0.0, 3.0, 6.5]},
        made_at=NOON,
    )

    def opens_all(page: str) -> None:
        found = re.findall(r'(?:src|href)="(/uploads/f/[^"]+)"', page)
        assert len(set(found)) == 2
        for address in found:
            assert web.get(address).status_code == 200, address
        assert 'viewBox="0 120 160 120"' in page

    opens_all(customer.get(step(film)).text)
    customer.post("review/", {"note": ""})
    opens_all(web.get(page_of(Claim.objects.get(), film)).text)
