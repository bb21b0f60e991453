"""How many decisions a second one core makes."""

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policies.evaluate import decide, explain
from policies.lines import decide_line
from policies.pack import load_builtin_packs
from policies.types import parse_facts
from tests.bench.__main__ import Figure

EXAMPLES = Path(__file__).parents[1] / "policies" / "examples.jsonl"
ROUNDS = 2_000


def run() -> dict[str, Any]:
    """Print and return decisions a second, and microseconds, over all the worked examples."""
    packs = load_builtin_packs()
    lines = [
        json.dumps(json.loads(line)["facts"]).encode()
        for line in EXAMPLES.read_text("utf-8").splitlines()
    ]
    asked = [(packs[facts.store], facts) for facts in map(parse_facts, map(json.loads, lines))]
    for pack, facts in asked:  # a process that has been up for a while
        explain(pack, facts, decide(pack, facts))

    # Processor time: neighbours on the same machine are not what is measured.
    begun = time.process_time()
    for _ in range(ROUNDS):
        for pack, facts in asked:
            decide(pack, facts)
    rate = ROUNDS * len(asked) / (time.process_time() - begun)

    singles = []
    for _ in range(ROUNDS // 10):
        for pack, facts in asked:
            start = time.perf_counter_ns()
            decide(pack, facts)
            singles.append((time.perf_counter_ns() - start) / 1000)

    begun = time.process_time()
    for _ in range(ROUNDS // 20):
        for line in lines:
            decide_line(packs, line)
    whole = ROUNDS // 20 * len(lines) / (time.process_time() - begun)

    found = {
        "decisions_per_second": round(rate),
        "p50_microseconds": round(statistics.median(singles), 1),
        "p99_microseconds": round(statistics.quantiles(singles, n=100)[98], 1),
        "lines_per_second": round(whole),
    }
    print(
        f"decide(): {found['decisions_per_second']:,}/s on one core"
        f", p50 {found['p50_microseconds']} µs,"
        f" p99 {found['p99_microseconds']} µs; whole lines with sentences: {whole:,.0f}/s"
    )
    return found


def figures() -> Iterator[Figure]:
    """The rate against its bound, and what one decision takes."""
    found = run()
    yield Figure("decide() on one core", found["decisions_per_second"], "per second", 20_000, False)
