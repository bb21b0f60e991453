"""Asking the rules needs no database, no secret, and starts nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_decide_starts_no_engine_and_writes_no_file(tmp_path: Path) -> None:
    away = tmp_path / "data"
    keep = {"PATH": os.environ["PATH"], "DATA_DIR": str(away)}
    question = {
        "id": "1",
        "store": "kpopusa",
        "request": "charts",
        "at": "2026-03-05T12:00:00-08:00",
    }
    answered = subprocess.run(
        [sys.executable, "manage.py", "decide"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=keep,
        check=True,
    )
    assert json.loads(answered.stdout)["rule"] == "kpopusa.charts"
    assert not away.exists()
