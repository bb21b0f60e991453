"""A directory for engines of one test's own, that root's lent account can reach as well."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from supportdesk import embedded
from tests.engines import ADDRESS


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty DATA_DIR; what runs in it at the end is stopped, and it is deleted."""
    place = Path(tempfile.mkdtemp(dir=os.environ[ADDRESS]))
    place.chmod(0o755)
    yield place
    embedded.destroy(place)
