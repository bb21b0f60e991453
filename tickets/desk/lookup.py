"""Who is calling: customers by digits, a name, an address, an order or a tracking number.

As somebody types, every key pressed asks this again. So the people are found by one statement
of a few look-ups, each of which reads the beginning of an index and stops after some rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from tickets import access
from tickets.actor import Actor
from tickets.models import Customer, Order, Store, Ticket
from tickets.models.base import email_key
from tickets.models.order import order_number_key
from tickets.models.ticket import OPEN
from tickets.references import clean_reference

LONGEST = 200
SHOWN = 8  # people; more are not read while somebody talks
_EACH = 3  # of a person's newest orders, and of their newest open tickets
FEWEST_DIGITS = 4
# Calling codes under which the stores' customers live, by ITU-T E.164: North America and
# Mexico, Brazil, Asia's east and south, Oceania, Europe's west. Digits that begin otherwise are
# found as they were typed.
CALLING_CODES = tuple(map(str, (1, 52, 55, 82, 81, 86, 852, 853, 886, 84, 91, *range(60, 67))))
CALLING_CODES += tuple(map(str, (*range(30, 35), 39, 41, *range(43, 50), 351, 353, 358)))
_DIGITS = re.compile(r"[+\d][\d\s().+/-]*", re.ASCII)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LAST = chr(0x10FFFF)  # behind everything that begins like a text, byte by byte

# The digits of a telephone, written as the index has it (see `tickets.models.store.PHONE_KEY`).
_PHONE = "regexp_replace(c.phone, '[^0-9]+', '', 'g')"
# Each look-up goes through an index in its order, byte by byte (hence the operators with
# tildes), and ends after a few rows: never through a table, whatever the statistics say.
_BY_PHONE = f"""
    SELECT {{rank}}, c.id, NULL::bigint AS order_id
    FROM unnest(%s::text[], %s::text[]) AS w(low, high)
    CROSS JOIN LATERAL (
        SELECT c.id FROM tickets_customer c
        WHERE c.phone <> '' AND {{key}} ~>=~ w.low AND {{key}} ~<~ w.high AND c.store_id = ANY(%s)
        ORDER BY {{key}} USING ~<~ LIMIT {SHOWN + 1}
    ) c
"""  # noqa: S608  (put together from the constants above)
_BY_EMAIL = f"""
    (SELECT {{rank}}, c.id, NULL::bigint FROM tickets_customer c
    WHERE c.email_key ~>=~ %s AND c.email_key ~<~ %s AND c.store_id = ANY(%s)
    ORDER BY c.email_key USING ~<~ LIMIT {SHOWN + 1})
"""  # noqa: S608  (as above)
# The words stand in a subquery, so that how common they are does not change the plan. Whoever
# has them whole comes first; words that only begin so are not looked for when those are enough.
# The newest customers are looked through before the index of words: that has to bring together
# everybody who is called so before it can give one, and of a common name there are many.
_NEWEST = 300
_NAMED = f"""
    (SELECT {{rank}}, c.id, NULL::bigint
     FROM (SELECT id, name, store_id FROM tickets_customer ORDER BY id DESC LIMIT {_NEWEST}) c
     WHERE lower(c.name) LIKE ALL (%s::text[]) AND c.store_id = ANY(%s)
     AND name_words(c.name) @@ (SELECT %s::tsquery){{but}}
     LIMIT {SHOWN + 1})
    UNION ALL
    (SELECT {{rank}}, c.id, NULL::bigint
     FROM (SELECT id, name FROM tickets_customer
           WHERE name_words(name) @@ (SELECT %s::tsquery) AND store_id = ANY(%s) OFFSET 0) c
     WHERE NOT (lower(c.name) LIKE ALL (%s::text[]) AND c.id >= coalesce(
       (SELECT id FROM tickets_customer ORDER BY id DESC OFFSET {_NEWEST - 1} LIMIT 1), 0)){{but}}
     LIMIT {SHOWN + 1})
"""  # noqa: S608  (put together from the constants above)
_NOT_WHOLE = " AND NOT name_words(c.name) @@ (SELECT %s::tsquery)"
_BY_NAME = f"""
    (SELECT * FROM (
        {_NAMED.format(rank="{rank}", but="")}
        UNION ALL
        {_NAMED.format(rank="{rank} + 1", but=_NOT_WHOLE)}
    ) AS named LIMIT {SHOWN + 1})
"""  # noqa: S608  (as above)
_BY_ORDER = f"""
    (SELECT {{rank}}, o.customer_id, o.id FROM tickets_order o
    WHERE o.number_key ~>=~ %s AND o.number_key ~<~ %s AND o.store_id = ANY(%s)
    ORDER BY o.number_key USING ~<~ LIMIT {SHOWN + 1})
"""  # noqa: S608  (as above)
_BY_TRACKING = f"""
    (SELECT {{rank}}, o.customer_id, o.id FROM tickets_shipment s
    JOIN tickets_order o ON o.id = s.order_id
    WHERE s.tracking_number = %s AND s.tracking_number <> '' AND o.store_id = ANY(%s)
    LIMIT {SHOWN + 1})
"""  # noqa: S608  (as above)
_BY_REFERENCE = """
    (SELECT {rank}, t.customer_id, t.order_id FROM tickets_ticket t
    WHERE t.reference = %s AND t.store_id = ANY(%s))
"""
_BY_NUMBER = (1, 2)  # how what was found by the number of an order or of its parcel fits
_CUSTOMERS = """
    SELECT c.*, f.fits, f.order_id
    FROM ({}) AS f (fits, customer_id, order_id)
    JOIN tickets_customer c ON c.id = f.customer_id
    ORDER BY f.fits, c.id
"""
_NEWEST_ORDERS = """
    SELECT o.*,
        EXISTS (SELECT 1 FROM tickets_shipment s
                WHERE s.order_id = o.id AND s.shipped_at IS NOT NULL) AS has_left,
        EXISTS (SELECT 1 FROM tickets_shipment s WHERE s.order_id = o.id) AND NOT EXISTS (
            SELECT 1 FROM tickets_shipment s
            WHERE s.order_id = o.id AND s.delivered_at IS NULL) AS has_arrived
    FROM (
        SELECT n.id FROM unnest(%s::bigint[]) AS who(id)
        CROSS JOIN LATERAL (
            SELECT id FROM tickets_order WHERE customer_id = who.id
            ORDER BY placed_at DESC LIMIT %s
        ) n
        UNION SELECT unnest(%s::bigint[])
    ) AS wanted JOIN tickets_order o ON o.id = wanted.id
    WHERE o.store_id = ANY(%s)
    ORDER BY o.placed_at DESC, o.id DESC
"""
_OPEN_TICKETS = """
    SELECT n.id FROM unnest(%s::bigint[]) AS who(id)
    CROSS JOIN LATERAL (
        SELECT id FROM tickets_ticket
        WHERE customer_id = who.id AND state IN ('new', 'open', 'waiting')
        ORDER BY opened_at DESC LIMIT %s
    ) n
"""


@dataclass(slots=True)
class Person:
    """One customer of the list. ``named`` are the orders whose number was typed."""

    customer: Customer
    orders: list[Order] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    named: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. ``reference`` is the ticket that was named; ``hint`` explains a miss."""

    typed: str = ""
    people: tuple[Person, ...] = ()
    more: bool = False
    reference: str = ""
    hint: str = ""

    @property
    def phone(self) -> str:
        """What was typed, where it can be the number that somebody calls from."""
        return self.typed if len(digits_of(self.typed)) >= 7 else ""

    @property
    def name(self) -> str:
        """What was typed, where it can be somebody's name."""
        plain = not digits_of(self.typed) and "@" not in self.typed
        return self.typed if plain else ""

    @property
    def email(self) -> str:
        """What was typed, where it can be an address."""
        return self.typed if "@" in self.typed else ""


def digits_of(text: str) -> str:
    """The digits of a text that is a number and nothing else; empty for any other text."""
    if not _DIGITS.fullmatch(text):
        return ""
    return re.sub(r"\D+", "", text, flags=re.ASCII)


def fold(text: str) -> str:
    """A name without accents and in small letters: as the database's ``name_words`` has it."""
    bare = unicodedata.normalize("NFKD", text)
    bare = "".join(sign for sign in bare if not "\u0300" <= sign <= "\u036f")
    # Letter by letter: the database knows no rule for the end of a word.
    return "".join(sign.lower() for sign in unicodedata.normalize("NFC", bare))


def words_of(text: str) -> list[str]:
    """The words of a name as they can be asked for; a single letter says too little.

    Punctuation and symbols part words, as they do in the database; they are never in one.
    """
    apart = (" " if unicodedata.category(sign)[0] in "PSZC" else sign for sign in fold(text))
    words = "".join(apart).split()
    return [word for word in words if len(word) > 1 or _CJK.match(word) or len(words) > 1][:6]


def beginnings(digits: str, *, international: bool = False) -> list[str]:
    """How a number that was typed as ``digits`` may begin where it is kept.

    As typed; with each calling code before it; and without the zero that is dialled inside a
    country alone. ``01012345678``, ``1012345678`` and ``821012345678`` are one.
    """
    if digits.startswith("00"):
        digits, international = digits[2:], True
    found = [digits]
    if digits.startswith("0"):
        national = digits.lstrip("0")
        found += [national, *(code + national for code in CALLING_CODES)]
    else:
        for code in CALLING_CODES:
            if digits.startswith(code):
                national = digits[len(code) :].lstrip("0")
                found += [code + national, "0" + national]
                found += [national] if len(national) >= 7 else []
        if not international:
            found += ["0" + digits, *(code + digits for code in CALLING_CODES)]
    return [one for one in dict.fromkeys(found) if len(one) >= FEWEST_DIGITS - 1]


def find(actor: Actor, stores: Sequence[Store], typed: str) -> Found:
    """Everybody of these stores whom the typed text names: three statements at most.

    ``stores`` are those whose customers this person may see.
    """
    text = " ".join(typed.replace("\x00", "").split())
    if not text:
        return Found()
    if len(text) > LONGEST:
        told = _("This is too long to be a name or a number: at most %(n)d characters.")
        return Found(text[:LONGEST], hint=told % {"n": LONGEST})
    rows = _candidates(text, [store.pk for store in stores])
    people = {row.pk: Person(row) for row in rows}
    named = [row.order_id for row in rows if row.order_id and row.fits in _BY_NUMBER]
    shown = list(people.values())[:SHOWN]
    _fill(shown, actor, stores, named)
    return Found(
        typed=text,
        people=tuple(shown),
        more=len(people) > SHOWN,
        reference=clean_reference(text) or "" if any(row.fits == 0 for row in rows) else "",
        hint="" if people else _hint(text),
    )


def _hint(text: str) -> str:
    digits = digits_of(text)
    if digits and len(digits) < FEWEST_DIGITS:
        return _("Type at least %(n)d digits of a telephone number.") % {"n": FEWEST_DIGITS}
    if len(text) < 2:
        return _("Go on typing: one letter says too little.")
    return ""


def _candidates(text: str, stores: list[int]) -> list[Any]:
    """The customers of all that begin like the text, who fits best first. One statement.

    Each with ``fits`` and ``order_id`` of what was found; one found twice stands there twice.
    """
    parts: list[str] = []
    values: list[object] = []

    def ask(rank: int, statement: str, *params: object, key: str = "") -> None:
        parts.append(statement.format(rank=rank, key=key))
        values.extend([*params, stores])

    reference = clean_reference(text)
    if reference:
        ask(0, _BY_REFERENCE, reference)
    number = order_number_key(text)
    if number:
        ask(1, _BY_ORDER, number, number + _LAST)
    tracking = "".join(text.split()).upper()
    if len(tracking) >= 6:
        ask(2, _BY_TRACKING, tracking)
    digits = digits_of(text)
    if len(digits) >= FEWEST_DIGITS:
        starts = beginnings(digits, international=text.startswith("+"))
        ask(3, _BY_PHONE, starts, [one + ":" for one in starts], key=_PHONE)
        ends = [digits.lstrip("0")[::-1]] if len(digits.lstrip("0")) >= FEWEST_DIGITS else []
        ends = list(dict.fromkeys([digits[::-1], *ends]))
        ask(4, _BY_PHONE, ends, [one + ":" for one in ends], key=f"reverse({_PHONE})")
    if " " not in text and len(text) > 1:
        ask(5, _BY_EMAIL, email_key(text), email_key(text) + _LAST)
    words = words_of(text) if not digits else []
    if words:
        quoted = ["'" + word + "'" for word in words]  # letters and figures: nothing to escape
        whole, begun = " & ".join(quoted), " & ".join(word + ":*" for word in quoted)
        parts.append(_BY_NAME.format(rank=6))
        like = [f"%{word}%" for word in words]
        values.extend([like, stores, whole, whole, stores, like])
        values.extend([like, stores, begun, whole, begun, stores, like, whole])
    if not parts:
        return []
    found = Customer.objects.raw(_CUSTOMERS.format("\nUNION ALL ".join(parts)), values)
    return list(found)


def _fill(
    people: Sequence[Person], actor: Actor, stores: Sequence[Store], named: list[int]
) -> None:
    """Put newest orders and open tickets beside the people: two statements."""
    if not people:
        return
    by_store = {store.pk: store for store in stores}
    by_pk = {person.customer.pk: person for person in people}
    for person in people:
        person.customer.store = by_store[person.customer.store_id]
    wanted = list(by_pk)
    for order in Order.objects.raw(_NEWEST_ORDERS, [wanted, _EACH, named, list(by_store)]):
        holder = by_pk.get(order.customer_id)
        if holder is not None:
            holder.orders.append(order)
            if order.pk in named:
                holder.named |= {order.pk}
    tickets = access.tickets_for(actor).filter(OPEN)
    newest = RawSQL(_OPEN_TICKETS, (wanted, _EACH))  # noqa: S611  (a constant, with parameters)
    rows = tickets.filter(pk__in=newest).select_related("claim", "order")
    for ticket in rows.order_by("-opened_at", "-id"):
        by_pk[ticket.customer_id].tickets.append(ticket)
    for person in people:  # the order that was typed first
        person.orders.sort(key=lambda order: order.pk not in person.named)
        person.orders = person.orders[: max(_EACH, len(person.named))]
