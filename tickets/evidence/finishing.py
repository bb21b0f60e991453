"""The end of an upload: it becomes evidence once, or it is called off and its bytes go."""

from __future__ import annotations

from datetime import datetime

from tickets.actions.uploads import arrive, end, step_back
from tickets.actor import Actor
from tickets.errors import ActionError
from tickets.evidence.parts import away, parts, told
from tickets.evidence.receive import discard
from tickets.lifecycle import UploadState
from tickets.models import Evidence, Upload


def look_back(upload: Upload, *, now: datetime) -> None:
    """Take back what the storage confirmed and lost: the machine went down in between."""
    if upload.state != UploadState.RECEIVING:
        return
    here = parts().confirmed(upload)
    if here < upload.offset and step_back(upload, here, now=now):
        upload.offset = here


def finish(upload: Upload, *, actor: Actor | None, now: datetime) -> Evidence:
    """Put a whole upload at its place and take it in. Harmless when it was done before.

    Raises:
        StorageTrouble: not now; the row is as it was, and the sweep tries again.
        ActionError: it may not come in any more (sent, closed, too many): it has ended, and
            nothing of it is left.
    """
    with told():
        if parts().confirmed(upload) < upload.length:
            raise away()
        parts().finish(upload)
    try:
        return arrive(upload, actor=actor, now=now)
    except ActionError:
        end(upload, now=now)
        # Another who finished it at the same time may have been luckier: then it is a file.
        if not Upload.objects.filter(pk=upload.pk, state=UploadState.ARRIVED).exists():
            with told():
                parts().abort(upload)
                discard(upload.stored_name)
        raise


def call_off(upload: Upload, *, now: datetime) -> bool:
    """End an unfinished upload and delete what is here of it; False when it was over already.

    Raises:
        StorageTrouble: it has ended, and the sweep deletes what is left.
    """
    ended = end(upload, now=now)
    if ended:
        with told():
            parts().abort(upload)
    return ended
