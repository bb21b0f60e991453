"""The command palette: one field that finds tickets, customers, orders, lists and commands.

One function for each kind of thing. What a text names is found as a caller is (`lookup`): by the
beginnings of indexes, as quickly as somebody types; words within conversations are left to the
search, to which the last entry leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from tickets import access
from tickets import labels as common
from tickets.desk import labels, lookup, queues, shortcuts
from tickets.desk.lookup import Person
from tickets.desk.person import Desk
from tickets.desk.shortcuts import Shortcut
from tickets.models import Customer, Ticket
from tickets.references import spoken

EACH = 6  # entries of one kind
MACROS = 200  # of a store that are looked through
LONGEST = lookup.LONGEST


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to go to, or to do.

    ``does`` is what a script does on the page that is open (see `shortcuts`); ``href`` leads
    there without one. ``detail`` stands beside the label, piece by piece: a name in it turns
    nothing else around. ``keys`` are those that do the same. One that ``carries`` takes along
    what the open page has shown of its ticket, so that a reply can tell what was not seen.
    """

    label: str
    href: str
    icon: str
    detail: tuple[str, ...] = ()
    does: str = ""
    keys: tuple[str, ...] = ()
    carries: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of one kind, under its name."""

    title: str
    entries: list[Entry] = field(default_factory=list)


def groups(desk: Desk, typed: str, ticket: Ticket | None = None) -> list[Group]:
    """What a text finds, or where there is none, what can be done here; without empty groups.

    ``ticket`` is the one whose page is open, if any: this person may see it.
    At most seven statements.
    """
    text = " ".join(typed.replace("\x00", "").split())[:LONGEST]
    words = lookup.fold(text).replace("-", " ").split()
    found = lookup.find(desk.actor, desk.stores, text)
    all_groups = [
        Group(_("This ticket"), of_ticket(desk, words, ticket)),
        Group(_("Macros"), macros(desk, words, ticket)),
        Group(_("Tickets"), tickets(desk, found)),
        Group(_("Orders"), orders(found.people)),
        Group(_("Customers"), customers(desk, found.people)),
        Group(_("Queues"), of_queues(desk, words)),
        Group(_("Lists"), views(desk, text)),
        Group(_("Commands"), commands(desk, words)),
        Group(_("Everything else"), everywhere(text)),
    ]
    return [group for group in all_groups if group.entries]


def fits(words: Sequence[str], *said: object) -> bool:
    """Whether each of the (folded) words begins one of what is said; in CJK, stands in it."""
    text = lookup.fold(" ".join(map(str, said)))
    begun = text.replace("-", " ").split()
    return all(
        any(one.startswith(word) for one in begun) or (not word.isascii() and word in text)
        for word in words
    )


def _keys(one: Shortcut | None) -> tuple[str, ...]:
    return tuple(one.keys.split()) if one else ()


def of_ticket(desk: Desk, words: Sequence[str], ticket: Ticket | None) -> list[Entry]:
    """What can be done on the ticket that is open; nothing for who may only read."""
    if ticket is None or "work" not in desk.verbs(ticket.store_id):
        return []
    page = reverse("desk:ticket", args=[ticket.reference])
    marks = reverse("desk:marks", args=[ticket.reference])
    places = {"snooze": marks, "tags": marks, "priority": marks, "list": reverse("desk:queue")}
    places |= dict.fromkeys(("reply", "note", "solve", "macros"), f"{page}#message")
    return [
        Entry(str(one.label), places.get(one.does, page), one.icon, (), one.does, _keys(one))
        for one in shortcuts.ON_TICKET
        if fits(words, one.label)
    ]


def macros(desk: Desk, words: Sequence[str], ticket: Ticket | None) -> list[Entry]:
    """What can be run on the ticket that is open, by its name; each shows first what it does."""
    if ticket is None or not words or "work" not in desk.verbs(ticket.store_id):
        return []
    rows = access.macros_for(desk.actor).filter(store=ticket.store_id, retired_at=None)
    named = rows.only("pk", "name", "key").order_by("owner_id", "position", "key", "pk")
    return _first(
        Entry(
            one.name,
            reverse("desk:ticket-macro", args=[ticket.reference, one.pk]),
            "bolt",
            carries=True,
        )
        for one in named[:MACROS]
        if fits(words, one.name)
    )


def tickets(desk: Desk, found: lookup.Found) -> list[Entry]:
    """The ticket that was named, and the newest open ones of whoever was found."""
    rows = [
        (ticket, person.customer) for person in found.people for ticket in person.tickets[:EACH]
    ]
    if found.reference:
        seen = access.tickets_for(desk.actor).select_related("customer", "claim")
        named = seen.filter(reference=found.reference).first()
        if named is not None:
            rows = [(named, named.customer), *(row for row in rows if row[0].pk != named.pk)]
    return _first(_ticket(ticket, customer) for ticket, customer in rows)


def _ticket(ticket: Ticket, customer: Customer) -> Entry:
    claim = getattr(ticket, "claim", None)
    state = common.CLAIM_STATES[claim.state] if claim else common.TICKET_STATES[ticket.state]
    kind = labels.REQUESTS.get(ticket.request, ticket.request)
    href = reverse("desk:ticket", args=[ticket.reference])
    detail = (str(customer), str(kind), str(state))
    return Entry(spoken(ticket.reference), href, "ticket", detail)


def orders(people: Sequence[Person]) -> list[Entry]:
    """The orders whose number was typed, on the page of whose they are."""
    return _first(
        Entry(
            order.number,
            reverse("desk:customer", args=[person.customer.pk]) + "#orders-title",
            "package",
            (str(person.customer),),
        )
        for person in people
        for order in person.orders
        if order.pk in person.named
    )


def customers(desk: Desk, people: Sequence[Person]) -> list[Entry]:
    """Whoever was found, by a name, an address, a telephone or what they ordered."""
    several = len(desk.stores) > 1
    return _first(
        Entry(
            str(one),
            reverse("desk:customer", args=[one.pk]),
            "user",
            (*([one.email] if one.name else []), *([one.store.name] if several else [])),
        )
        for one in (person.customer for person in people)
    )


def of_queues(desk: Desk, words: Sequence[str]) -> list[Entry]:
    """The queues of the left zone, with the keys that lead there."""
    root = reverse("desk:queue")
    store = {"store": desk.store.slug} if desk.store else {}
    return _first(
        Entry(
            str(one.title),
            f"{root}?{urlencode({'queue': one.key, **store})}",
            one.icon,
            keys=_keys(shortcuts.BY_NAME.get(f"go.{one.key}")),
        )
        for one in queues.QUEUES.values()
        if fits(words, one.title, one.short or "")
    )


def views(desk: Desk, text: str) -> list[Entry]:
    """This person's own lists, and those shared with their stores."""
    rows = access.views_for(desk.actor).filter(name__icontains=text).order_by("name", "pk")
    return [
        Entry(one.name, reverse("desk:view", args=[one.pk]), "users" if one.store_id else "list")
        for one in rows.distinct()[:EACH]
    ]


def commands(desk: Desk, words: Sequence[str]) -> list[Entry]:
    """Places of the desk, and what can be done wherever one is."""
    places = [
        (_("New call"), reverse("desk:calls"), "phone"),
        (_("Counter"), reverse("desk:pickups"), "building-store"),
        (_("Refunds to pay"), reverse("desk:refunds"), "receipt-refund"),
        (_("Parcels to look at"), reverse("desk:parcels"), "truck"),
        (_("Pre-orders"), reverse("desk:releases"), "calendar-time"),
        (_("My drafts"), reverse("desk:drafts"), "pencil"),
        (_("All macros"), reverse("desk:macros"), "bolt"),
        (_("Changes of several tickets"), reverse("desk:bulk-list"), "checklist"),
        *([(_("Reports"), "/reports/", "chart-bar")] if desk.reports else []),
        *(
            [(_("Automation"), reverse("desk:automations"), "adjustments")]
            if desk.automates
            else []
        ),
        (_("Policies"), "/policies/", "scale"),
        *([(_("Set-up"), reverse("admin:index"), "settings")] if desk.user.is_staff else []),
    ]
    root, away = reverse("desk:queue"), {"help": reverse("desk:keys")}
    done = [
        Entry(str(one.label), away.get(one.does, root), one.icon, (), one.does, _keys(one))
        for one in shortcuts.OFFERED
        if fits(words, one.label)
    ]
    return done + [Entry(label, href, icon) for label, href, icon in places if fits(words, label)]


def everywhere(text: str) -> list[Entry]:
    """The search for the same text."""
    if not text:
        return []
    href = f"{reverse('desk:search')}?{urlencode({'q': text})}"
    return [Entry(_("Search for “%(text)s”") % {"text": text}, href, "search")]


def _first(entries: Iterable[Entry]) -> list[Entry]:
    def bounded() -> Iterator[Entry]:
        for n, entry in enumerate(entries):
            if n == EACH:
                return
            yield entry

    return list(bounded())
