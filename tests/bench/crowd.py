"""A shop's years in minutes: as many tickets as wanted, with customers, orders, messages, claims.

Rows are written set-wise, past the triggers; what those would have kept (tallies, words) is
written set-wise too, the words out of the product's own for the same texts. One ticket in twenty
is open, one in fifty of those overdue; two in five are claims; three messages each. `grow` may be
called again for more: the rows that are there stay.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from policies.models import PolicyVersion
from tickets.models import Product, Store, Ticket, User
from tickets.search.docs import read_words
from tickets.search.vector import Words

EACH = 63  # seconds from one ticket to the next: a million in two years
TEXTS = 400
TITLE = "Aurora – 3rd Mini Album"
COMMON = "photocard"  # stands in one text of three
_WORDS: list[str] = """
album arrived sealed poster version member card missing opened lightstick battery parcel tracking
customs refund replacement exchange corner bent scratched preorder benefit signed postcard sticker
holder inclusion random draw blind box figure secret case delivered yesterday neighbour courier
office weekend holiday please thank kindly waiting weeks answer video unboxing label receipt order
number address changed cancel payment charged twice pending points coupon membership gift
""".split()  # noqa: SIM905  (read as words)
_KOREAN = "포토카드 앨범 배송 누락 교환 환불 개봉 영상 응원봉 포스터 예약 특전 미공개 랜덤".split()  # noqa: SIM905


def texts() -> list[str]:
    """The bodies that messages are made of, the same in every run."""
    dice = random.Random(5)
    found = []
    for number in range(TEXTS):
        words = dice.choices(_WORDS, k=dice.randint(15, 45))
        if number % 3 == 0:
            words.insert(dice.randrange(len(words)), COMMON)
        if number % 10 == 0:
            words += dice.choices(_KOREAN, k=6)
        found.append(f"Text{number}a " + " ".join(words) + ".")
    return found


def rare(ticket: int) -> str:
    """A word that stands in the messages of a single ticket."""
    return f"serial{ticket}x"


_TABLES = {
    "customers": """
INSERT INTO tickets_customer (id, store_id, email, email_key, name, phone, locale, time_zone)
SELECT n, {store_of}, 'fan' || n || '@example.com', 'fan' || n || '@example.com',
    CASE n % 3 WHEN 0 THEN 'Mina Kim' WHEN 1 THEN 'Jordan Doe'
    ELSE '김지' || {syllable} END || ' ' || n,
    '+1 702 ' || lpad((n % 10000000)::text, 7, '0'), 'en', ''
FROM generate_series({first}, {last}) n WHERE n % 2 = 1""",
    "orders": """
INSERT INTO tickets_order (id, store_id, customer_id, number, number_key, placed_at, paid_at,
    financial_status, fulfillment_status, channel, shipping_method, shipping_label, country,
    currency, total, preorder, ship_to, import_hash, last_seq)
SELECT n, {store_of}, {customer_of}, 'C' || n, 'c' || n, {at} - interval '9 days',
    {at} - interval '9 days', 'paid', '', 'online', 'standard', '', 'US', 'USD', 49.80, false,
    '{{}}', '', 0
FROM generate_series({first}, {last}) n""",
    "lines": """
INSERT INTO tickets_orderline (id, order_id, line_key, position, product_id, title, quantity, price)
SELECT n, n, 'ALB#1', 0, {product_of}, 'Aurora – 3rd Mini Album', 2, 24.90
FROM generate_series({first}, {last}) n""",
    "shipments": """
INSERT INTO tickets_shipment
    (id, order_id, kind, carrier, tracking_number, shipped_at, delivered_at)
SELECT n, n, 'parcel', 'USPS', '9400' || lpad(n::text, 18, '0'), {at} - interval '8 days',
    {at} - interval '2 days' FROM generate_series({first}, {last}) n""",
    "tickets": """
INSERT INTO tickets_ticket (id, store_id, reference, customer_id, order_id, request, subject, state,
    priority, waiting_for, assignee_id, stage, channel, opened_at, updated_at, last_speaker,
    next_due_at, answered_at, link_generation, last_seq, hold_reason)
SELECT n, {store_of}, lpad(to_hex(n), 8, '0'), {customer_of}, n,
    CASE WHEN n % 5 < 2 THEN 'missing_photocard' ELSE 'other' END, 'Aurora – 3rd Mini Album',
    {state}, CASE WHEN n % 40 = 0 THEN 1 ELSE 2 END,
    CASE WHEN {state} = 'waiting'
        THEN (ARRAY['customer', 'manufacturer', 'carrier'])[1 + n / 60 % 3] ELSE '' END,
    CASE WHEN n / 20 % 3 > 0 THEN ({agents})[1 + (n / 60 % {agents_n})::int] END,
    CASE WHEN n % 5 < 2 THEN {claim_stage} ELSE 'question' END, '', {at}, {at}, 'customer',
    CASE WHEN {open} AND n / 20 % 5 < 3 THEN
        CASE WHEN n / 20 % 50 = 0 THEN {now} - interval '1 hour' * (1 + n % 96)
        ELSE {now} + interval '1 second' * (60 + n::bigint * 7919 % 864000) END END,
    {at} + interval '1 hour', 1, 4, ''
FROM generate_series({first}, {last}) n""",
    "claims": """
INSERT INTO tickets_claim (id, ticket_id, order_id, form_key, type, state, said, filed_at,
    policy_version_id, verdict, rule, missing, outcomes, asked, evidence_cycle, outcome,
    refused_rule, decided_at, fulfilled_at)
SELECT n, n, n, 'crowd' || n, 'missing_photocard',
    CASE WHEN {open} THEN {claim_state} ELSE 'fulfilled' END, '{{"opened": true}}', {at},
    {version_of}, 'accepted', 'crowd.rule', '[]', '["replacement"]', '{{}}', 0,
    CASE WHEN {open} THEN '' ELSE 'replacement' END, '',
    CASE WHEN {open} THEN NULL ELSE {at} END, CASE WHEN {open} THEN NULL ELSE {at} END
FROM generate_series({first}, {last}) n WHERE n % 5 < 2""",
    "items": """
INSERT INTO tickets_claimitem (claim_id, line_id, quantity, component, claim_type, claim_open)
SELECT n, n, 1, '', 'missing_photocard', {open}
FROM generate_series({first}, {last}) n WHERE n % 5 < 2""",
    "messages": """
INSERT INTO tickets_message (id, ticket_id, kind, author_id, body, channel, at)
SELECT n * 4 + k, n, (ARRAY['customer', 'agent', 'customer'])[k],
    CASE WHEN k = 2 THEN ({agents})[1 + (n % {agents_n})::int] END,
    t.body || CASE WHEN k = 3 THEN ' serial' || n || 'x' ELSE '' END, '',
    {at} + k * interval '1 hour'
FROM generate_series({first}, {last}) n, generate_series(1, 3) k
JOIN crowd_text t ON true WHERE t.number = (n * 31 + k * 17) % {texts}""",
    "events": """
INSERT INTO tickets_event (store_id, ticket_id, seq, kind, at, actor_kind, actor_user_id,
    actor_customer_id, rule, data)
SELECT {store_of}, n, k + 1, CASE k WHEN 0 THEN 'ticket_opened' ELSE 'message_added' END,
    {at} + k * interval '1 hour', CASE k WHEN 2 THEN 'staff' ELSE 'customer' END,
    CASE WHEN k = 2 THEN ({agents})[1 + (n % {agents_n})::int] END,
    CASE WHEN k <> 2 THEN {customer_of} END, '',
    CASE k WHEN 0 THEN '{{"request": "other"}}'::jsonb
    ELSE jsonb_build_object('message', n * 4 + k, 'message_kind', 'customer') END
FROM generate_series({first}, {last}) n, generate_series(0, 3) k""",
    "words": """
INSERT INTO tickets_searchdoc (ticket_id, words)
SELECT t.id, w.words || array_to_tsvector(
    ARRAY['c' || n, 'serial' || n || 'x', '@x' || (n >> 8), '@y' || (n >> 12),
        '@z' || (n >> 16), '@s' || t.store_id, '@t' || t.request,
        '@wcustomer', '@wagent', '@u' || ({agents})[1 + (n % {agents_n})::int],
        '@ffan' || {customer_of}, '@fexampl', '@fcom', '@f' || {customer_of},
        {customer_of}::text]
    || CASE {customer_of} % 3 WHEN 0 THEN ARRAY['mina', 'kim', '@fmina', '@fkim']
        WHEN 1 THEN ARRAY['jordan', 'doe', '@fjordan', '@fdoe']
        ELSE ARRAY['김', '지', '김지', '@f김', '@f지', '@f김지', {syllable}, '지' || {syllable},
            '@f' || {syllable}, '@f지' || {syllable}] END
    || CASE WHEN n % 5 < 2 THEN ARRAY['alb'] ELSE '{{}}' END)
FROM generate_series({first}, {last}) n
JOIN tickets_ticket t ON t.id = n JOIN crowd_words w ON w.number = n * 31 % {texts}""",
    "tallies": """
INSERT INTO tickets_queuetally (store_id, stage, state, waiting_for, assignee_id, snoozed, n)
SELECT store_id, stage, state, waiting_for, assignee_id, false, count(*) FROM tickets_ticket
WHERE id BETWEEN {first} AND {last} AND state IN ('new', 'open', 'waiting')
GROUP BY 1, 2, 3, 4, 5""",
}


def grow(
    stores: Sequence[Store], agents: Sequence[User], first: int, last: int, now: datetime
) -> None:
    """Write the tickets numbered ``first`` to ``last`` of these stores, dated back from ``now``."""
    values = _values(stores, agents, now) | {"first": first, "last": last}
    with connection.cursor() as cursor:
        _prepare_texts(cursor)
        cursor.execute("SET session_replication_role = replica")
        for statement in _TABLES.values():
            cursor.execute(statement.format(**values))
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in ("customer", "order", "orderline", "shipment", "ticket", "claim", "message"):
            name = f"tickets_{table}"
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
            )


def free() -> int:
    """From which number on nothing is there yet; odd, as a customer's first ticket is."""
    tables = ("customer", "order", "orderline", "shipment", "ticket", "claim")
    most = " UNION ALL ".join(f"SELECT max(id) FROM tickets_{table}" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(max(max), 0), (SELECT max(id) FROM tickets_message) FROM ({most}) x"
        )
        rows, messages = cursor.fetchone()
    return max(rows, (messages or 0) // 4) // 2 * 2 + 1 + 2 * bool(rows)


def settle() -> None:
    """Let the database know what it has, as autovacuum would by and by."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def check(sample: int = 200) -> None:
    """The words that were written set-wise are those that the product itself would write.

    Raises:
        RuntimeError: of one ticket they are not.
    """
    numbers = list(Ticket.objects.order_by("?").values_list("pk", flat=True)[:sample])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.ticket_id, own.found = tsvector_to_array(d.words) FROM tickets_searchdoc d"
            " JOIN (SELECT ticket, tsvector_to_array(words::tsvector) AS found"
            " FROM unnest(%s::bigint[], %s::text[]) AS made (ticket, words)) own"
            " ON own.ticket = d.ticket_id",
            list(map(list, zip(*read_words(numbers).items(), strict=True))),
        )
        wrong = [ticket for ticket, same in cursor.fetchall() if not same]
    if wrong:
        raise RuntimeError(f"the words of the tickets {wrong[:5]} are not the product's")


def _prepare_texts(cursor: Any) -> None:
    cursor.execute("SELECT to_regclass('crowd_text')")
    if cursor.fetchone()[0]:
        return
    bodies = texts()
    cursor.execute("CREATE TABLE crowd_text (number int PRIMARY KEY, body text)")
    cursor.executemany("INSERT INTO crowd_text VALUES (%s, %s)", list(enumerate(bodies)))
    cursor.execute("CREATE TABLE crowd_words (number int PRIMARY KEY, words tsvector)")
    made = []
    for number in range(TEXTS):
        words = Words()
        for text in (TITLE, *(bodies[(number + k * 17) % TEXTS] for k in (1, 2, 3))):
            words.add(text)
        made.append((number, words.literal()))
    cursor.executemany("INSERT INTO crowd_words VALUES (%s, %s::tsvector)", made)


def _values(stores: Sequence[Store], agents: Sequence[User], now: datetime) -> dict[str, object]:
    started = now - timedelta(days=730)
    products, versions = [], []
    for store in stores:
        made, _new = Product.objects.get_or_create(
            store=store, sku="ALB", defaults={"title": "Aurora – 3rd Mini Album", "kind": "album"}
        )
        products.append(made.pk)
        versions.append(PolicyVersion.objects.filter(store=store).values_list("pk", flat=True)[0])
    open_state = "(ARRAY['new', 'open', 'waiting'])[1 + (n / 20 % 3)::int]"
    return {
        "store_of": _by_number([store.pk for store in stores], "{owner}").format(owner=_OWNER),
        "customer_of": _OWNER,
        "product_of": _by_number(products, "{owner}").format(owner=_OWNER),
        "version_of": _by_number(versions, "{owner}").format(owner=_OWNER),
        "at": f"(timestamptz '{started.isoformat()}' + n * interval '{EACH} seconds')",
        "now": f"timestamptz '{now.isoformat()}'",
        "open": _OPEN,
        "state": f"(CASE WHEN {_OPEN} THEN {open_state} ELSE 'closed' END)",
        "claim_state": "(ARRAY['under_review', 'awaiting_evidence', 'with_manufacturer'])"
        "[1 + n / 20 % 3]",
        "claim_stage": f"(CASE WHEN {_OPEN} THEN (ARRAY['ready', 'evidence', 'manufacturer'])"
        "[1 + n / 20 % 3] ELSE 'question' END)",
        "agents": f"ARRAY{[user.pk for user in agents]}::bigint[]",
        "agents_n": len(agents),
        "texts": TEXTS,
        "syllable": f"chr(44032 + ({_OWNER} % 11000)::int)",
    }


# One in twenty, of every kind.
_OPEN = "((n + n / 20) % 20 = 0)"
# Two tickets a customer: n belongs to the odd number at or below it.
_OWNER = "(n - 1 + n % 2)"


def _by_number(keys: Sequence[int], owner: str) -> str:
    return f"(ARRAY{list(keys)}::bigint[])[1 + {owner} / 2 % {len(keys)}]"
