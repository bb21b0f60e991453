"""Four connections that ask for the same job at once, then for the next: the same for both desks.

Every answer is proved after its time was taken, so that no figure stands for an error page.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import desk
from tests.bench.server import Client

LINES = desk.LINES
PATIENCE = 900  # seconds: one answer of a report may take minutes
WARM = 4


@dataclass(frozen=True)
class Often:
    """How often every line asks: in so many rounds, ``each`` times in a row."""

    rounds: int
    each: int


QUICK = Often(rounds=20, each=3)
SLOW = Often(rounds=2, each=1)  # what takes seconds


def turns(often: Often) -> int:
    """How many turns of all lines there are, those for warming up included."""
    return (often.rounds + WARM) * often.each * LINES


@dataclass(frozen=True)
class Work:
    """One job: how it is asked for, and how its answer is known to be real.

    ``ask`` sends the request of a turn and returns the status; ``real`` looks at what came (the
    client's ``body`` and ``headers``).
    """

    ask: Callable[[Client, int], int]
    real: Callable[[Client, int], bool]
    often: Often
    status: int = 200


@dataclass
class Outcome:
    """What was measured: seconds and queries by job, and bytes of memory before and after."""

    took: desk.Took
    before: float
    after: float

    def median(self, name: str) -> float:
        return self.took.median(name)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long this took."""
    started = time.monotonic()
    yield
    print(f"  {what}: {time.monotonic() - started:,.0f} s", flush=True)


def page(path: Callable[[int], str], cookie: str) -> Callable[[Client, int], int]:
    """Ask for a page whose address depends on the turn."""
    return lambda client, turn: client.get(path(turn), cookie)


def measure(client: Client, works: Mapping[str, Work]) -> Outcome:
    """Warm up with what is quick, then every job; what takes long is asked for once before.

    Raises:
        RuntimeError: an answer was not the one that belongs there.
    """
    quick = {name: work for name, work in works.items() if work.often is not SLOW}
    _laps(client.port, quick, 0, WARM, desk.Took())
    before = desk.memory(client.server)
    slow = {name: work for name, work in works.items() if work.often is SLOW}
    own, lock = Client(client.port, patience=PATIENCE), threading.Lock()
    for name, work in slow.items():
        _once(own, name, work, 0, desk.Took(), lock)
    took = desk.Took()
    _laps(client.port, works, WARM, QUICK.rounds, took)
    return Outcome(took, before, desk.memory(client.server))


def _laps(port: int, works: Mapping[str, Work], first: int, laps: int, took: desk.Took) -> None:
    lock, failed = threading.Lock(), list[Exception]()
    together = threading.Barrier(LINES, timeout=PATIENCE)

    def line(number: int) -> None:
        own = Client(port, patience=PATIENCE)
        try:
            for lap in range(laps):
                for name, work in works.items():
                    if lap >= work.often.rounds:
                        continue
                    together.wait()
                    for again in range(work.often.each):
                        turn = ((first + lap) * work.often.each + again) * LINES + number
                        _once(own, name, work, turn, took, lock)
        except Exception as error:  # told below: an answer that fails is no figure
            failed.append(error)
            together.abort()

    lines = [threading.Thread(target=line, args=(number,)) for number in range(LINES)]
    for each in lines:
        each.start()
    for each in lines:
        each.join()
    if failed:  # the first: the others only found that it had gone
        raise failed[0]


def _once(
    own: Client, name: str, work: Work, turn: int, took: desk.Took, lock: threading.Lock
) -> None:
    started = time.perf_counter()
    status = work.ask(own, turn)
    lasted = time.perf_counter() - started
    if status != work.status:
        raise RuntimeError(f"{name} answered {status}: {own.body[:300]!r}")
    if not work.real(own, turn):
        text = re.sub(rb"<[^>]*>|\s+", b" ", own.body).decode()
        raise RuntimeError(f"{name} answered something else: {' '.join(text.split())[:2000]}")
    with lock:
        took.seconds.setdefault(name, []).append(lasted)
        took.queries[name] = max(own.queries, took.queries.get(name, 0))
