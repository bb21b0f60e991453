"""Unfinished files in an S3: a multipart upload straight onto the file's final name.

All parts but the last are of one size (every S3 takes that; some take nothing else). What is
left over at the end of a request is kept as an object of its own, the *tail*, and is the
beginning of the next part. Numbers of parts are noted in the row before they are used, each
for one writer, so that a late part of a writer that was overtaken is in nobody's list.

Notes in the row: ``upload`` (the S3's id), ``parts`` ([[number, etag, size], …]), ``number`` (the
last one given away), ``tail`` ([name, size] or absent).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from tickets.actions.uploads import Turn
from tickets.evidence.parts import UPLOADS, Kept, Note, Overtaken
from tickets.models import Upload

PART = 8 * 1024 * 1024


class S3Parts:
    """`Parts` in the bucket of a django-storages ``S3Storage``."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage

    def room(self, more: int) -> None:
        """There always is."""

    def begin(self, key: str, stored_name: str) -> dict[str, Any]:
        """Open the multipart upload."""
        extra = dict(self.storage.get_object_parameters(stored_name))
        extra.setdefault("ContentType", "application/octet-stream")
        if self.storage.default_acl:
            extra.setdefault("ACL", self.storage.default_acl)
        opened = self.client.create_multipart_upload(**self.at(stored_name), **extra)
        return {"upload": opened["UploadId"], "parts": [], "number": 0}

    def writer(self, turn: Turn, note: Note, now: datetime) -> S3Writer:
        """Write on from the tail."""
        return S3Writer(self, turn, note)

    def confirmed(self, upload: Upload) -> int:
        """All of it: a bucket confirms what it has stored."""
        return upload.offset

    def make_sure(self, upload: Upload | None, stored_name: str) -> bool:
        """It is, as soon as the bucket has said so."""
        return True

    def finish(self, upload: Upload) -> None:
        """Make one object of the parts."""
        notes = upload.parts
        listed = [{"PartNumber": number, "ETag": etag} for number, etag, _ in notes["parts"]]
        try:
            self.client.complete_multipart_upload(
                **self.at(upload.stored_name),
                UploadId=notes["upload"],
                MultipartUpload={"Parts": listed},
            )
        except ClientError as error:
            if not _gone(error):
                raise
            # Somebody completed it before; or it is lost, and then the next line says so.
        found = self.client.head_object(**self.at(upload.stored_name))
        if found["ContentLength"] != upload.length:
            raise OSError(f"{upload.stored_name} is not whole")
        self._drop_tail(notes)

    def abort(self, upload: Upload) -> None:
        """Give the parts up, and the tail."""
        if "upload" in upload.parts:
            self._abort(upload.stored_name, upload.parts["upload"])
        self._drop_tail(upload.parts)

    def sweep(self, before: datetime) -> int:
        """Multipart uploads and tails of uploads that have no row, begun before ``before``."""
        gone = 0
        prefix = self.at("evidence/")["Key"]
        pages = self.client.get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self.storage.bucket_name, Prefix=prefix):
            for entry in page.get("Uploads", []):
                name = entry["Key"].removeprefix(prefix.removesuffix("evidence/"))
                if entry["Initiated"] < before and not _known(stored_name=name):
                    self._abort(name, entry["UploadId"])
                    gone += 1
        return gone + self._sweep_tails(before)

    def put_tail(self, key: str, data: bytes) -> str:
        """Keep the beginning of the next part; returns its name."""
        name = f"{UPLOADS}/{key}/{secrets.token_urlsafe(9)}"
        self.client.put_object(**self.at(name), Body=data)
        return name

    def drop(self, name: str) -> None:
        """Delete an object."""
        self.client.delete_object(**self.at(name))

    def at(self, name: str) -> dict[str, str]:
        """Bucket and key of a stored name."""
        key = "/".join(part for part in (self.storage.location.strip("/"), name) if part)
        return {"Bucket": self.storage.bucket_name, "Key": key}

    @property
    def client(self) -> Any:
        """This thread's client."""
        return self.storage.connection.meta.client

    def _abort(self, stored_name: str, upload_id: str) -> None:
        try:
            self.client.abort_multipart_upload(**self.at(stored_name), UploadId=upload_id)
        except ClientError as error:
            if not _gone(error):
                raise

    def _drop_tail(self, notes: dict[str, Any]) -> None:
        if notes.get("tail"):
            self.drop(notes["tail"][0])

    def _sweep_tails(self, before: datetime) -> int:
        gone = 0
        prefix = self.at(f"{UPLOADS}/")["Key"]
        for entry in self._objects(prefix):
            key, _slash, tail = entry["Key"].removeprefix(prefix).partition("/")
            if entry["LastModified"] >= before:
                continue
            row = Upload.objects.filter(key=key).first()
            if row is None or (row.parts.get("tail") or [""])[0] != f"{UPLOADS}/{key}/{tail}":
                self.client.delete_object(Bucket=self.storage.bucket_name, Key=entry["Key"])
                gone += 1
        return gone

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.storage.bucket_name, Prefix=prefix):
            yield from page.get("Contents", [])


class S3Writer:
    """`Writer` that holds one part in memory."""

    def __init__(self, parts: S3Parts, turn: Turn, note: Note) -> None:
        self.parts, self.turn, self.note = parts, turn, note
        self.notes: dict[str, Any] = {**turn.upload.parts}
        self.listed: list[list[Any]] = list(self.notes["parts"])
        self.number = int(self.notes["number"])
        self.tail: list[Any] | None = self.notes.get("tail")
        self.dropped: list[str] = []  # tails that nothing names once the row is settled
        self.fresh: str | None = None  # the tail of this request, until it is
        self.buffer = bytearray(PART)
        self.filled = 0
        self.offset = turn.offset  # confirmed by the S3
        if self.tail is not None:
            self._read_tail(self.tail[0], int(self.tail[1]))

    def write(self, data: memoryview) -> None:
        """Into the part; a full one is sent."""
        while data:
            count = min(len(data), PART - self.filled)
            self.buffer[self.filled : self.filled + count] = data[:count]
            self.filled += count
            data = data[count:]
            if self.filled == PART:
                self._send(self.buffer)

    def keep(self, *, last: bool) -> Kept:
        """Whole parts; and with ``last`` the rest, as the last part or as the tail."""
        held = self.turn.upload.length == self._start + self.filled
        if self.filled and held:
            self._send(bytes(memoryview(self.buffer)[: self.filled]))
        elif last and self.filled and self._start + self.filled > self.offset:
            self._put_tail()
        return Kept(self.offset, self._notes())

    def settled(self) -> None:
        """Delete the tails of before."""
        self.fresh = None
        for name in self.dropped:
            with suppress(ClientError):  # the sweep finds it
                self.parts.drop(name)
        self.dropped = []

    def forget(self) -> None:
        """Parts that nobody lists cost nothing but their place until the end; the tail goes."""
        if self.fresh is not None:
            with suppress(ClientError):
                self.parts.drop(self.fresh)

    def close(self) -> None:
        """The memory."""
        self.buffer = bytearray()

    @property
    def _start(self) -> int:
        """Where in the file the buffer begins."""
        return sum_of(self.listed)

    def _send(self, body: bytearray | bytes) -> None:
        self.number += 1
        # Noted first: this number is ours alone, whatever becomes of us.
        if not self.note({**self.notes, "number": self.number}):
            raise Overtaken
        self.notes["number"] = self.number
        sent = self.parts.client.upload_part(
            **self.parts.at(self.turn.upload.stored_name),
            UploadId=self.notes["upload"],
            PartNumber=self.number,
            Body=body,
        )
        self.listed = [*self.listed, [self.number, sent["ETag"], len(body)]]
        self.offset = self._start
        self.filled = 0
        if self.tail is not None:
            self.dropped.append(self.tail[0])
            self.tail = None

    def _put_tail(self) -> None:
        name = self.parts.put_tail(
            self.turn.upload.key, bytes(memoryview(self.buffer)[: self.filled])
        )
        if self.tail is not None:
            self.dropped.append(self.tail[0])
        self.fresh = name
        self.tail = [name, self.filled]
        self.offset = self._start + self.filled

    def _notes(self) -> dict[str, Any]:
        notes = {**self.notes, "parts": self.listed, "number": self.number}
        notes.pop("tail", None)
        if self.tail is not None:
            notes["tail"] = self.tail
        self.notes = notes
        return notes

    def _read_tail(self, name: str, size: int) -> None:
        body = self.parts.client.get_object(**self.parts.at(name))["Body"]
        data = body.read()
        if len(data) != size:
            raise OSError(f"{name} is not whole")
        self.buffer[:size] = data
        self.filled = size


def sum_of(listed: list[list[Any]]) -> int:
    """The bytes of the parts in a list of ``[number, etag, size]``."""
    return sum(int(size) for _number, _etag, size in listed)


def _gone(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"NoSuchUpload", "404", "NoSuchKey"}


def _known(**where: str) -> bool:
    return Upload.objects.filter(**where).exists()
