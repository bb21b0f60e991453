"""What stands out about a request: seen by the machine, judged by a person.

Nothing here refuses anything, and no rule reads it. Each signal says what was seen and leads
there. Counted are only requests and files that the reader may open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets import access
from tickets.actor import Actor
from tickets.desk.person import Desk
from tickets.evidence.likeness import Alike, alike
from tickets.evidence.links import ticket_of
from tickets.lifecycle import EvidenceState
from tickets.models import Claim, Evidence, Order, Store, Ticket
from tickets.templatetags import dates

YEAR = timedelta(days=365)
# Without a zone the camera's clock may stand anywhere on Earth; zones differ from UTC by 14 hours
# at the most.
ANYWHERE = timedelta(hours=14)
# A photo of a receipt or of a screen may well be older than the parcel.
OF_THE_PARCEL = frozenset({"unboxing_video", "photo", "defect_photo"})
RELATIONS = ("customer", "order", "address")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a signal leads."""

    words: str
    to: str


@dataclass(frozen=True, slots=True)
class Signal:
    """What was seen, in a sentence, and where to look at it."""

    icon: str
    words: str
    links: tuple[Link, ...] = ()


def of(
    desk: Desk,
    ticket: Ticket,
    claim: Claim | None,
    files: list[Evidence],
    claims: Mapping[str, int],
) -> list[Signal]:
    """Everything that stands out; empty where nothing does.

    ``files`` come with their prints (`proofs.rows`, `reading.read`); ``claims`` are the numbers
    of `related` claims, by relation.
    """
    prints = {one.pk: list(getattr(one, "print_bits", ())) for one in files}
    pairs = alike(files, desk.actor, prints=prints)
    found = [_elsewhere(desk, ticket, pair) for pair in pairs]
    if claim is not None:
        found += _taken_before(desk, claim, files)
        found += _counts(ticket, claims)
    return found


def related(actor: Actor, ticket: Ticket, by: str, now: datetime) -> QuerySet[Claim]:
    """Claims of the last year by the same customer, on the same order, or to the same address.

    The ticket's own claim is among them. Nothing where ``by`` is unknown or says nothing here.
    """
    rows = access.claims_for(actor).filter(filed_at__gt=now - YEAR)
    if by == "customer":
        return rows.filter(ticket__customer=ticket.customer_id)
    if by == "order" and ticket.order_id:
        return rows.filter(order=ticket.order_id)
    there = _address(ticket.order) if by == "address" and ticket.order else None
    return rows.filter(order__in=Order.objects.filter(there)) if there else rows.none()


# --- the same file elsewhere --------------------------------------------------------


def _elsewhere(desk: Desk, ticket: Ticket, pair: Alike) -> Signal:
    there = ticket_of(pair.other)
    assert there is not None  # it was found among filed files
    beside = reverse("desk:beside", args=[ticket.reference])
    query = urlencode({"left": pair.mine.pk, "right": pair.other.pk})
    links = (
        Link(there.spoken_reference, reverse("desk:ticket", args=[there.reference])),
        Link(_("Side by side"), f"{beside}?{query}"),
    )
    told = {
        "name": pair.mine.original_name,
        "whose": _whose(ticket, there),
        "when": _when(desk, ticket.store, pair.other.began_at),
    }
    if pair.same:
        words = _("“%(name)s” is the very same file as in %(whose)s, sent on %(when)s.")
        return Signal("copy", words % told, links)
    told["how"] = _how_near(pair)
    words = _("“%(name)s” looks like a file in %(whose)s, sent on %(when)s: %(how)s.")
    return Signal("copy", words % told, links)


def _whose(here: Ticket, there: Ticket) -> str:
    if there.customer_id == here.customer_id:
        return _("another request of this customer")
    told = {"name": str(there.customer), "store": there.store.name}
    if there.store_id == here.store_id:
        return _("a request of %(name)s") % told
    return _("a request of %(name)s at %(store)s") % told


def _how_near(pair: Alike) -> str:
    if pair.of:
        return ngettext(
            "%(n)d of %(of)d frames shows the same picture",
            "%(n)d of %(of)d frames show the same picture",
            pair.frames,
        ) % {"n": pair.frames, "of": pair.of}
    if pair.distance == 0:
        return _("the picture is the same, saved anew")
    return ngettext(
        "the picture differs in %(n)d point of 64",
        "the picture differs in %(n)d points of 64",
        pair.distance,
    ) % {"n": pair.distance}


# --- taken before the parcel came ---------------------------------------------------


def _taken_before(desk: Desk, claim: Claim, files: list[Evidence]) -> list[Signal]:
    """Files that were certainly filmed before the first parcel of the order was delivered."""
    came = [one.delivered_at for one in claim.order.shipments.all() if one.delivered_at]
    if not came:
        return []
    first = min(came)
    return [
        Signal(
            "calendar-time",
            _(
                "“%(name)s” was taken on %(taken)s, as the camera wrote it. The parcel came "
                "on %(came)s."
            )
            % {
                "name": one.original_name,
                "taken": _taken(desk, claim.ticket.store, one),
                "came": _when(desk, claim.ticket.store, first),
            },
            (Link(_("To the file"), f"#evidence-{one.pk}"),),
        )
        for one in files
        if one.kind in OF_THE_PARCEL and one.state == EvidenceState.READY and _before(one, first)
    ]


def _before(file: Evidence, delivered: datetime) -> bool:
    if file.captured_at is None:
        return False
    return file.captured_at + (timedelta() if file.captured_zone else ANYWHERE) < delivered


def _taken(desk: Desk, store: Store, file: Evidence) -> str:
    assert file.captured_at is not None
    if file.captured_zone:
        return _when(desk, store, file.captured_at)
    own = dates.say(file.captured_at, "UTC", desk.now)
    return _("%(time)s by its own clock") % {"time": own}


def _when(desk: Desk, store: Store, at: datetime) -> str:
    return dates.say(at, desk.user.time_zone or store.time_zone, desk.now)


# --- how many there have been -------------------------------------------------------


def _counts(ticket: Ticket, counted: Mapping[str, int]) -> list[Signal]:
    """Other claims within a year; the same ones are told of once."""
    claims = {by: counted.get(by, 0) for by in RELATIONS}
    found = []
    if claims["customer"] > 1:
        words = _("%(n)d claims by this customer within a year, this one among them.")
        found.append(_counted(ticket, "customer", "user", words, claims))
    if claims["order"] > 1:
        words = _("%(n)d claims on this order within a year, this one among them.")
        found.append(_counted(ticket, "order", "package", words, claims))
    if claims["address"] > max(1, claims["customer"], claims["order"]):
        words = _("%(n)d claims from this address within a year, this one among them.")
        found.append(_counted(ticket, "address", "map-pin", words, claims))
    return found


def _counted(ticket: Ticket, by: str, icon: str, words: str, claims: dict[str, int]) -> Signal:
    there = reverse("desk:related", args=[ticket.reference])
    link = Link(_("Show them"), f"{there}?{urlencode({'by': by})}")
    return Signal(icon, words % {"n": claims[by]}, (link,))


def _address(order: Order) -> Q | None:
    """Whether an order went to the same address: street, postcode and country are the same.

    None where this order has no address that could be compared.
    """
    street = order.ship_to.get("address1", "") + order.ship_to.get("address2", "")
    postcode = order.ship_to.get("zip", "")
    if not (street.strip() and postcode.strip() and order.country):
        return None
    return Q(address_key=order.address_key)
