"""``/uploads/tus/``: a file comes in pieces, and whatever is wrong is said and harms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from tests.evidence.tus_client import Sender
from tests.portal.conftest import Customer
from tickets.models import Evidence, FileJob

DATA = bytes(range(256)) * 40


@pytest.fixture
def sender(customer: Customer) -> Sender:
    """Mina's program, at her draft."""
    customer.begin("missing_photocard")
    return Sender(customer.web, f"draft={customer.draft.key}&kind=unboxing_video")


def stored() -> list[str]:
    root = Path(default_storage.location)  # type: ignore[attr-defined]  # the local disk
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_file_in_pieces_becomes_evidence_once(sender: Sender) -> None:
    sender.create(len(DATA), "My Film.mp4")
    assert sender.created.status_code == 201
    assert sender.head() == 0
    for start in range(0, len(DATA), 4000):
        response = sender.patch(start, DATA[start : start + 4000])
        assert response.status_code == 204
        assert int(response["Upload-Offset"]) == min(start + 4000, len(DATA))
    evidence = Evidence.objects.get()
    assert Path(evidence.file.path).read_bytes() == DATA
    assert (evidence.state, evidence.size) == ("received", len(DATA))
    assert evidence.original_name == "My Film.mp4"
    assert FileJob.objects.get().evidence == evidence
    assert stored() == [evidence.file.name]
    assert sender.head() == len(DATA)
    assert sender.patch(len(DATA), b"").status_code == 204
    assert Evidence.objects.count() == 1
