"""What stands on the desk while somebody is on the telephone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from policies.pack import Pack
from policies.publish import in_force, pack_of
from supportdesk.zones import zone_or_none
from tickets import access
from tickets import labels as common
from tickets.actions.guided import guide_for_order
from tickets.actions.wording import MAX_BODY
from tickets.desk import labels
from tickets.desk.person import Desk
from tickets.models import Claim, Customer, Order, Shipment, Ticket
from tickets.models.ticket import OPEN
from tickets.templatetags import dates

MOST_ORDERS, MOST_TICKETS = 5, 10
# What callers ask most, by where their order is. What a store has no rule for is left out.
_BEFORE = ("cancel_order", "change_address", "order_not_shipped", "preorder")
_ON_ITS_WAY = ("lost_parcel", "tracking_stalled", "poster_missing")
_ARRIVED = ("missing_photocard", "defect", "transit_damage", "lost_parcel", "change_of_mind")
_TO_COLLECT = ("pickup", "cancel_order")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules say this minute of one thing that can be asked about an order.

    ``needs`` are the files that would have to come, one way a line; ``asks`` the questions
    whose answer can still change it.
    """

    request: str
    label: str
    verdict: str
    rule: str
    closes_at: datetime | None
    opens_at: datetime | None
    needs: tuple[str, ...]
    asks: tuple[str, ...]
    sentences: tuple[str, ...]
    has_form: bool


@dataclass(frozen=True, slots=True)
class Who:
    """The person on the line: their language by its name, and the time where they are."""

    language: str
    time: str
    zone: str


def who(customer: Customer, now: datetime) -> Who:
    """What to know before saying hello."""
    zone = zone_or_none(customer.time_zone)
    return Who(
        language=language_of(customer.locale),
        time=dates.say(now, customer.time_zone, now) if zone else "",
        zone=customer.time_zone if zone else "",
    )


def language_of(code: str) -> str:
    """The name of a language, in the reader's; its code where nobody knows it."""
    try:
        named = Locale.parse(code.replace("-", "_")).get_display_name(
            dates.locale_name(get_language())
        )
    except (ValueError, UnknownLocaleError):
        return code
    return str(named or code)


def parcel_state(shipment: Shipment) -> str:
    """How far a parcel is, in a word."""
    if shipment.delivered_at is not None:
        return _("delivered")
    return _("on its way") if shipment.shipped_at is not None else _("not sent yet")


def orders_of(desk: Desk, customer: Customer, chosen: int | None) -> list[Order]:
    """The newest orders with lines and parcels; the chosen one first, however old it is."""
    rows = access.orders_for(desk.actor).filter(customer=customer)
    rows = rows.select_related("pickup").prefetch_related("lines__product", "shipments")
    found = list(rows.order_by("-placed_at", "-id")[:MOST_ORDERS])
    if chosen is not None and chosen not in {order.pk for order in found}:
        found = [*rows.filter(pk=chosen), *found]
    for order in found:
        order.store = customer.store
    return sorted(found, key=lambda order: order.pk != chosen)


def open_tickets(desk: Desk, customer: Customer) -> list[dict[str, Any]]:
    """Their open tickets, the newest first, each with its next step."""
    rows = access.tickets_for(desk.actor).filter(OPEN, customer=customer)
    rows = rows.select_related("claim", "order", "assignee").order_by("-opened_at", "-id")
    return [ticket_row(ticket) for ticket in rows[:MOST_TICKETS]]


def ticket_row(ticket: Ticket) -> dict[str, Any]:
    """One ticket in a line: what it is about, where it stands, what is next."""
    claim: Claim | None = getattr(ticket, "claim", None)
    over = ticket.state in ("solved", "closed")
    state = common.CLAIM_STATES[claim.state] if claim else common.TICKET_STATES[ticket.state]
    return {
        "ticket": ticket,
        "kind": labels.REQUESTS.get(ticket.request, ticket.request),
        "state": str(state).capitalize(),
        "tone": claim.state if claim else ticket.state,
        "next": "" if over else labels.next_step(ticket),
        "due": None if over else ticket.next_due_at,
    }


def pack_for(order: Order) -> Pack:
    """The rules that an order stands under."""
    return pack_of(in_force(order.store_id, order.placed_at))


def likely(order: Order, pack: Pack) -> list[str]:
    """What a caller may ask about this order, as far as the store has rules for it."""
    if order.cancelled_at is not None:
        return []
    shipments = list(order.shipments.all())
    arrived = bool(shipments) and all(one.delivered_at for one in shipments)
    pickup = getattr(order, "pickup", None)
    wanted: tuple[str, ...] = _BEFORE
    if order.shipping_method == "pickup":
        collected = pickup is not None and pickup.collected_at is not None
        wanted = _ARRIVED if collected else _TO_COLLECT
    elif arrived:
        wanted = _ARRIVED
    elif any(one.shipped_at for one in shipments):
        wanted = _ON_ITS_WAY
    posters = any(line.product.kind == "poster" for line in order.lines.all())
    fits = {"poster_missing": posters, "preorder": order.preorder}
    return [name for name in wanted if fits.get(name, True) and pack.rules_of(name)]


def answers(order: Order, zone: ZoneInfo | None, now: datetime) -> list[Answer]:
    """What the rules say of an order now, one line for each thing that is asked most.

    The same decision that the customer's own form would tell them this minute.
    """
    pack, locale = pack_for(order), get_language() or "en"
    claims = {str(name) for name in pack.claim_requests}
    found = []
    for request in likely(order, pack):
        guide = guide_for_order(order, request, now=now, locale=locale, zone=zone)
        made = guide.decision
        questions = [pack.question(fact, locale) for fact in guide.unanswered]
        found.append(
            Answer(
                request=request,
                label=str(labels.REQUESTS.get(request, request)),
                verdict=str(made.verdict),
                rule=made.rule,
                closes_at=made.closes_at,
                opens_at=made.opens_at,
                needs=tuple(_files(pack, way) for way in guide.needed if _files(pack, way)),
                asks=tuple(asked for asked in questions if asked),
                sentences=guide.sentences,
                has_form=request in claims,
            )
        )
    return found


def _files(pack: Pack, way: Mapping[str, int]) -> str:
    kinds = [(kind, n) for kind, n in way.items() if kind in pack.evidence_kinds]
    return ", ".join(f"{n} × {labels.EVIDENCE.get(kind, kind)}" for kind, n in kinds)


# --- the forms --------------------------------------------------------------------------------


class CallForm(forms.Form):
    """What came of the call. ``ticket`` is a reference, or empty for a new one."""

    request = forms.ChoiceField(label=_l("What was it about?"))
    note = forms.CharField(
        label=_l("What they said"),
        max_length=MAX_BODY,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )
    ticket = forms.ChoiceField(
        label=_l("Where does it belong?"), required=False, widget=forms.RadioSelect
    )
    order = forms.ChoiceField(label=_l("Order"), required=False)
    phone = forms.CharField(
        label=_l("The number they call from"),
        help_text=_l("Kept with the customer: next time they are found by it."),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    solved = forms.BooleanField(label=_l("Solved on the telephone"), required=False)
    send_form = forms.BooleanField(
        label=_l("Mail them the form of the claim, with the order filled in"), required=False
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        likely: Sequence[str] = (),
        tickets: Sequence[dict[str, Any]] = (),
        orders: Sequence[Order] = (),
        knows_phone: bool = False,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            data, auto_id="call-%s", initial={"form_key": uuid.uuid4(), **(initial or {})}
        )
        _choose(self, "request", requests(likely))
        _choose(self, "ticket", [*map(_ticket_choice, tickets), ("", _("A new ticket"))])
        none = ("", _("No order, or another one"))
        _choose(self, "order", [*((str(one.pk), one.number) for one in orders), none])
        if knows_phone:
            del self.fields["phone"]
        if not orders:
            del self.fields["order"], self.fields["send_form"]


class StrangerForm(CallForm):
    """The same for somebody whom no look-up has found."""

    name = forms.CharField(
        label=_l("Name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_l("E-mail address"),
        help_text=_l(
            "Needed: the store knows its customers by it, and what you promise is mailed there."
        ),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "email", "phone", "request", "note", "solved", "form_key")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        del self.fields["ticket"]


class NoteForm(forms.Form):
    """A note about a customer, for colleagues."""

    body = forms.CharField(
        label=_l("A note for colleagues"),
        help_text=_l("The customer never sees it."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)


def _choose(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def requests(likely: Sequence[str]) -> list[Any]:
    """What a call can be about: what fits the order first, then everything else."""
    named = [(name, labels.REQUESTS[name]) for name in likely]
    rest = [(name, said) for name, said in labels.REQUESTS.items() if name not in likely]
    rest.sort(key=lambda pair: (pair[0] != "other", str(pair[1])))
    if not named:
        return rest
    return [(_("About this order"), named), (_("Something else"), rest)]


def _ticket_choice(row: dict[str, Any]) -> tuple[str, str]:
    ticket: Ticket = row["ticket"]
    order = f" · {ticket.order.number}" if ticket.order else ""
    return ticket.reference, f"{ticket.spoken_reference} · {row['kind']}{order} · {row['state']}"
