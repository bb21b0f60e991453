"""The same jobs with django-helpdesk and with ours, among 200,000 tickets, in one run.

It is installed from the package index into an environment of its own, set up as its
documentation says, and served by the same gunicorn (two processes) on the same PostgreSQL, one
after the other; the tickets have the same texts, and one in twenty is open. Four connections ask
for each job at once. Its list is asked for as its own page does: the data behind the table. Its
dashboard stands beside our queue of one's own tickets, which carries the counts of all queues;
its report of all tickets by status beside our manager's numbers of one store of two.

    make bench-peer
    PEER_SIZE=2000 make bench-peer    to try something out: the figures are shown, not judged
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tests.bench import desk, peer_ours, peer_theirs
from tests.bench.__main__ import Figure
from tests.bench.peer_rounds import told

JUDGED = 200_000
SIZE = int(os.environ.get("PEER_SIZE", JUDGED))


@dataclass(frozen=True)
class Job:
    """One job: its name there and here, and how many times ahead we mean to be (0: only shown)."""

    theirs: str
    ours: str
    aim: float = 0


JOBS = (
    Job(desk.BARE, desk.BARE),
    Job("ticket page", "ticket page", 5),
    Job("list, open", "queue, first page", 100),
    Job("list, all", "queue, done", 100),
    Job("search, rare word", "search, rare word", 100),
    Job("search, common word", "search, common word", 100),
    Job("dashboard", "queue, my tickets", 100),
    Job("report", "report"),
    Job("submission", "submission", 1),
)


def figures() -> Iterator[Figure]:
    """Both side by side, and how many times ahead we are."""
    with told("ours filled and measured"):
        ours = peer_ours.run(SIZE)
    with told("theirs installed, filled and measured"):
        theirs = peer_theirs.run(Path(settings.DATA_DIR) / "peer", SIZE)
    package = f"{peer_theirs.NAME} {peer_theirs.VERSION}"
    print(f"  {SIZE:,} tickets; medians in milliseconds, queries in brackets")
    print(f"  {'':<20} {'':<20} {'ours':>15} {package:>24} {'ahead':>10}")
    for job in JOBS:
        here = f"{ours.median(job.ours) * 1000:,.1f} ({ours.took.queries[job.ours]})"
        there = f"{theirs.median(job.theirs) * 1000:,.1f} ({theirs.took.queries[job.theirs]})"
        ahead = theirs.median(job.theirs) / ours.median(job.ours)
        print(f"  {job.theirs:<20} {job.ours:<20} {here:>15} {there:>24} {ahead:>9,.1f}x")
    for moment, mine, other in (
        ("after warming up", ours.before, theirs.before),
        ("at the end", ours.after, theirs.after),
    ):
        label = f"memory of both workers {moment}, MB"
        times = f"{other / mine:,.1f}x"
        print(f"  {label:<41} {mine / 1e6:>15,.0f} {other / 1e6:>24,.0f} {times:>10}")
    if SIZE != JUDGED:
        return
    for job in JOBS:
        if job.aim:
            ahead = theirs.median(job.theirs) / ours.median(job.ours)
            name = f"{job.theirs}: {peer_theirs.NAME} / ours"
            yield Figure(name, ahead, "x", job.aim, at_most=False)
