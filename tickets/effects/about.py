"""What a mail may say: everything about its event, in the words and zones of its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policies.hours import opening_hours
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Request
from policies.wording import money
from supportdesk.zones import zone_or_none
from tickets import access, labels
from tickets.effects.lines import one_line
from tickets.file_words import problem_words
from tickets.models import Claim, Draft, Event, Message, Order, Outbox, Pickup, Refund, Ticket
from tickets.telling import (
    day_in_words,
    instant_in_words,
    last_minute,
    sentences_of,
    wanted_in_words,
)

# Where an event keeps the instant its mail is about, and how the mail's table calls it.
_UNTIL: Mapping[str, Promise] = {
    "evidence_due_at": gettext_lazy("Send it by"),
    "reserved_until": gettext_lazy("Kept until"),
    "due_at": gettext_lazy("To be done by"),
    "answer_due_at": gettext_lazy("A person answers by"),
}
# What staff are alerted about, by the deadline's kind.
_WATCHED: Mapping[str, Promise] = {
    "manufacturer_due": gettext_lazy("the manufacturer's weeks are over"),
    "process_warning": gettext_lazy("the process must end soon"),
    "process_due": gettext_lazy("the process must have ended"),
    "refund_due": gettext_lazy("the refund must have been paid"),
    "answer_due": gettext_lazy("the customer must have been answered"),
    "carrier_due": gettext_lazy("the carrier must have answered"),
    "preorder_due": gettext_lazy("the order must have left"),
    "pickup_expiry": gettext_lazy("the reservation is over"),
    "first_target": gettext_lazy("a person should have answered first"),
    "resolve_target": gettext_lazy("it should have been solved"),
}
_WITH_MANUFACTURER = frozenset({"sent_to_manufacturer", "manufacturer_updated"})
# What the customer wrote themselves is not repeated to them as our note.
_OWN_WORDS = frozenset({"claim_filed"})
_BY_ITSELF = "automation_ran"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their language, and their own zone where it is known."""

    locale: str
    zone: ZoneInfo | None
    now: datetime


def about(row: Outbox, locale: str, now: datetime) -> dict[str, Any]:
    """The variables of a mail's template.

    What the event says is taken from the event; names, addresses and the link are looked up.
    Nothing here is markup: the HTML layout escapes it, the plain one does not.
    """
    event = row.event
    reader = Reader(locale, zone_of_reader(row), now)
    ticket, claim, pickup = event.ticket, event.claim, event.pickup or row.pickup
    order = event.order or (event.inquiry.order if event.inquiry else None)
    order = order or _order_of(ticket, claim, pickup)
    pack = _pack_for(event, claim, order, now)
    data: Mapping[str, Any] = event.data
    until_says, until = _until(data)
    amount = _amount(event, pickup)
    values: dict[str, Any] = {
        "store": row.store,
        "locale": locale,
        "greeting": _greeting(row),
        "reference": ticket.spoken_reference if ticket else "",
        "order_number": order.number if order else "",
        "until": instant_in_words(pack, last_minute(until, pack), now, locale, reader.zone)
        if until
        else "",
        "explained": sentences_of(event, locale, reader.zone),
        "rule_says": _rule_says(event, pack, locale),
        "asked_for": _asked_for(event, pack, locale),
        "accepted": event.kind == "request_accepted",
        "wanted": wanted_in_words(pack, _ways(event, claim), locale),
        "outcome": str(labels.OUTCOMES.get(data.get("outcome", ""), "")),
        "claim_closes": bool(data.get("closes", True)),
        "agreed": bool(data.get("agreed")),
        "passed": bool(data.get("passed")),
        "found": bool(data.get("found")),
        "is_claim": claim is not None,
        "approved": bool(data.get("approved")),
        "replaced": data.get("outcome") == "replacement",
        **_release(data, pack, reader),
        "week": int(data.get("week") or data.get("step") or 0),
        "file_name": "" if _to_a_stranger(row) else one_line(str(data.get("name", ""))),
        "file_problem": problem_words(str(data.get("problem", ""))),
        "tracking": one_line(str(data.get("tracking", ""))),
        "note": "" if event.kind in _OWN_WORDS else str(data.get("note") or ""),
        "amount": money(amount[0], amount[1], locale) if amount else "",
        "return_paid_by": _return_paid_by(event, claim, pack),
        "automation": one_line(str(data.get("name", ""))) if event.kind == _BY_ITSELF else "",
        **({} if _to_a_stranger(row) and not _is_ours(event) else _spoken(event)),
        "opening_hours": opening_hours(pack, locale),
        "called_by": one_line(str(event.actor_user or "")) or _("A colleague"),
        "for_customer": row.to_customer_id is not None,
        **_channels(row, now, locale),
        **_link(row, ticket, pickup),
    }
    values["facts"] = _facts(values, claim, until_says)
    if row.to_customer_id is None:
        values.update(_alert(event, values["asked_for"]))
    return values


def zone_of_reader(row: Outbox) -> ZoneInfo | None:
    """The recipient's own time zone, where they have told us one that exists."""
    person = row.to_customer or row.to_user
    name = getattr(person, "time_zone", "")
    return zone_or_none(name)


def _to_a_stranger(row: Outbox) -> bool:
    """Whether the writer showed no order: the address may be anybody's.

    Nothing that was typed is mailed there, or anybody could send anything in our name.
    """
    event = row.event
    subject = event.ticket or event.inquiry
    no_order = subject is not None and subject.order_id is None
    return no_order and event.actor_kind != "staff" and row.to_customer_id is not None


def _is_ours(event: Event) -> bool:
    """Whether its words are the store's own, which an automation has sent."""
    return event.kind == "message_added" and event.data.get("message_kind") == "system"


def _greeting(row: Outbox) -> str:
    person = row.to_customer or row.to_user
    name = "" if _to_a_stranger(row) else one_line(getattr(person, "name", ""))
    return _("Hello %(name)s,") % {"name": name} if name else _("Hello,")


def _order_of(ticket: Ticket | None, claim: Claim | None, pickup: Pickup | None) -> Order | None:
    if claim is not None:
        return claim.order
    if pickup is not None:
        return pickup.order
    return ticket.order if ticket is not None else None


def _pack_for(event: Event, claim: Claim | None, order: Order | None, now: datetime) -> Pack:
    """The rules that the event was about: its own version, else the claim's, else the order's."""
    if event.policy_version is not None:
        return pack_of(event.policy_version)
    if claim is not None:
        return pack_of(claim.policy_version)
    return pack_of(in_force(event.store_id, order.placed_at if order else now))


def _until(data: Mapping[str, Any]) -> tuple[str, datetime | None]:
    for key, label in _UNTIL.items():
        if data.get(key):
            return str(label), datetime.fromisoformat(str(data[key]))
    return "", None


def _rule_says(event: Event, pack: Pack, locale: str) -> str:
    """The sentence of the event's rule; where a manufacturer's weeks run, of the rule on those."""
    rule = event.rule or str(event.data.get("rule") or "")
    if event.kind in _WITH_MANUFACTURER and event.data.get("due_at") and pack.manufacturer:
        rule = pack.manufacturer.rule
    return pack.rule(rule).sentence(locale) if rule in pack.rules else ""


def _asked_for(event: Event, pack: Pack, locale: str) -> str:
    """What a request that is no claim was about, in a customer's words."""
    request = str(event.data.get("request", ""))
    return pack.label(request, locale) if request in {str(name) for name in Request} else ""


def _ways(event: Event, claim: Claim | None) -> list[Mapping[str, int]]:
    """What is asked for: as the event says, else as the claim stands."""
    data = event.data
    if data.get("wanted"):
        return [data["wanted"]]
    if "missing" in data:
        return list(data["missing"])
    if "decision" in data:
        return list(data["decision"].get("missing", []))
    return list(claim.missing) if claim is not None else []


def _amount(event: Event, pickup: Pickup | None) -> tuple[Decimal, str] | None:
    """Money the event names; for a pickup that ended, the refund written together with it."""
    data = event.data
    if data.get("amount") and data.get("currency"):
        return Decimal(str(data["amount"])), str(data["currency"])
    if pickup is not None and event.kind in ("pickup_expired", "pickup_cancelled"):
        refund = Refund.objects.filter(pickup=pickup).first()
        return (refund.amount, refund.currency) if refund else None
    return None


def _return_paid_by(event: Event, claim: Claim | None, pack: Pack) -> str:
    """Who pays the way back, where the approval asks for the items; empty where it does not."""
    if claim is None or event.kind != "claim_approved":
        return ""
    process = pack.process(claim.rule)
    return (process.return_shipping_paid_by or "") if process.customer_returns else ""


def _spoken(event: Event) -> dict[str, str]:
    """The message an event is about: only of its own ticket, never a note."""
    if event.ticket is None:
        return {"body": "", "author": "", "attached": ""}
    said = Message.objects.filter(ticket=event.ticket).exclude(kind="note")
    pk = event.data.get("message")
    if event.kind == "ticket_opened":
        message = said.filter(kind="customer").first()
    else:
        message = said.select_related("author").filter(pk=pk).first() if pk else None
    if message is None:
        return {"body": "", "author": "", "attached": ""}
    files = message.attachments.order_by("pk").values_list("original_name", flat=True)
    return {
        "body": message.body,
        "author": message.author.name if message.author else "",
        "attached": ", ".join(map(one_line, files)) if message.kind == "agent" else "",
    }


def _channels(row: Outbox, now: datetime, locale: str) -> dict[str, list[str]]:
    """How to reach the store today, by the pack in force today: notices, and open channels.

    Staff are the store: they are not told how to reach themselves.
    """
    if row.to_customer_id is None:
        return {"notices": [], "contacts": []}
    pack = pack_of(in_force(row.store_id, now))
    notices = [notice for channel in pack.channels if (notice := channel.notice(locale))]
    return {
        "notices": notices,
        "contacts": [channel.value for channel in pack.channels if channel.open],
    }


def _facts(
    values: Mapping[str, Any], claim: Claim | None, until_says: str
) -> list[tuple[str, str]]:
    """The small table below the words: labels and values, only what is known."""
    items = ""
    if claim is not None:
        rows = claim.items.select_related("line").order_by("id")
        items = ", ".join(f"{item.quantity} × {item.line.title}" for item in rows)
    table = [
        (_("Reference"), values["reference"]),
        (_("Order"), values["order_number"]),
        (_("Items"), items),
        (_("Amount"), values["amount"]),
        (until_says, values["until"]),
    ]
    return [(label, one_line(value)) for label, value in table if value]


def _release(data: Mapping[str, Any], pack: Pack, reader: Reader) -> dict[str, Any]:
    """A release that has moved: the days in words, on the store's calendar."""
    days = {
        name: day_in_words(pack, date.fromisoformat(data[key]), reader.now, reader.locale)
        if isinstance(data.get(key), str) and "product" in data
        else ""
        for name, key in (
            ("release_before", "before"),
            ("release_after", "after"),
            ("ships_by", "ships_by"),
        )
    }
    return {**days, "product": str(data.get("product", "")), "is_pickup": data.get("is_pickup")}


def _link(row: Outbox, ticket: Ticket | None, pickup: Pickup | None) -> dict[str, str]:
    """Where to go on: the customer's own page, or the case on the desk. A pickup has no page."""
    if row.to_customer_id is not None:
        if row.event.inquiry is not None:
            path = access.again_link(row.event.inquiry)
            return {"link": settings.BASE_URL + path, "link_says": _("Go on from here")}
        if ticket is None:
            return {"link": "", "link_says": ""}
        form = _form_begun(row.event)
        if form:
            says = _("Fill in the form we have begun for you")
            return {"link": settings.BASE_URL + form, "link_says": says, "form": form}
        says = _("See how it stands, write to us, add a file")
        return {"link": settings.BASE_URL + access.link_for(ticket), "link_says": says}
    path = ""
    if ticket is not None:
        path = reverse("desk:ticket", args=[ticket.reference])
    elif pickup is not None:
        path = reverse("desk:pickup", args=[pickup.pk])
    elif row.event.order_id is not None:
        path = reverse("desk:releases")
    return {"link": settings.BASE_URL + path, "link_says": _("Open it on the desk")}


def _form_begun(event: Event) -> str:
    """The path of the form that was begun for the customer on the telephone; empty for none."""
    pk = event.data.get("form") if event.kind == "call_logged" else None
    if pk is None:
        return ""
    draft = Draft.objects.select_related("store").filter(pk=pk, store=event.store_id).first()
    return reverse("portal:resume", args=[draft.store.slug, draft.key]) if draft else ""


def _alert(event: Event, asked_for: str) -> dict[str, str]:
    """What staff have to know: what happened, and which deadline it was."""
    kind = str(event.data.get("deadline") or event.data.get("kind") or "")
    alert = str(labels.EVENTS.get(event.kind, event.kind))
    deadline = str(_WATCHED.get(kind, "")) if kind else asked_for
    return {"alert": alert, "alert_says": f"{alert}: {deadline}" if deadline else alert}
