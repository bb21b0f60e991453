"""The demo's orders as a plan: seeded, the same every time but for the day it is counted from."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tickets.intake.demo import catalogue as c
from tickets.intake.demo.catalogue import Item, Person

SEED = 20260301
COUNTS = {"kpopusa": 175, "kpop2": 120, "popmart": 110}
PREFIX = {"kpopusa": "K-", "kpop2": "W-", "popmart": "P-"}


@dataclass(frozen=True, slots=True)
class Plan:
    """One order. Times are days before the day of loading; None: has not happened."""

    number: str
    person: Person
    lines: tuple[tuple[Item, int], ...]
    label: str
    placed: float
    shipped: float | None = None
    delivered: float | None = None
    last_event: float | None = None
    cancelled: float | None = None
    currency: str = "USD"
    tags: str = ""
    source: str = "web"
    poster_delivered: float | None = None

    @property
    def subtotal(self) -> Decimal:
        """What the lines cost."""
        return sum((Decimal(item.price) * count for item, count in self.lines), Decimal(0))

    @property
    def shipping(self) -> Decimal:
        """What sending costs."""
        words = self.label.lower()
        if "pickup" in words or self.source == "pos" or "free" in words:
            return Decimal("0.00")
        return Decimal("18.00") if "express" in words else Decimal("6.90")

    @property
    def total(self) -> Decimal:
        """What was paid."""
        return (self.subtotal + self.shipping).quantize(Decimal("0.01"))


def before(anchor: datetime, days: float) -> datetime:
    """The instant so many days before the day of loading."""
    return anchor - timedelta(minutes=round(days * 24 * 60))


def plans(slug: str) -> list[Plan]:
    """All orders of one store: the examples first, then a crowd."""
    chance = random.Random(f"{SEED}-{slug}")  # noqa: S311  # a demo, not a secret
    made = {"kpopusa": _kpopusa, "kpop2": _kpop2, "popmart": _popmart}[slug]()
    crowd = {"kpopusa": _kpopusa_one, "kpop2": _kpop2_one, "popmart": _popmart_one}[slug]
    first = {"kpopusa": 1100, "kpop2": 2100, "popmart": 3100}[slug]
    while len(made) < COUNTS[slug]:
        number = f"{PREFIX[slug]}{first + len(made)}"
        made.append(_lived(crowd(number, chance), chance))
    return made


# The examples: what the printed list and the demo's claims speak of ------------------------

_LUM, _LUM2, _NVR, _NVR2, _HSN, _KTL, _MSN = c.ALBUMS
_USPS, _PRIORITY, _PICKUP = "Standard (USPS)", "Priority Mail (USPS)", "In-store pickup"
PICKUPS = {  # number -> days since it was confirmed
    "K-1004": 3,
    "K-1031": 14,
    "K-1032": 18,
    "K-1033": 19,
    "K-1034": 25,
    "K-1035": 24,
    "K-1037": 6,
    "K-1038": 12,
}
COLLECTED = {"K-1037": 4.6, "K-1038": 3.2}  # number -> days since it was handed over


def _kpopusa() -> list[Plan]:
    us = c.US
    poster = c.POSTERS[0]
    sent = [
        Plan("K-1001", us[0], ((_LUM, 2), (_LUM2, 1), (poster, 1)), _USPS, 9, 8, 3),
        Plan("K-1002", us[1], ((_NVR, 1),), _USPS, 20, 19, 12),
        Plan("K-1003", us[3], ((_LUM, 1), (c.STICKS[0], 1)), _PRIORITY, 4, 3),
        Plan("K-1005", us[2], ((c.STICKS[1], 1),), _USPS, 12, 11, 5),
        Plan("K-1007", us[6], ((_KTL, 1), (poster, 2)), _USPS, 24, 22, 16),
    ]
    # K-1011 … K-1025 carry the claims: who, what, and how long ago it arrived.
    carried = (
        (0, _LUM, 2), (4, _LUM2, 4), (5, _NVR, 8), (6, _NVR2, 5), (7, c.STICKS[0], 4),
        (8, _HSN, 15), (9, _NVR, 37), (10, c.STICKS[1], 30), (11, c.STICKS[0], 33),
        (12, _KTL, 40), (2, c.STICKS[1], 45), (13, _MSN, 14), (1, _LUM, 27), (3, _HSN, 9),
        (5, _LUM2, 3),
    )  # fmt: skip
    for index, (who, item, days) in enumerate(carried):
        sent.append(
            Plan(f"K-10{11 + index}", us[who], ((item, 2),), _USPS, days + 7, days + 6, days)
        )
    waiting = [
        Plan("K-1006", us[5], ((c.PREORDERS[0], 1),), _USPS, 6, tags="pre-order"),
        Plan("K-1036", us[7], ((_HSN, 1),), _PICKUP, 1.2),
        Plan("K-1008", us[8], ((_MSN, 1), (c.GOODS[1], 1)), _PRIORITY, 1.1),
    ]
    for who, (number, days) in zip((4, 7, 13, 0, 9, 11, 5, 8), PICKUPS.items(), strict=True):
        person = us[who]
        if number == "K-1035":  # whose mails the demo's post office refuses
            person = replace(person, email="nobody@bounce.test")
        waiting.append(Plan(number, person, ((_KTL, 1), (c.GOODS[0], 2)), _PICKUP, days + 2.5))
    return sent + waiting


def _kpop2() -> list[Plan]:
    fr, ren = c.EUROPE[1], c.JAPAN[1]
    standard, express = "Standard International", "Express International (DHL)"
    return [
        Plan("W-2001", fr, ((_MSN, 1), (_HSN, 1)), standard, 20, 18, 4, currency="EUR"),
        Plan("W-2002", c.ELSEWHERE[1], ((_LUM, 3),), standard, 48, 46, None, 31),
        Plan("W-2003", ren, ((_NVR, 1),), express, 1.3),
        Plan("W-2004", c.EUROPE[0], ((c.STICKS[0], 1),), express, 14, 12, 7),
        Plan("W-2005", c.KOREA[0], ((_HSN, 2),), standard, 25, 24, 12),
        Plan("W-2006", c.EUROPE[2], ((c.PREORDERS[1], 1),), standard, 8, tags="Pre-Order"),
        Plan("W-2007", c.EUROPE[3], ((_KTL, 2),), standard, 44, 42, None, 34),
    ]


def _popmart() -> list[Plan]:
    us, ca = c.US, c.CANADA
    free, standard = "Free standard shipping", "Standard shipping"
    box, fox, cloud, whole = c.BOXES
    return [
        Plan("P-3001", us[5], ((box, 2), (fox, 1)), standard, 13, 12, 6, tags="member"),
        Plan("P-3002", us[2], ((c.FIGURES[0], 1),), "", 8, 8, source="pos"),
        Plan("P-3003", us[10], ((cloud, 3),), standard, 14, 13, None, 8),
        Plan("P-3004", us[0], ((fox, 2),), standard, 5, 4, 1, tags="POP NOW, member"),
        Plan("P-3005", ca[0], ((whole, 2),), free, 16, 14, 10, currency="CAD", tags="member"),
        Plan("P-3006", ca[1], ((c.TOY_PREORDERS[0], 1),), free, 9, currency="CAD", tags="preorder"),
        Plan("P-3007", us[8], ((c.FIGURES[1], 1),), standard, 22, 21, 14),
        Plan("P-3008", us[12], ((box, 1),), standard, 29, 28, 22, tags="guest"),
    ]


# The crowd -------------------------------------------------------------------------------------


def _some(chance: random.Random, *shelves: tuple[Item, ...]) -> tuple[tuple[Item, int], ...]:
    wanted = chance.choices([1, 2, 3, 5], [50, 30, 15, 5])[0]
    items = [chance.choice(chance.choice(shelves)) for _each in range(wanted)]
    return tuple((item, chance.choices([1, 2, 4], [75, 20, 5])[0]) for item in dict.fromkeys(items))


def _kpopusa_one(number: str, chance: random.Random) -> Plan:
    label = chance.choices([_USPS, _PRIORITY, _PICKUP], [62, 26, 12])[0]
    lines = _some(chance, c.ALBUMS, c.ALBUMS, c.STICKS, c.GOODS, c.POSTERS)
    tags = ""
    if chance.random() < 0.07:
        lines, tags = ((chance.choice(c.PREORDERS), 1),), "pre-order"
    placed = chance.triangular(0.5, 75, 4)
    return Plan(number, chance.choice(c.US), lines, label, placed, tags=tags)


def _kpop2_one(number: str, chance: random.Random) -> Plan:
    person = chance.choice(c.EUROPE + c.JAPAN + c.KOREA + c.ELSEWHERE + c.US[:4] + c.CANADA)
    currency = {"DE": "EUR", "FR": "EUR", "AT": "EUR", "GB": "GBP"}.get(person.country, "USD")
    label = chance.choices(["Standard International", "Express International (DHL)"], [70, 30])[0]
    lines = _some(chance, c.ALBUMS, c.ALBUMS, c.STICKS, c.GOODS)
    tags = ""
    if chance.random() < 0.08:
        lines, tags = ((chance.choice(c.PREORDERS), 1),), "pre-order"
    placed = chance.triangular(0.5, 75, 8)
    return Plan(number, person, lines, label, placed, currency=currency, tags=tags)


def _popmart_one(number: str, chance: random.Random) -> Plan:
    person = chance.choice(c.US + c.CANADA)
    currency = "CAD" if person.country == "CA" else "USD"
    tags = chance.choices(["member", "guest", "", "POP NOW, member"], [40, 20, 25, 15])[0]
    lines = _some(chance, c.BOXES, c.BOXES, c.FIGURES)
    total = sum(Decimal(item.price) * count for item, count in lines)
    label = "Free standard shipping" if total > 260 else "Standard shipping"
    placed = chance.triangular(0.5, 75, 6)
    return Plan(number, person, lines, label, placed, currency=currency, tags=tags)


def _lived(plan: Plan, chance: random.Random) -> Plan:
    """What has become of an order of its age."""
    age = plan.placed
    if chance.random() < 0.04 and age > 2:
        return replace(plan, cancelled=age - 0.7)
    if "re-order" in plan.tags.lower() or "preorder" in plan.tags.lower():
        return plan
    if plan.label == _PICKUP:
        return replace(plan, shipped=age - 4) if age > 5 else plan
    shipped = age - chance.uniform(0.8, 3)
    if shipped <= 0.1:
        return plan
    far = plan.person.country not in ("US", "CA") and "Express" not in plan.label
    transit = chance.uniform(8, 18) if far else chance.uniform(2.5, 8)
    delivered = shipped - transit
    if delivered <= 0.1 or chance.random() < 0.03:
        last = max(shipped - chance.uniform(0.5, 6), 0.05)
        return replace(plan, shipped=shipped, last_event=last)
    poster = max(delivered - chance.uniform(0, 5), 0.1)
    return replace(plan, shipped=shipped, delivered=delivered, poster_delivered=poster)
