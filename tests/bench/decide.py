"""How long one decision takes, and how many a second go through `manage.py decide` on one core.

All of it is told in processor time: neighbours on the same machine are not what is measured.
The time by the clock is printed beside it.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from policies.evaluate import decide
from policies.pack import load_builtin_packs
from policies.parse import parse_facts
from policies.shapes import Request
from tests.bench.__main__ import Figure
from tests.bench.questions import questions

MANAGE = Path(__file__).parents[2] / "manage.py"
LINES = 120_000
SINGLES = 20_000


def singles() -> tuple[float, float]:
    """Microseconds of one `decide()` with loaded packs: median, and the 99th of a hundred."""
    packs = load_builtin_packs()
    asked = []
    for line in questions(SINGLES, [str(item) for item in Request], seed=11):
        facts = parse_facts(json.loads(line))
        asked.append((packs[facts.store], facts))
    took = []
    for pack, facts in asked:
        start = time.perf_counter_ns()
        decide(pack, facts)
        took.append((time.perf_counter_ns() - start) / 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def command(source: BinaryIO) -> tuple[float, float, int]:
    """Run the command over a file: seconds of processor, seconds by the clock, lines out."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, str(MANAGE), "decide"], stdin=source, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        answers = 0
        while piece := process.stdout.read(1 << 20):
            answers += piece.count(b"\n")
    lasted = time.perf_counter() - begun
    if process.returncode != 0:
        raise RuntimeError(f"manage.py decide ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, lasted, answers


def figures() -> Iterator[Figure]:
    """One decision alone, and whole lines in and out, the start of the process included."""
    median, late = singles()
    print(f"  decide(): p50 {median:.1f} µs, p99 {late:.1f} µs")
    yield Figure("decide() p50, packs loaded", median, "µs", 30)

    with tempfile.TemporaryFile() as empty:
        start, start_clock, _ = command(empty)
    with tempfile.TemporaryFile() as source:
        source.writelines(questions(LINES, [str(item) for item in Request]))
        source.seek(0)
        used, lasted, answers = command(source)
    if answers != LINES:
        raise RuntimeError(f"{LINES} questions, and {answers} answers")
    print(
        f"  {LINES:,} lines through manage.py decide: {used:.2f} s of processor, {lasted:.2f} s by"
        f" the clock ({LINES / lasted:,.0f} a second); its start alone {start:.2f} s and"
        f" {start_clock:.2f} s; without it {LINES / (used - start):,.0f} a second of processor"
    )
    yield Figure(
        "manage.py decide, lines with sentences, start included",
        LINES / used,
        "per second",
        25_000,
        False,
    )
