"""Looking for a picture or a film that was handed in before: among 10,000 files and a million.

Three of four files are photos with one print, the others films with ten: 3.25 million prints
in all. One print in fifty is like a popular picture, so that some bands are far more common than
others. Looked for are photos and films that are there again a little altered, and some that are
nowhere. What is compared is the median by the clock in one process; that the index is used is
read from the plan.
"""

from __future__ import annotations

import contextlib
import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from tests.bench.__main__ import Figure
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.evidence import likeness
from tickets.models import Evidence, FilePrint, Membership, Role, Ticket, User

FEW, MANY = 10_000, 1_000_000
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LOOKS = 60
FRAMES = 9
ALTERED = 4  # bits
POPULAR = 0x3A5C96E1B4D20000
BOUND = 10  # times as long with a hundred times as many files

_TICKET = """
INSERT INTO tickets_customer (store_id, email, email_key, name, phone, locale, time_zone)
VALUES ({store}, 'c@example.com', 'c@example.com', 'C', '', 'en', '');
INSERT INTO tickets_ticket
    (store_id, reference, customer_id, request, subject, state, priority, waiting_for, opened_at,
     updated_at, last_speaker, link_generation, last_seq, hold_reason, channel)
SELECT {store}, 'AAAAAAAA', max(id), 'other', '', 'open', 1, '', '{now}', '{now}', 'customer', 1,
       0, '', '' FROM tickets_customer;
"""
_FILES = """
INSERT INTO tickets_evidence
    (ticket_id, kind, file, original_name, content_type, size, sha256, state, problem, codec,
     captured_zone, has_place, advice, marks, began_at, completed_at, checked_at, in_time, seconds)
SELECT {ticket}, 'photo', 'f' || n, 'f' || n, 'image/jpeg', 1,
       encode(sha256(int8send(n)), 'hex'), 'ready', '', '', false, false, '[]', '{{}}', '{now}',
       '{now}', '{now}', true, CASE WHEN n % 4 = 0 THEN 60 END
FROM generate_series({first}, {last}) n;
"""
# 64 bits out of a hash; every fiftieth differs from one popular picture in a few low bits only.
_PRINTS = """
INSERT INTO tickets_fileprint (evidence_id, at, bits, bands)
SELECT e, at, bits, ARRAY[
    (bits & 65535)::int,
    (((bits >> 16) & 65535) | (1 << 16))::int,
    (((bits >> 32) & 65535) | (2 << 16))::int, (((bits >> 48) & 65535) | (3 << 16))::int]
FROM (
    SELECT id AS e, at, CASE WHEN (id * 31 + at) % 50 = 0
        THEN {popular} | (hashint8extended(id, at) & 65535)
        ELSE hashint8extended(id, at) END AS bits
    FROM tickets_evidence, generate_series(0, CASE WHEN seconds IS NULL THEN 0 ELSE {frames} END) at
    WHERE id > {after}
) p;
"""


def figures() -> Iterator[Figure]:
    """How many times as long a look takes among a hundred times as many files."""
    store = open_store("kpopusa", now=NOW, mail_from="bench@example.com")
    nora = User.objects.create_user("nora@example.com", "a quiet benchmark", name="Nora")
    Membership.objects.create(user=nora, store=store, role=Role.AGENT)
    actor = Actor.staff(nora)
    _run(_TICKET.format(store=store.pk, now=NOW))
    few = _measured(actor, 1, FEW)
    many = _measured(actor, FEW + 1, MANY)
    for name in few:
        told = f"{few[name] * 1000:.2f} ms among {FEW:,}, {many[name] * 1000:.2f} ms among {MANY:,}"
        print(f"  a {name}: {told}")
        yield Figure(
            f"look for a {name}: 1,000,000 files / 10,000", many[name] / few[name], "x", BOUND
        )


def _measured(actor: Actor, first: int, last: int) -> dict[str, float]:
    """Fill up to ``last`` files, and tell how long each kind of look takes: medians, in seconds."""
    started = time.perf_counter()
    _fill(first, last)
    held = FilePrint.objects.count()
    print(f"  {last:,} files, {held:,} prints, filled in {time.perf_counter() - started:.0f} s")
    dice = random.Random(7)
    asked = {
        "photo that is there": [_again(dice, last, film=False) for _ in range(LOOKS)],
        "photo that is nowhere": [_new(dice, film=False) for _ in range(LOOKS)],
        "popular photo": [_popular(dice) for _ in range(LOOKS)],
        "film that is there": [_again(dice, last, film=True) for _ in range(LOOKS)],
        "film that is nowhere": [_new(dice, film=True) for _ in range(LOOKS)],
    }
    _plan(asked["photo that is nowhere"][0][1])
    took = {name: _median(actor, looks) for name, looks in asked.items()}
    assert all(_found(actor, look) for look in asked["photo that is there"])
    assert all(_found(actor, look) for look in asked["film that is there"])
    assert not any(_found(actor, look) for look in asked["film that is nowhere"])
    return took


Look = tuple[Evidence, list[int]]


def _median(actor: Actor, looks: list[Look]) -> float:
    took = []
    for look in looks:
        started = time.perf_counter()
        _found(actor, look)
        took.append(time.perf_counter() - started)
    return statistics.median(took[LOOKS // 6 :])  # the first ones warm what has just been filled


def _found(actor: Actor, look: Look) -> bool:
    mine, prints = look
    return bool(likeness.alike([mine], actor, prints={mine.pk: prints}))


def _mine(film: bool) -> Evidence:
    return Evidence(
        pk=0, ticket_id=0, state="ready", sha256="f" * 64, seconds=60.0 if film else None
    )


def _again(dice: random.Random, last: int, *, film: bool) -> Look:
    """A file that is there, each of its prints altered in four bits."""
    # The table was empty: a file's number is its key.
    pk = dice.randrange(1, last // 4) * 4 + (0 if film else 1)
    rows = FilePrint.objects.filter(evidence=pk).order_by("at")
    return _mine(film), [_altered(dice, bits) for bits in rows.values_list("bits", flat=True)]


def _altered(dice: random.Random, bits: int) -> int:
    for place in dice.sample(range(64), ALTERED):
        bits ^= 1 << place
    return bits


def _new(dice: random.Random, *, film: bool) -> Look:
    return _mine(film), [dice.getrandbits(64) for _ in range(FRAMES + 1 if film else 1)]


def _popular(dice: random.Random) -> Look:
    """A photo whose upper bands one print in fifty shares."""
    return _mine(False), [POPULAR | dice.getrandbits(16)]


def _fill(first: int, last: int) -> None:
    (ticket,) = Ticket.objects.values_list("pk", flat=True)
    after = Evidence.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    _run(_FILES.format(ticket=ticket, first=first, last=last, now=NOW))
    # An index that is built in one go takes a third of the time, and is the same index.
    _run("DROP INDEX file_print_bands")
    _run(_PRINTS.format(after=after, frames=FRAMES, popular=POPULAR))
    _run("CREATE INDEX file_print_bands ON tickets_fileprint USING gin (bands)")
    _run("VACUUM ANALYZE tickets_evidence")
    _run("VACUUM ANALYZE tickets_fileprint")


def _plan(prints: list[int]) -> None:
    """Print the plan of a look; raise when the index is not in it."""
    with connection.execute_wrapper(_explained), contextlib.suppress(_Explained):
        likeness.look_alikes({0: prints})


class _Explained(Exception):
    """The plan was told; there is no result to go on with."""


def _explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    cursor = context["cursor"]
    asked = sql.replace(likeness.STEER, f"{likeness.STEER}EXPLAIN (ANALYZE, BUFFERS) ")
    execute(asked, params, many, context)
    for _ in range(likeness.STEER.count(";")):
        cursor.nextset()
    plan = [row[0] for row in cursor.fetchall()]
    for line in plan:
        print(f"    {line[:110]}")
    if not any("Bitmap Index Scan on file_print_bands" in line for line in plan):
        raise RuntimeError("The index is not used.")
    raise _Explained


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
