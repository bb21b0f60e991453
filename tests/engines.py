"""PostgreSQL and Valkey for one run of pytest: its own, in a directory of its own.

Several people, and several runs, share a machine without meeting. The run's first process starts
the engines, its xdist workers inherit the addresses, and what a killed run left behind is
cleared by the next one.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from supportdesk import embedded

ADDRESS = "SUPPORTDESK_TEST_RUN"  # the run's directory, handed to xdist workers
_ROOT = Path(tempfile.gettempdir()) / f"supportdesk-tests-{os.geteuid()}"


class Run:
    """The engines of this run of pytest, and who of its processes owns them."""

    def __init__(self) -> None:
        inherited = os.environ.get(ADDRESS)
        self.owner = inherited is None or "PYTEST_XDIST_WORKER" not in os.environ
        if self.owner:
            # Open to other accounts: root's PostgreSQL runs under a lent one.
            _ROOT.mkdir(mode=0o755, exist_ok=True)
            _sweep()
            self.directory = Path(tempfile.mkdtemp(prefix="run-", dir=_ROOT))
            self.directory.chmod(0o755)
            # Held as long as we live, and not inherited: a free lock means an abandoned run.
            self._lock = (self.directory / "owner.lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            os.environ[ADDRESS] = str(self.directory)
        else:
            self.directory = Path(str(inherited))

    def prepare_environment(self) -> None:
        """Start the engines and say to the settings where they are. Raises EngineError."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        engines = embedded.start(self.directory / "engines", durable=False)
        # One Valkey database for each worker, as pytest-django has one test database for each.
        number = int(worker.removeprefix("gw") or -1) + 1
        data = self.directory / f"data{number}"
        data.mkdir(exist_ok=True)
        os.environ.update(
            DATABASE_URL=engines.database_url,
            REDIS_URL=engines.redis_url.removesuffix("/0") + f"/{number}",
            DATA_DIR=str(data),
            DEBUG="1",
            DEMO="1",
            SECRET_KEY="for-tests-only-" + "0" * 50,
            ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
            EMAIL_URL="memorymail://",
        )

    def end(self) -> None:
        """Stop the engines and delete everything of this run; a worker leaves that to its owner."""
        if self.owner and self.directory.exists():
            _remove(self.directory)
            os.environ.pop(ADDRESS, None)


def _sweep() -> None:
    for directory in _ROOT.glob("run-*"):
        try:
            with (directory / "owner.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(directory)
        except OSError:
            continue  # it is in use, or another run sweeps it at this moment


def _remove(directory: Path) -> None:
    embedded.destroy(directory / "engines")
    shutil.rmtree(directory, ignore_errors=True)
