"""Whatever happened: each request has its own short form, its answer with dates, and an end."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from policies.evaluate import decide
from policies.pack import Pack, load_builtin_packs
from policies.parse import facts_from_json
from policies.types import Facts, Request
from tests.cast import NOON, make_customer, make_order
from tests.checks import check_files
from tests.evidence_files import make_photo
from tests.portal.conftest import Customer
from tickets.effects.about import about
from tickets.models import (
    Claim,
    Deadline,
    Draft,
    Event,
    GuidanceCount,
    Inquiry,
    Message,
    Order,
    Outbox,
    Store,
    Ticket,
)
from tickets.models.order import Shipment
from tickets.portal.tiles import TILES

Visiting = Callable[[Order], Customer]
REQUESTS = [r for tile in TILES.values() for r in tile.requests]
STORES = ("kpopusa", "kpop2", "popmart")
ADDRESS = {
    "d-name": "김미나",
    "d-street": "12 Desert Inn Rd",
    "d-city": "Las Vegas",
    "d-region": "NV",
    "d-postcode": "89109",
    "d-country": "USA",
}


def pack_of(store: Store) -> Pack:
    return load_builtin_packs()[store.slug]


@pytest.fixture
def buyer(request: pytest.FixtureRequest, visiting: Visiting) -> Callable[[str], Customer]:
    """Somebody whose order was paid and sent three days ago, in whichever store."""

    def make(slug: str) -> Customer:
        store: Store = request.getfixturevalue(slug)
        customer = make_customer(store, f"{slug}@example.com", "Ada")
        lines = (("ALB-1", "An album", 1, "25.00"),)
        shipped, placed = timedelta(days=3), timedelta(days=4)
        order = make_order(
            customer, "#77", lines=lines, placed=placed, shipped=shipped, delivered=None
        )
        return visiting(order)

    return make


@pytest.fixture
def not_sent(buyer: Callable[[str], Customer]) -> Customer:
    """An order at KPOP USA that has not left yet."""
    someone = buyer("kpopusa")
    Shipment.objects.all().delete()
    return someone


# --- every request of every store, from the store's page to its end -------------------------------


def test_the_form_knows_all_requests_of_the_contract() -> None:
    assert sorted([*map(str, Request), "other"]) == sorted(REQUESTS)


@pytest.mark.parametrize("slug", STORES)
@pytest.mark.parametrize("request_type", REQUESTS)
@pytest.mark.parametrize("knows_order", [True, False], ids=["order", "no-order"])
def test_every_request_comes_to_its_end(
    slug: str, request_type: str, knows_order: bool, buyer: Callable[[str], Customer]
) -> None:
    someone = buyer(slug)
    pack = pack_of(someone.order.store)
    page = _from_the_tiles(someone, request_type)
    asks_order = "Which order is it about?" in page
    assert asks_order == (request_type != "other" and pack.asks_order(request_type))

    if asks_order or "Question" in page or 'name="value"' in page:
        end = _through_the_questions(someone, request_type, knows_order and asks_order)
        inquiry = Inquiry.objects.get()
        facts = facts_from_json(inquiry.facts)
        assert (facts.order is not None) == (knows_order and asks_order)
        decided = decide(pack, facts)
    else:
        end = page
        if request_type != "other":
            facts = Facts("x", slug, Request(request_type), NOON)
            decided = decide(pack, facts)
            assert f"v-{decided.verdict}" in end
            # Where a person decides anyway, nobody's question can have ended here.
            seen = 0 if decided.verdict == "discretionary" else 1
            assert GuidanceCount.objects.filter(seen=1).count() == seen
        assert not Draft.objects.exists()
        assert "Send to a person" in end
        return
    assert (inquiry.request, inquiry.verdict, inquiry.rule) == (
        request_type,
        decided.verdict,
        decided.rule,
    )
    assert (inquiry.opens_at, inquiry.closes_at) == (decided.opens_at, decided.closes_at)
    assert "Send to a person" in end or "Ask for it" in end or "Send this request" in end
    assert re.search(r'name="(w-)?body"', end)  # whatever the answer, a person can be written to
    assert not Ticket.objects.exists()  # looking opens nothing
    assert decided.rule not in end  # customers are told sentences


def _from_the_tiles(someone: Customer, request_type: str) -> str:
    slug = someone.order.store.slug
    name = next(tile.slug for tile in TILES.values() if request_type in tile.requests)
    assert f"/{slug}/about/{name}/" in someone.web.get(f"/{slug}/").text
    response = someone.web.get(f"/{slug}/about/{name}/", follow=True)
    if not response.redirect_chain:  # more than one to choose from
        assert f"/{slug}/new/{request_type}/" in response.text
        response = someone.web.get(f"/{slug}/new/{request_type}/")
    assert response.status_code == 200
    return str(response.text)


def _through_the_questions(someone: Customer, request_type: str, knows_order: bool) -> str:
    answers = {
        "charged_at": "2026-03-04",
        "review_posted_at": "2026-03-04",
        "points_earned_at": "2025-06-01",
        "active_orders": "0",
        "ip_address": "203.0.113.7",
        "account_email": "ada@example.com",
    }
    address = f"/{someone.order.store.slug}/new/{request_type}/"
    page = someone.web.get(address).text
    if knows_order:
        response = someone.begin(request_type)
    elif "without" in page:
        response = someone.web.post(address, {"without": "1"})
    else:
        first = next((name for name in answers if _asked_on(page, name)), None)
        value = answers[first] if first else "yes"
        response = someone.web.post(address, {"value": value, "time_zone": "Europe/Vienna"})
    assert response.status_code == 302, response.text
    someone.base = response["Location"]
    for _ in range(8):
        response = someone.get(follow=True)
        place = response.redirect_chain[-1][0]
        if place.endswith("/items/"):
            someone.tick()
        elif "/question/" in place:
            fact = place.split("/")[-2]
            assert someone.say(fact, answers.get(fact, "yes")).status_code == 302
        else:
            assert place.endswith("/answer/"), place
            return str(response.text)
    raise AssertionError("the questions never end")


def _asked_on(page: str, fact: str) -> bool:
    question = load_builtin_packs()["popmart"].question(fact)
    return bool(question) and str(question) in page


# --- only what the facts lack ---


def test_a_pending_charge_asks_for_its_date_and_for_nothing_else(
    web: Client, kpopusa: Store
) -> None:
    page = web.get("/kpopusa/new/pending_charge/").text
    assert "When was the charge made?" in page
    assert "Order number" not in page

    start = web.post("/kpopusa/new/pending_charge/", {"value": "2026-03-04"})
    answer = web.get(start["Location"], follow=True)
    assert answer.redirect_chain[-1][0].endswith("/answer/")
    assert "still normal" in answer.text
    assert "Remind me then" in answer.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2026-03-07", "This day has not come yet."),
        ("soon", "Enter a valid date."),
        ("0012-01-01", "Please look at the year again."),
        ("", "This field is required."),
    ],
)
def test_a_date_that_cannot_be_is_told_and_begins_nothing(
    web: Client, kpopusa: Store, typed: str, told: str
) -> None:
    page = web.post("/kpopusa/new/pending_charge/", {"value": typed})
    assert page.status_code == 422
    assert told in page.text
    assert not Draft.objects.exists()


def test_who_does_not_know_the_date_still_gets_an_answer(web: Client, kpopusa: Store) -> None:
    start = web.post("/kpopusa/new/pending_charge/", {"skip": "1", "value": ""})
    answer = web.get(start["Location"], follow=True).text
    assert "There is no date yet" in answer  # without the date there is nothing to promise
    assert "Remind me then" not in answer
    assert Inquiry.objects.get().opens_at is None


def test_a_gift_card_asks_for_nothing_and_says_whom_to_turn_to(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/new/gift_card/").text
    assert "Somebody else handles this" in page
    assert "issuer" in page
    assert "Which order" not in page


def test_without_a_number_the_answer_is_general_and_promises_nothing(
    web: Client, kpopusa: Store
) -> None:
    start = web.post("/kpopusa/new/cancel_order/", {"without": "1"})
    page = web.get(start["Location"], follow=True).text

    assert "What our rules say in general" in page
    assert "An order can be cancelled until it has been shipped" in page
    assert "Your order has not been shipped yet" not in page  # nobody has looked
    assert "Send this request" not in page
    assert "I have found my order number" in page
    assert "tel:+1-702-476-1990" in page


def test_the_order_can_still_be_named_afterwards(not_sent: Customer) -> None:
    start = not_sent.web.post("/kpopusa/new/cancel_order/", {"without": "1"})
    not_sent.base = start["Location"]
    not_sent.post("order/", {"number": "#77", "email": "kpopusa@example.com"})
    page = not_sent.get("answer/").text
    assert "Your order has not been shipped yet" in page
    assert "Send this request" in page


# --- accepted: sent ---


def test_a_cancellation_goes_to_the_very_top_and_the_customer_is_told_to_phone(
    not_sent: Customer,
) -> None:
    not_sent.begin("cancel_order")
    page = not_sent.get(follow=True).text
    assert "This is urgent: please phone us now" in page
    assert 'href="tel:+1-702-476-1990"' in page

    first = not_sent.post("send/", {"n-note": "I ordered it twice."})
    second = not_sent.post("send/", {"n-note": "I ordered it twice."})

    ticket = Ticket.objects.get()
    assert (ticket.request, ticket.priority, ticket.state) == ("cancel_order", 0, "new")
    assert first["Location"].split("?")[0] == second["Location"].split("?")[0]
    event = Event.objects.get(ticket=ticket)
    assert (event.kind, event.rule) == ("request_accepted", "kpopusa.cancel")
    assert event.policy_version is not None
    assert event.data["decision"]["verdict"] == "accepted"
    assert event.data["facts"]["request"] == "cancel_order"
    due = Deadline.objects.get(kind="answer_due")
    assert due.due_at.astimezone(pack_of(ticket.store).zone).isoformat().startswith("2026-03-06T00")
    # The store's own target for something urgent comes before the promise.
    assert ticket.first_due_at is not None
    assert ticket.next_due_at == min(due.due_at, ticket.first_due_at)
    assert sorted(Outbox.objects.values_list("template", flat=True)) == [
        "staff_alert",
        "ticket_opened",
    ]
    inquiry = Inquiry.objects.get()
    assert (inquiry.ended, inquiry.ticket) == ("filed", ticket)
    status = not_sent.web.get(first["Location"]).text
    assert "I ordered it twice." in status
    assert "A person answers you" in status


def test_a_changed_address_is_kept_whole_and_one_that_lacks_its_town_is_not_sent(
    not_sent: Customer,
) -> None:
    not_sent.begin("change_address")
    assert "Street and number" in not_sent.get(follow=True).text
    wrong = not_sent.post("send/", {**ADDRESS, "d-city": "", "n-note": "please hurry"})
    assert wrong.status_code == 422
    assert "12 Desert Inn Rd" in wrong.text
    assert "please hurry" in wrong.text
    assert not Ticket.objects.exists()

    not_sent.post("send/", ADDRESS)
    ticket = Ticket.objects.get()
    assert ticket.priority == 1
    details = Event.objects.get(ticket=ticket).data["details"]
    assert details["street"] == "12 Desert Inn Rd"
    assert details["name"] == "김미나"
    assert not Message.objects.exists()


def test_asked_again_while_the_first_is_open_leads_to_the_first_and_adds_what_is_new(
    not_sent: Customer,
) -> None:
    not_sent.begin("change_address")
    first = not_sent.post("send/", ADDRESS)
    not_sent.begin("change_address")
    second = not_sent.post("send/", {**ADDRESS, "d-street": "14 Desert Inn Rd", "n-note": "Sorry!"})

    ticket = Ticket.objects.get()
    assert second["Location"].split("?")[0] == first["Location"].split("?")[0]
    again = Event.objects.get(kind="request_repeated")
    assert again.data["details"]["street"] == "14 Desert Inn Rd"
    assert Message.objects.get().body == "Sorry!"
    assert list(ticket.events.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_shipped_meanwhile_is_decided_again_and_not_sent(not_sent: Customer) -> None:
    not_sent.begin("cancel_order")
    not_sent.get(follow=True)
    Shipment.objects.create(order=not_sent.order, shipped_at=NOON - timedelta(minutes=1))
    response = not_sent.post("send/", {})

    assert response["Location"].endswith("/answer/")
    assert "can no longer be cancelled" in not_sent.get("answer/").text
    assert not Ticket.objects.exists()


def test_an_account_is_deleted_only_after_it_was_confirmed(web: Client, popmart: Store) -> None:
    someone = _begin_at(web, "/popmart/new/delete_account/", "0")
    assert someone("question/forfeit_points/", {"value": "yes"}).status_code == 302
    typed = {"c-email": "ada@example.com", "n-note": ""}
    assert someone("send/", typed).status_code == 422
    assert not Ticket.objects.exists()

    done = someone("send/", {**typed, "d-confirmed": "on"})
    assert done["Location"] == "/popmart/written/?sent=1"
    assert Ticket.objects.get().request == "delete_account"


def test_who_keeps_the_points_is_told_what_is_missing(web: Client, popmart: Store) -> None:
    someone = _begin_at(web, "/popmart/new/delete_account/", "0")
    someone("question/forfeit_points/", {"value": "no"})
    page = someone("answer/").text
    assert "To go on, add this" in page
    assert "Do you agree that all your points are lost?" in page
    assert "Send this request" not in page


def test_an_error_of_the_page_needs_address_mail_and_a_screenshot_that_staff_then_see(
    web: Client, popmart: Store
) -> None:
    assert 'value="127.0.0.1"' in web.get("/popmart/new/page_error/").text
    someone = _begin_at(web, "/popmart/new/page_error/", "203.0.113.7")
    someone("question/account_email/", {"value": "ada@example.com"})
    page = someone("answer/").text
    assert "Something is still missing" in page
    assert "Add the files" in page
    assert "Screenshot" in someone("evidence/").text

    draft = Draft.objects.get()
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("error.jpg", make_photo())
    web.post(f"/uploads/?draft={draft.key}&kind=screenshot", {"file": file})
    assert "Something is still missing" in someone("answer/").text  # it is being looked into
    check_files(NOON)
    assert "Yes, we can act on this" in someone("answer/").text
    assert 'value="ada@example.com"' in someone("answer/").text
    done = someone("send/", {"c-email": "ada@example.com"})

    ticket = Ticket.objects.get()
    assert ticket.evidence.get().kind == "screenshot"
    said = Event.objects.get(ticket=ticket).data["facts"]["said"]
    assert said == {"ip_address": "203.0.113.7", "account_email": "ada@example.com"}
    # The address was only typed: the link goes there by mail, and is shown to nobody.
    assert done["Location"] == "/popmart/written/?sent=1"
    assert web.get(f"/popmart/claim/{draft.key}/answer/")["Location"] == "/popmart/written/"
    assert ticket.reference not in web.get("/popmart/written/").text


def _begin_at(web: Client, address: str, value: str) -> Callable[..., Any]:
    base = web.post(address, {"value": value})["Location"]

    def step(name: str, data: dict[str, Any] | None = None) -> Any:
        return web.get(base + name) if data is None else web.post(base + name, data)

    return step


# --- a person, at every end ---


def test_a_general_answer_that_helped_is_counted_once(web: Client, kpopusa: Store) -> None:
    web.get("/kpopusa/new/gift_card/")
    thanks = web.post("/kpopusa/new/gift_card/helped/", follow=True)
    web.post("/kpopusa/new/gift_card/helped/")

    assert "Thank you, that is good to know." in thanks.text
    row = GuidanceCount.objects.get()
    assert (row.kind, row.key, row.seen, row.helped, row.wrote) == ("answer", "gift_card", 1, 1, 0)


def test_a_general_answer_that_did_not_help_reaches_a_person_by_mail_only(
    customer: Customer,
) -> None:
    web, typed = customer.web, _typed("mina.kim@example.com", number="#1042")
    for _ in range(2):
        done = web.post("/kpopusa/new/gift_card/write/", typed)
    assert done["Location"] == "/kpopusa/written/?sent=1"

    ticket = Ticket.objects.get()
    assert (ticket.request, ticket.priority) == ("gift_card", 2)
    assert ticket.order == customer.order  # number and address belong together
    assert ticket.customer == customer.order.customer
    event = ticket.events.get()
    assert (event.kind, event.rule) == ("ticket_opened", "kpopusa.gift-card")
    assert event.data["decision"]["verdict"] == "elsewhere"
    assert GuidanceCount.objects.get().wrote == 1
    assert Outbox.objects.get().to_customer == ticket.customer
    assert ticket.reference not in web.get(done["Location"]).text


def _typed(email: str, **more: str) -> dict[str, str]:
    key = str(uuid.uuid4())
    typed = {"body": "But it shows!", "name": "Mina", "email": email, "form_key": key, **more}
    return {f"w-{name}": value for name, value in typed.items()}


def test_nothing_that_a_stranger_typed_is_mailed_to_an_address_of_their_choice(
    customer: Customer,
) -> None:
    offer, name = "Buy at http://evil.example/", "Free http://evil.example/"
    theirs = _typed("victim@example.com", body=offer, name=name)
    customer.web.post("/kpopusa/new/gift_card/write/", theirs)
    told = about(Outbox.objects.get(), "en", NOON)
    assert (told["greeting"], "evil" in str(told)) == ("Hello,", False)
    assert Message.objects.get().body == offer  # the desk reads it

    own = _typed("mina.kim@example.com", number="#1042")  # both only the buyer knows
    customer.web.post("/kpopusa/new/gift_card/write/", own)
    told = about(Outbox.objects.latest("pk"), "en", NOON)
    assert (told["greeting"], told["body"]) == ("Hello 김미나,", "But it shows!")


def test_nobodys_mailbox_is_filled_by_many(web: Client, kpopusa: Store) -> None:
    for visitor in range(21):
        page = web.post(
            "/kpopusa/new/other/write/",
            _typed("victim@example.com"),
            REMOTE_ADDR=f"192.0.2.{visitor}",
        )
    assert page.status_code == 429
    assert Outbox.objects.count() == 20


@pytest.mark.parametrize("number", ["#1042", "#9999", "", "x" * 60])
def test_the_same_is_said_whether_the_number_exists_or_not(customer: Customer, number: str) -> None:
    done = customer.web.post(
        "/kpopusa/new/gift_card/write/", _typed("stranger@example.com", number=number)
    )
    assert done["Location"] == "/kpopusa/written/?sent=1"
    assert Ticket.objects.get().order is None


def test_a_known_customers_name_is_not_changed_by_whoever_types_their_address(
    customer: Customer,
) -> None:
    typed = _typed("MINA.kim@example.com", name="Somebody Else")
    customer.web.post("/kpopusa/new/other/write/", typed)
    assert Ticket.objects.get().customer.name == "김미나"


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": "  "},
        {"body": "x" * 20_001},
        {"email": "nobody"},
        {"email": ""},
        {"form_key": "no key"},
        {"form_key": ""},
    ],
)
def test_what_cannot_be_sent_is_told_and_stays_in_its_field(
    web: Client, kpopusa: Store, wrong: dict[str, str]
) -> None:
    typed = _typed(**{"email": "ada@example.com", "name": "Ada Long", **wrong})
    page = web.post("/kpopusa/new/gift_card/write/", typed)
    assert page.status_code == 422
    assert "Ada Long" in page.text
    assert not Ticket.objects.exists()


def test_twenty_thousand_characters_are_not_too_many(web: Client, kpopusa: Store) -> None:
    web.post("/kpopusa/new/other/write/", _typed("ada@example.com", body="x" * 20_000))
    assert len(Message.objects.get().body) == 20_000


def test_too_many_messages_are_told_and_the_newest_is_not_lost(web: Client, kpopusa: Store) -> None:
    for _ in range(20):
        web.post("/kpopusa/new/other/write/", _typed("ada@example.com"))
    page = web.post("/kpopusa/new/other/write/", _typed("ada@example.com"))
    assert page.status_code == 429
    assert "Too many tries" in page.text
    assert "But it shows!" in page.text
    assert Ticket.objects.count() == 20


def test_an_answer_of_a_draft_that_helped_ends_it_and_writing_after_all_changes_that(
    not_sent: Customer,
) -> None:
    Shipment.objects.create(order=not_sent.order, shipped_at=NOON - timedelta(days=1))
    not_sent.begin("cancel_order")
    assert "Did this help?" in not_sent.get(follow=True).text
    not_sent.post("helped/")
    not_sent.post("helped/")
    assert "Thank you, that is good to know." in not_sent.get("answer/").text
    inquiry = Inquiry.objects.get()
    assert (inquiry.ended, inquiry.verdict) == ("helped", "refused")
    assert Event.objects.get().kind == "guidance_helped"

    not_sent.post("write/", {"body": "Can the parcel be stopped?"})
    inquiry.refresh_from_db()
    ticket = Ticket.objects.get()
    assert (inquiry.ended, inquiry.ticket) == ("wrote", ticket)
    assert ticket.priority == 2  # the rule has ended it: no longer urgent
    told = ticket.events.get().data
    assert told["decision"]["verdict"] == "refused"


def test_the_same_answer_looked_at_again_writes_nothing(customer: Customer) -> None:
    customer.begin("lost_parcel")
    customer.get(follow=True)
    first = Inquiry.objects.get()
    customer.get("answer/")
    again = Inquiry.objects.get()
    assert (first.pk, first.at) == (again.pk, again.at)


def test_filing_a_claim_ends_its_question(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    customer.get("answer/")
    assert Inquiry.objects.get().ended == ""
    customer.post("review/")
    inquiry = Inquiry.objects.get()
    assert (inquiry.ended, inquiry.ticket) == ("filed", Claim.objects.get().ticket)


def test_a_person_decides_about_a_cancellation_where_no_rule_does_and_it_is_urgent(
    buyer: Callable[[str], Customer],
) -> None:
    someone = buyer("kpop2")
    page = someone.web.get("/kpop2/new/cancel_order/").text
    assert "A person decides this" in page
    someone.web.post("/kpop2/new/cancel_order/write/", _typed("kpop2@example.com", number="#77"))
    ticket = Ticket.objects.get()
    assert (ticket.priority, ticket.order) == (0, someone.order)
    assert Outbox.objects.filter(template="staff_alert").count() == 1


# --- what should not be there ---


@pytest.mark.parametrize(
    "path",
    [
        "/kpopusa/new/free_money/",
        "/kpopusa/new/free_money/helped/",
        "/kpopusa/new/free_money/write/",
        "/kpopusa/new/other/helped/",
        "/nowhere/new/defect/",
        "/kpopusa/again/1:forged/",
        "/kpopusa/again/nonsense/",
    ],
)
def test_made_up_addresses_lead_nowhere(web: Client, kpopusa: Store, path: str) -> None:
    assert web.get(path).status_code == 404


def test_a_made_up_fact_is_not_kept(customer: Customer) -> None:
    customer.begin("pending_charge")
    for fact in ("verdict", "opened", "charged_at__lt"):
        customer.say(fact, "yes")
    assert customer.draft.answers.get("said", {}) == {}


@pytest.mark.parametrize("value", ["maybe", "", "1", "True", "\x00"])
def test_a_made_up_answer_is_asked_again(customer: Customer, value: str) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    assert customer.say("opened", value).status_code == 422
    assert customer.draft.answers.get("said", {}) == {}


def test_another_stores_draft_can_neither_be_sent_nor_written_by_its_key(
    not_sent: Customer, popmart: Store
) -> None:
    not_sent.begin("cancel_order")
    elsewhere = not_sent.base.replace("/kpopusa/", "/popmart/")
    for step in ("send/", "write/", "remind/", "helped/", "remind/not/"):
        response = not_sent.web.post(elsewhere + step, {"body": "x"})
        assert response.status_code == 404, step
    assert not Ticket.objects.exists()


def test_after_sending_the_back_button_leads_to_the_ticket(not_sent: Customer) -> None:
    not_sent.begin("cancel_order")
    page = not_sent.post("send/", {})["Location"].split("?")[0]
    for step in ("", "answer/", "order/", "evidence/", "review/"):
        assert not_sent.get(step)["Location"] == page
    for step, data in (("send/", {}), ("write/", {"body": "x"})):
        assert not_sent.post(step, data)["Location"].split("?")[0] == page
    assert Ticket.objects.count() == 1


def test_reloading_a_page_that_was_only_posted_leads_back_to_the_answer(
    customer: Customer,
) -> None:
    customer.begin("lost_parcel")
    for step in ("send/", "write/", "remind/", "remind/not/", "helped/"):
        assert customer.get(step)["Location"].endswith("/answer/")


def test_no_page_of_the_way_holds_a_rules_id(customer: Customer) -> None:
    customer.begin("lost_parcel")
    assert not re.search(r"kpopusa\.[a-z-]+\b(?!\w*@)", customer.get("answer/").text)


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("refund", "cancel_order"),
        ("주소", "change_address"),
        ("customs", "customs"),
        ("환불", "cancel_order"),
        ("fake", "authenticity"),
        ("moved house", "change_address"),
    ],
)
def test_the_search_knows_other_words_for_the_same(
    web: Client, kpopusa: Store, words: str, finds: str
) -> None:
    assert f"/kpopusa/new/{finds}/" in web.get("/kpopusa/", {"q": words}).text
