"""A realistic mixture of questions, each one another: nothing in it is asked twice.

Every store and request type, orders within a year, a fresh `at`, id, total and address in each
line, so that what is measured is deciding and telling, not remembering whole lines.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

EXAMPLES = Path(__file__).parents[1] / "policies" / "examples.jsonl"
ZONES = [ZoneInfo(name) for name in ("America/Los_Angeles", "Asia/Seoul", "UTC")]
YEAR = timedelta(days=365)
FIRST = datetime(2025, 6, 1, tzinfo=UTC)
STORES = ("kpopusa", "kpop2", "popmart")
FLAGS = ("opened", "package_damaged", "video_exists", "receipt", "remote", "forfeit_points")
KINDS = ("unboxing_video", "photo", "defect_photo", "receipt", "screenshot")


def questions(count: int, requests: list[str], seed: int = 7) -> Iterator[bytes]:
    """Yield `count` JSON lines: a third of them the worked examples, moved to another day."""
    dice = random.Random(seed)
    worked = [json.loads(line)["facts"] for line in EXAMPLES.read_text("utf-8").splitlines()]
    for number in range(count):
        made = _moved(dice, worked) if number % 3 == 0 else _made(dice, requests)
        made["id"] = f"q-{number:07d}"
        yield json.dumps(made, ensure_ascii=False).encode() + b"\n"


def _moved(dice: random.Random, worked: list[dict[str, Any]]) -> dict[str, Any]:
    """A worked example, all its instants moved by the same odd number of seconds."""
    by = timedelta(seconds=dice.randrange(int(YEAR.total_seconds())))
    zone = dice.choice(ZONES)

    def move(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: move(item, name) for name, item in value.items()}
        if key == "at" or key.endswith("_at"):
            return (datetime.fromisoformat(value) - by).astimezone(zone).isoformat()
        return value

    moved: dict[str, Any] = move(dice.choice(worked))
    return moved


def _made(dice: random.Random, requests: list[str]) -> dict[str, Any]:
    """Any request at any store, with an order as far as it has come, and what is declared."""
    zone = dice.choice(ZONES)
    clock = FIRST + timedelta(seconds=dice.randrange(int(YEAR.total_seconds())))
    order: dict[str, Any] = {}
    for name in ("placed_at", "paid_at", "shipped_at", "delivered_at"):
        order[name] = clock.astimezone(zone).isoformat()
        clock += timedelta(seconds=dice.randrange(1, 8 * 86400))
        if dice.random() < 0.2:
            break
    order |= {
        "channel": dice.choice(("online", "online", "online", "store", "pop_now", "distributor")),
        "shipping_method": dice.choice(("standard", "priority", "express", "pickup")),
        "country": dice.choice(("US", "CA", "KR")),
        "currency": dice.choice(("USD", "CAD")),
        "total": f"{dice.randrange(500, 40000) / 100:.2f}",
        "member": dice.random() < 0.5,
        "preorder": dice.random() < 0.1,
    }
    clock += timedelta(seconds=dice.randrange(20 * 86400))
    said: dict[str, Any] = {name: dice.random() < 0.5 for name in FLAGS if dice.random() < 0.3}
    for name in ("charged_at", "review_posted_at", "points_earned_at"):
        if dice.random() < 0.2:
            ago = timedelta(seconds=dice.randrange(20 * 86400))
            said[name] = (clock - ago).astimezone(zone).isoformat()
    if dice.random() < 0.1:
        said["account_email"] = f"customer{dice.randrange(10**6)}@example.com"
    return {
        "store": dice.choice(STORES),
        "request": dice.choice(requests),
        "at": clock.astimezone(zone).isoformat(),
        "order": order,
        "said": said,
        "evidence": dice.choices(KINDS, k=dice.randrange(4)),
    }
