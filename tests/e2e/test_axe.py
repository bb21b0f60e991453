"""axe-core finds nothing, on any page, in either theme; nothing stands beyond a phone's edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from policies.pack import PACKS
from policies.publish import publish
from tests.cast import make_order
from tests.e2e.a_film import has_a_film
from tests.e2e.axe import findings
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, Person
from tests.e2e.steps import ALBUM, says_it_is_missing, says_which_order
from tickets.intake.demo.load import load_demo
from tickets.models import (
    Claim,
    Customer,
    Draft,
    Evidence,
    KeptMail,
    Macro,
    Order,
    Pickup,
    Store,
    TrackingEvent,
    User,
)

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"


class Examiner:
    """Goes on as a person does, and at each page asks axe what it has against it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.found: list[str] = []

    def looks_at(self, name: str) -> None:
        self.person.looks()
        self.found += findings(self.person.page, name)

    def opens(self, address: str, *, status: int = 200) -> None:
        self.person.opens(address, status=status)
        self.looks_at(address)


@pytest.fixture
def examiner(meets: Meets) -> Iterator[Callable[..., Examiner]]:
    made: list[Examiner] = []

    def make(size: Any, user: User | None = None, **wishes: Any) -> Examiner:
        made.append(Examiner(meets(size, user, bypass_csp=True, reduced_motion="reduce", **wishes)))
        return made[-1]

    yield make
    found = [each for one in made for each in one.found]
    assert not found, "\n".join(found)


@pytest.fixture
def on_its_way(mina: Customer) -> Order:
    return make_order(mina, "#1043", delivered=None)


@pytest.fixture
def not_sent(mina: Customer) -> Order:
    return make_order(mina, "#1044", placed=timedelta(hours=3), shipped=None)


def test_the_way_of_a_customer(
    house: House,
    examiner: Callable[..., Examiner],
    album_order: Order,
    popmart: Store,
    film: tuple[str, str, bytes],
) -> None:
    axe = examiner(PHONE, is_mobile=True, has_touch=True)
    mina = axe.person
    for address in ("/", "/kpopusa/", "/kpopusa/?q=address", "/kpopusa/about/not-arrived/"):
        axe.opens(address)
    axe.opens("/kpopusa/new/missing_photocard/")
    says_which_order(mina, "Something is missing", "#1", MINA)
    axe.looks_at("order, not found")
    says_which_order(mina, "Something is missing", "#1042", MINA)
    mina.presses("Go on")
    axe.looks_at("items, none ticked")
    mina.ticks(ALBUM)
    mina.presses("Go on")
    axe.looks_at("question")
    mina.presses("No")
    axe.looks_at("answer, evidence needed")
    mina.follows("Go on")
    mina.hands_in("Choose or record the video", ("a.mp4", "video/mp4", b"no film"))
    mina.reads("This is not a video.")
    axe.looks_at("evidence, with a problem")
    mina.hands_in("Choose or record the video", film)
    mina.reads("1 of 1 here")
    axe.looks_at("evidence, complete")
    mina.follows("Go on")
    axe.looks_at("review")
    mina.presses("Send it")
    axe.looks_at("status, sent")


HELP = (
    "/kpopusa/help/",
    "/kpopusa/help/?q=refund",
    "/kpopusa/help/?q=zebra",
    "/kpopusa/help/missing-contents/",
    "/kpopusa/help/contact-window/?thanks=1",
    "/popmart/help/carriers/",
    "/kpopusa/how-to-film/",
    "/kpopusa/?q=video",
)


@pytest.mark.parametrize("off", [False, True])
def test_the_help_centre(
    house: House,
    examiner: Callable[..., Examiner],
    kpopusa: Store,
    popmart: Store,
    *,
    off: bool,
) -> None:
    """With every channel open, and with one switched off and another rule to come."""
    if off:
        source = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
        source = source.replace("value: info@", "open: false\n      value: info@")
        now = house.clock()
        publish(kpopusa.pk, source, starts_at=now - timedelta(hours=1), now=now)
        later = source.replace("figures: {days: 7}", "figures: {days: 10}")
        publish(kpopusa.pk, later, starts_at=now + timedelta(days=9), now=now)
    axe = examiner(PHONE, is_mobile=True, has_touch=True)
    for address in HELP:
        axe.opens(address)


def test_the_moments_of_a_film(
    house: House, examiner: Callable[..., Examiner], album_order: Order
) -> None:
    for plays in (True, False):
        axe = examiner(PHONE, is_mobile=True, has_touch=True)
        mina = axe.person
        says_it_is_missing(mina, "#1042", MINA)
        has_a_film(Draft.objects.latest("pk"), house.clock(), plays=plays)
        mina.follows("Go on")
        axe.looks_at("evidence, with advice")
        mina.follows("Mark the moments")
        if plays:
            mina.page.wait_for_function("document.querySelector('video').readyState > 0")
            mina.presses("Now: Opening")
            mina.unfolds("Pictures from your video")
        else:
            mina.reads("Your browser cannot play this video.")
            mina.types("Opening", "9:99")
            mina.presses("Keep these moments")
        axe.looks_at(f"moments, plays: {plays}")


def test_where_a_parcel_is(
    house: House,
    examiner: Callable[..., Examiner],
    album_order: Order,
    on_its_way: Order,
    not_sent: Order,
    pickup: Pickup,
) -> None:
    parcel = on_its_way.shipments.get()
    happened = {"at": house.clock() - timedelta(days=1), "text": "In transit", "place": "Denver"}
    TrackingEvent.objects.create(shipment=parcel, **happened)
    axe = examiner(PHONE, is_mobile=True, has_touch=True)
    mina = axe.person
    axe.opens("/kpopusa/track/")
    for number, email in (("#1", MINA), ("#1042", MINA), ("#1043", MINA), ("#1044", MINA)):
        mina.opens("/kpopusa/track/")
        mina.types("Order number", number)
        mina.types("E-mail address", email)
        mina.presses("Go on")
        axe.looks_at(f"tracking of {number}")
    mina.opens("/kpopusa/track/")
    mina.types("Order number", pickup.order.number)
    mina.types("E-mail address", pickup.order.customer.email)
    mina.presses("Go on")
    axe.looks_at("tracking of a pickup")
    for number in ("9400111201080805483017", "9400111201080805483016", parcel.tracking_number):
        mina.opens("/kpopusa/track/")
        mina.types("Tracking number", number)
        mina.presses("Track this number")
        axe.looks_at(f"number {number}")


# request, order, answers to the questions, what the card then says
VERDICTS = [
    ("missing_photocard", "#1042", ("Yes", "No"), "discretionary"),
    ("missing_photocard", "#1043", (), "wait"),
    ("missing_photocard", "#1001", (), "refused"),
    ("cancel_order", "#1044", (), "accepted"),
    ("gift_card", "", (), "elsewhere"),
    ("restock", "", (), "answered"),
]


def test_every_verdict(
    house: House,
    examiner: Callable[..., Examiner],
    album_order: Order,
    late_order: Order,
    on_its_way: Order,
    not_sent: Order,
) -> None:
    axe = examiner(PHONE, is_mobile=True, has_touch=True)
    mina = axe.person
    for request, number, answers, verdict in VERDICTS:
        mina.opens(f"/kpopusa/new/{request}/")
        if number:
            mina.types("Order number", number)
            mina.types("E-mail address", MINA)
            mina.presses("Go on")
        if mina.page.url.endswith("/items/"):
            mina.ticks(ALBUM)
            mina.presses("Go on")
        for answer in answers:
            mina.presses(answer)
        assert mina.page.locator(f".verdict-card.v-{verdict}").count() == 1, mina.page.url
        axe.looks_at(verdict)
    axe.opens("/nowhere/", status=404)


def test_the_status_of_a_claim_that_waits(
    house: House, examiner: Callable[..., Examiner], album_order: Order
) -> None:
    axe = examiner(PHONE, is_mobile=True, has_touch=True)
    says_it_is_missing(axe.person, "#1042", MINA)
    axe.person.follows("Go on")
    axe.person.follows("Go on, and add it later")
    axe.person.presses("Send it")
    axe.person.presses("Send message")  # with nothing in it
    axe.looks_at("status, waiting")
    house.post_goes()
    axe.opens("/mailbox/")
    axe.opens(f"/mailbox/{KeptMail.objects.get().pk}/")


@pytest.fixture
def demo(house: House) -> None:
    """Six weeks of a shop: every state that a claim can be in."""
    load_demo(house.clock(), lambda said: None)


def test_the_pages_of_staff(house: House, examiner: Callable[..., Examiner], demo: None) -> None:
    axe = examiner(LAPTOP)
    axe.opens("/accounts/login/")
    axe.person.types("Email", "manager@demo.test")
    axe.person.types("Password", "wrong")
    axe.person.presses("Sign in")
    axe.looks_at("login, refused")

    axe = examiner(LAPTOP, User.objects.get(email="lead@demo.test"))
    for address in ("/desk/", "/desk/?queue=done", "/desk/?queue=questions", "/desk/?q=mina"):
        axe.opens(address)
    for state in Claim.objects.order_by("state").distinct("state"):
        axe.opens(f"/desk/tickets/{state.ticket.reference}/")
    proof = Evidence.objects.filter(claim__isnull=False).select_related("claim__ticket").first()
    assert proof is not None
    assert proof.claim is not None
    axe.opens(f"/desk/claims/{proof.claim.ticket.reference}/custody/")
    macro = Macro.objects.filter(store=proof.claim.ticket.store, kind="agent").first()
    assert macro is not None
    axe.opens("/desk/macros/")
    axe.opens(f"/desk/macros/{macro.pk}/")
    axe.opens(f"/desk/tickets/{proof.claim.ticket.reference}/macros/")
    axe.opens(f"/desk/tickets/{proof.claim.ticket.reference}/macros/{macro.pk}/")
    axe.opens("/desk/exports/")
    axe.opens("/desk/pickups/")
    for pickup in Pickup.objects.order_by("state", "-needs_person").distinct("state"):
        axe.opens(f"/desk/pickups/{pickup.pk}/")
    axe.opens("/desk/refunds/")


def test_the_pages_of_managers_and_everybody_s_on_a_phone(
    house: House, examiner: Callable[..., Examiner], meets: Meets, demo: None
) -> None:
    manager = User.objects.get(email="manager@demo.test")
    axe = examiner(LAPTOP, manager)
    axe.opens("/reports/")
    axe.opens("/reports/claims/")

    phone = meets(PHONE, manager, is_mobile=True)
    ready = Claim.objects.filter(state="under_review", evidence__kind="unboxing_video").first()
    needy = Pickup.objects.filter(needs_person=True).first()
    assert ready is not None
    assert needy is not None
    for address in (
        "/desk/",
        "/desk/?q=mina",
        f"/desk/tickets/{ready.ticket.reference}/",
        "/desk/pickups/",
        f"/desk/pickups/{needy.pk}/",
        "/desk/refunds/",
        "/mailbox/",
        "/reports/",
        "/reports/claims/",
    ):
        phone.opens(address)
    phone.opens("/desk/nowhere/", status=404)
    phone.context.clear_cookies()
    phone.opens("/desk/")
    assert "/accounts/login/" in phone.page.url
