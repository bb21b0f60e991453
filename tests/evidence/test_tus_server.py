"""Uploads through a real server with a client that is not ours: killed, resumed, measured."""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from tusclient.client import TusClient

from tests.cast import Story
from tests.evidence.tus_client import CHUNK
from tests.evidence.tus_server import Server
from tickets.models import Evidence, Upload

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1024 * 1024


class Letters:
    """A file of any size that lies nowhere: reads the same bytes each time."""

    def __init__(self, size: int) -> None:
        self.size, self.at = size, 0
        self.block = hashlib.sha256(b"film").digest() * (MIB // 32)

    def read(self, count: int = -1) -> bytes:
        left = self.size - self.at
        count = left if count < 0 else min(count, left)
        start = self.at % MIB
        need = (start + count + MIB - 1) // MIB
        data = (self.block * max(need, 1))[start : start + count]
        self.at += len(data)
        return data

    def seek(self, to: int, whence: int = 0) -> int:
        self.at = to + (self.size if whence == 2 else self.at if whence == 1 else 0)
        return self.at

    def tell(self) -> int:
        return self.at

    def sha256(self) -> str:
        digest, self.at = hashlib.sha256(), 0
        while data := self.read(MIB):
            digest.update(data)
        self.at = 0
        return digest.hexdigest()


@pytest.fixture
def bucket() -> Iterator[str]:
    """An S3 on the loopback; the address for STORAGE_URL."""
    import boto3

    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    _host, port = moto.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s",
        region_name="us-east-1",
    )  # fmt: skip
    s3.create_bucket(Bucket="evidence")
    yield f"s3://k:s@evidence/desk?endpoint={endpoint}&region=us-east-1"
    moto.stop()


@pytest.fixture(params=["disk", "s3"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """The product with either storage."""
    storage = request.getfixturevalue("bucket") if request.param == "s3" else ""
    running = Server(tmp_path / "media", storage)
    running.start()
    yield running
    running.kill()


def client_for(server: Server, story: Story, chunk: int, size: int) -> Any:
    draft = story.draft(opened=True)
    client = TusClient(f"{server.url}/uploads/tus/?draft={draft.key}&kind=unboxing_video")
    return client.uploader(
        file_stream=Letters(size), chunk_size=chunk, metadata={"filename": "film.mp4"}
    )


def read_back(server: Server, evidence: Evidence) -> bytes:
    if not server.environment["STORAGE_URL"]:
        return (Path(server.environment["MEDIA_ROOT"]) / evidence.file.name).read_bytes()
    from storages.backends.s3 import S3Storage

    from supportdesk.storage import s3_options

    storage = S3Storage(**s3_options(server.environment["STORAGE_URL"]))
    with storage.open(evidence.file.name) as file:
        return bytes(file.read())


@pytest.mark.parametrize("chunk", [3 * MIB + 17, 8 * MIB])
def test_another_client_uploads_in_chunks(server: Server, story: Story, chunk: int) -> None:
    size = 20 * MIB + 5
    client_for(server, story, chunk, size).upload()
    evidence = Evidence.objects.get()
    assert evidence.size == size
    assert hashlib.sha256(read_back(server, evidence)).hexdigest() == Letters(size).sha256()


def test_the_server_is_killed_in_the_middle_and_the_file_arrives_whole(
    server: Server, story: Story
) -> None:
    size = 40 * MIB + 3
    uploader = client_for(server, story, 5 * MIB, size)
    uploader.upload(stop_at=10 * MIB)
    address = uploader.url.removeprefix(server.url)
    # A long part is underway, and nothing of it is confirmed, when it happens.
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("PATCH", address)
    for name, value in {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(10 * MIB),
        "Content-Type": CHUNK,
        "Content-Length": str(size - 10 * MIB),
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    rest = Letters(size)
    rest.seek(10 * MIB)
    connection.send(rest.read(9 * MIB))
    time.sleep(0.5)
    server.kill()
    assert Upload.objects.get().state == "receiving"
    server.start()
    # The writer that died is believed for a moment; nobody needs to wait for it in a test.
    Upload.objects.update(writer_until=Upload.objects.get().began_at)

    uploader.set_url(uploader.url)
    uploader.offset = uploader.get_offset()
    assert 10 * MIB <= uploader.offset < size
    uploader.upload()

    evidence = Evidence.objects.get()
    assert hashlib.sha256(read_back(server, evidence)).hexdigest() == Letters(size).sha256()


def test_memory_does_not_grow_with_the_file(server: Server, story: Story) -> None:
    client_for(server, story, 8 * MIB, 9 * MIB).upload()  # everything is loaded by now
    before = server.memory()
    server.forget_peak()
    client_for(server, story, 8 * MIB, 200 * MIB).upload()
    growth = server.memory("VmHWM") - before
    print(f"{growth / MIB:.1f} MiB")
    assert growth < 64 * MIB
