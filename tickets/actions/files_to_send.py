"""The files that go with a draft when it is sent, and when it has to wait for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tickets.errors import Conflict
from tickets.lifecycle import EvidenceState, UploadState
from tickets.models import Draft, Evidence

# A check takes seconds. One that takes longer (the scanner is away, say) holds nobody up: the
# file goes along, and counts when it is found ready.
PATIENCE = timedelta(minutes=2)


def files_to_send(draft: Draft, now: datetime) -> list[Evidence]:
    """The files that are ready, and those whose check takes too long to wait for.

    Raises:
        Conflict: a file has not arrived whole, or is being looked into; ``field`` is ``files``.
    """
    upload = draft.uploads.filter(state=UploadState.RECEIVING).first()
    if upload is not None:
        raise Conflict(
            _(
                "“%(name)s” has not arrived completely yet. Choose the same file again to go on "
                "where it stopped, or remove it."
            )
            % {"name": upload.original_name},
            field="files",
        )
    files = [
        row
        for row in draft.evidence.all()
        if row.state in (EvidenceState.READY, EvidenceState.RECEIVED)
    ]
    waiting = [
        row
        for row in files
        if row.state == EvidenceState.RECEIVED and row.completed_at > now - PATIENCE
    ]
    if waiting:
        raise Conflict(
            _("We are still checking whether “%(name)s” opens. Please send again in a moment.")
            % {"name": waiting[0].original_name},
            field="files",
        )
    return files
