"""Files that come together with the words of a message, in one form.

The form is bounded while it streams, as every upload is; the files are stored before the message
is said, and let go of when it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from policies.deskdata import Media
from policies.pack import EvidenceInfo, Pack
from tickets.actions.add_evidence import Arrival
from tickets.actions.attachments import KIND, MAX_BYTES, MOST
from tickets.actions.uploads import new_stored_name
from tickets.errors import InvalidInput
from tickets.evidence.parts import parts, told
from tickets.evidence.receive import BoundedUpload, discard, empty, plain_name

FIELD = "attachments"
View = Callable[..., HttpResponseBase]


def attached_info(pack: Pack) -> EvidenceInfo:
    """What goes with a message, described as a kind of file."""
    return EvidenceInfo(KIND, Media(media="photo", max_bytes=MAX_BYTES), pack)


def takes_files(view: View) -> View:
    """Let a view's form bring files, none larger than a message may carry.

    The form's token is checked inside: reading it begins to read the files.
    """
    guarded = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            request.upload_handlers = [BoundedUpload(request, max_bytes=MAX_BYTES)]
            try:
                request.POST  # noqa: B018  (reads the form while its bounds are known)
            except UnreadablePostError:  # the visitor is gone: nobody hears this
                return HttpResponse(status=400)
        return guarded(request, *args, **kwargs)

    return inner


def files_of(request: HttpRequest) -> list[UploadedFile[bytes]]:
    """The files of a form, looked over before one of them is stored.

    Raises:
        InvalidInput: one is empty or too large, or there are too many.
    """
    files: Sequence[UploadedFile[bytes]] = request.FILES.getlist(FIELD)
    for handler in request.upload_handlers:
        if isinstance(handler, BoundedUpload) and handler.too_large:
            raise InvalidInput(
                _("“%(name)s” is too large. At most %(size)s can be attached.")
                % {"name": handler.too_large[0], "size": filesizeformat(MAX_BYTES)},
                "attachments",
            )
    if len(files) > MOST:
        raise InvalidInput(
            _("At most %(n)d files go with one message.") % {"n": MOST}, "attachments"
        )
    if any(not file.size for file in files):
        raise InvalidInput(empty(), "attachments")
    return list(files)


@contextmanager
def stored(request: HttpRequest, *, now: datetime) -> Iterator[list[Arrival]]:
    """The files of a form, in the storage while they are taken in; gone when that fails.

    Raises:
        InvalidInput: one of them will not do.
        StorageTrouble: the storage does not take them now.
    """
    names: list[str] = []
    try:
        yield [_store(file, names, now) for file in files_of(request)]
    except BaseException:
        discard(*names)
        raise


def _store(file: UploadedFile[bytes], names: list[str], now: datetime) -> Arrival:
    size = file.size or 0
    with told():
        parts().room(size)
        names.append(default_storage.save(new_stored_name(now), file))
    return Arrival(KIND, names[-1], plain_name(file.name or ""), size, now, now)
