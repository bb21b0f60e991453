"""The cast: a few people and their orders, the same in every story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.check_evidence import Findings, settle
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actions.file_claim import file_claim
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.models import (
    Claim,
    Customer,
    Draft,
    Evidence,
    Membership,
    Order,
    OrderLine,
    Pickup,
    Product,
    Role,
    Shipment,
    Store,
    Ticket,
    User,
)

# A quiet Thursday noon in Las Vegas, far from any change of the clocks.
NOON = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
PASSWORD = "an unboxing video, please"


@pytest.fixture
def noon() -> datetime:
    return NOON


def _store(slug: str, accent: str) -> Store:
    return open_store(slug, now=NOON, mail_from=f"help@{slug}.test", accent=accent)


@pytest.fixture
def kpopusa(db: None) -> Store:
    """KPOP USA, Las Vegas."""
    return _store("kpopusa", "#c2255c")


@pytest.fixture
def kpop2(db: None) -> Store:
    """KPOP2, Seoul."""
    return _store("kpop2", "#1c7ed6")


@pytest.fixture
def popmart(db: None) -> Store:
    """POP MART, North America."""
    return _store("popmart", "#d6336c")


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Make a member of staff: ``person("nora", store, Role.AGENT)``."""

    def make(name: str, store: Store | None = None, role: str = Role.AGENT, **extra: Any) -> User:
        user = User.objects.create_user(f"{name}@staff.test", PASSWORD, name=name.title(), **extra)
        if store is not None:
            Membership.objects.create(user=user, store=store, role=role)
        return user

    return make


@pytest.fixture
def agent(person: Callable[..., User], kpopusa: Store) -> User:
    """Nora, who works at KPOP USA."""
    return person("nora", kpopusa)


@pytest.fixture
def second_agent(person: Callable[..., User], kpopusa: Store) -> User:
    """Omar, who works beside her."""
    return person("omar", kpopusa)


@pytest.fixture
def lead(person: Callable[..., User], kpopusa: Store) -> User:
    return person("lena", kpopusa, Role.LEAD)


@pytest.fixture
def manager(person: Callable[..., User], kpopusa: Store) -> User:
    return person("marek", kpopusa, Role.MANAGER)


@pytest.fixture
def reader(person: Callable[..., User], kpopusa: Store) -> User:
    """Who may look and not touch."""
    return person("rita", kpopusa, Role.READ_ONLY)


@pytest.fixture
def stranger(person: Callable[..., User], popmart: Store) -> User:
    """An agent of another store."""
    return person("stan", popmart)


def make_customer(store: Store, email: str, name: str) -> Customer:
    return Customer.objects.create(
        store=store,
        email=email,
        email_key=Customer.key(email),
        name=name,
        time_zone="Asia/Seoul",
    )


@pytest.fixture
def mina(kpopusa: Store) -> Customer:
    """Bought an album; her photocard is missing."""
    return make_customer(kpopusa, "Mina.Kim@example.com", "김미나")


@pytest.fixture
def jo(kpopusa: Store) -> Customer:
    """Another customer of the same store."""
    return make_customer(kpopusa, "jo@example.com", "Jo Doe")


def make_order(
    customer: Customer,
    number: str,
    *,
    lines: tuple[tuple[str, str, int, str], ...] = (
        ("ALB-AURORA", "Aurora – 3rd Mini Album (Ver. Dawn)", 2, "24.90"),
        ("LS-AURORA", "Aurora – Official Light Stick", 1, "49.00"),
    ),
    placed: timedelta = timedelta(days=9),
    shipped: timedelta | None = timedelta(days=8),
    delivered: timedelta | None = timedelta(days=2),
    now: datetime = NOON,
    **extra: Any,
) -> Order:
    """An order with its parcel; ages are counted back from ``now``."""
    total = sum((Decimal(price) * quantity for *_, quantity, price in lines), Decimal(0))
    order = Order.objects.create(
        store=customer.store,
        customer=customer,
        number=number,
        number_key=number.lstrip("#").casefold(),
        placed_at=now - placed,
        paid_at=now - placed,
        financial_status="paid",
        currency="USD",
        total=total,
        country="US",
        **{"shipping_method": "standard", **extra},
    )
    for position, (sku, title, quantity, price) in enumerate(lines):
        kind = {"ALB": "album", "LS": "lightstick", "POS": "poster", "BB": "blind_box"}
        product, _ = Product.objects.get_or_create(
            store=customer.store,
            sku=sku,
            defaults={"title": title, "kind": kind.get(sku.split("-")[0], "goods")},
        )
        OrderLine.objects.create(
            order=order,
            line_key=f"{sku}#1",
            position=position,
            product=product,
            title=title,
            quantity=quantity,
            price=Decimal(price),
        )
    if shipped is not None:
        Shipment.objects.create(
            order=order,
            carrier="USPS",
            tracking_number=usps_number(order.pk),
            shipped_at=now - shipped,
            delivered_at=now - delivered if delivered is not None else None,
        )
    return order


def usps_number(serial: int) -> str:
    """A tracking number that USPS might have given: its check digit fits."""
    bare = f"94001{serial:016d}"
    total = sum(int(d) * (3 if place % 2 == 0 else 1) for place, d in enumerate(bare))
    return f"{bare}{-total % 10}"


@pytest.fixture
def album_order(mina: Customer) -> Order:
    """#1042: two albums and a light stick, delivered two days ago."""
    return make_order(mina, "#1042")


@pytest.fixture
def late_order(mina: Customer) -> Order:
    """#1001: delivered nine days ago, out of every window of KPOP USA."""
    return make_order(
        mina,
        "#1001",
        placed=timedelta(days=20),
        shipped=timedelta(days=18),
        delivered=timedelta(days=9),
    )


@pytest.fixture
def pickup(jo: Customer) -> Pickup:
    """#2001: paid, being prepared for pickup in the store."""
    order = make_order(
        jo, "#2001", shipped=None, shipping_method="pickup", placed=timedelta(days=1)
    )
    return Pickup.objects.create(store=order.store, order=order)


@dataclass(frozen=True)
class AFile:
    """A file that arrives, and what the inspection says of it."""

    arrival: Arrival
    findings: Findings


def a_file(kind: str = "unboxing_video", at: datetime = NOON, mark: str = "a") -> AFile:
    """A file that will be found ready."""
    video = kind == "unboxing_video"
    return AFile(
        Arrival(
            kind=kind,
            stored_name=f"evidence/{mark}-{kind}.bin",
            original_name="unboxing.mp4" if video else "photo.jpg",
            size=1234,
            began_at=at,
            completed_at=at,
        ),
        Findings(
            content_type="video/mp4" if video else "image/jpeg",
            sha256=(mark * 64)[:64],
            width=320,
            height=240,
            seconds=12.0 if video else None,
        ),
    )


def add_evidence(
    file: AFile,
    *,
    draft: Draft | None = None,
    claim: Claim | None = None,
    ticket: Ticket | None = None,
    actor: Actor | None,
    now: datetime,
) -> Evidence | None:
    """It arrives, and the job looks into it at once. None where it was here already."""
    evidence = take_in(file.arrival, draft=draft, claim=claim, ticket=ticket, actor=actor, now=now)
    settle(evidence.pk, file.findings, now=now)
    return Evidence.objects.filter(pk=evidence.pk).first()


@dataclass
class Story:
    """What a customer does, step by step, through the actions that the portal calls."""

    order: Order
    now: datetime = NOON

    def draft(self, request: str = "missing_photocard", **said: Any) -> Draft:
        draft = start_draft(self.order.store, now=self.now)
        draft = identify(draft, self.order, now=self.now)
        line = self.order.lines.all()[0]
        return answer(
            draft,
            request=request,
            answers={
                "items": [{"line": line.pk, "quantity": 1, "component": "photocard"}],
                "said": said,
                "note": "It was not in the box.",
            },
            now=self.now,
        )

    def file(self, request: str = "missing_photocard", *evidence: str, **said: Any) -> Claim:
        draft = self.draft(request, **said)
        for number, kind in enumerate(evidence):
            add_evidence(
                a_file(kind, self.now, mark=f"{number}"), draft=draft, actor=None, now=self.now
            )
        return file_claim(draft, actor=Actor.of_customer(self.order.customer), now=self.now)


@pytest.fixture
def story(album_order: Order) -> Story:
    return Story(album_order)
