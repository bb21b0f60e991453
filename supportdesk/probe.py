"""Whether a service of this desk is well, as an exit status: for health checks.

python -m supportdesk.probe web|worker|files|beat
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

BEAT_SILENCE = 900.0  # seconds; beat writes its schedule down every three minutes


def web() -> bool:
    """The web server on PORT answers /healthz."""
    # A name that the server accepts: the first of its own.
    name = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".*")
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=5
    )
    try:
        connection.request("GET", "/healthz", headers={"Host": name or "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def worker() -> bool:
    """A worker with this machine's name answers over the broker."""
    return _answers("celery")


def files() -> bool:
    """The same of the worker that looks into files."""
    return _answers("files")


def _answers(worker: str) -> bool:
    import socket

    from supportdesk.celery import app

    name = f"{worker}@{socket.gethostname()}"
    return bool(app.control.ping(destination=[name], timeout=5.0, limit=1))


def beat() -> bool:
    """Beat has written its schedule down not long ago."""
    data = Path(os.environ.get("DATA_DIR", ".data"))
    files = list(data.glob("beat-schedule*"))
    return bool(files) and time.time() - max(f.stat().st_mtime for f in files) < BEAT_SILENCE


PROBES = {"web": web, "worker": worker, "files": files, "beat": beat}


def main(arguments: list[str]) -> int:
    """0 when the named service is well, 1 when not, 2 when there is no such service."""
    if len(arguments) != 1 or arguments[0] not in PROBES:
        sys.stderr.write(f"usage: python -m supportdesk.probe {'|'.join(PROBES)}\n")
        return 2
    return 0 if PROBES[arguments[0]]() else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
