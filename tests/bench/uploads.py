"""An upload of 1 GiB against `cat > file`, one of 2 GiB in memory, and twenty beside the desk.

Both copies come over the loopback from a file that is in memory already, sent by a process of
its own with `sendfile`; the upload in chunks of 8 MiB, each one written, confirmed and recorded.
They take turns, and both write into memory (/dev/shm): the same copy onto the disk took one to
four seconds from one minute to the next, so that a ratio of two of them told of the disk.

Then how much memory one of 2 GiB adds to the process that takes it, at its worst moment.

Then an agent's ticket page is opened over and over, idle and while twenty phones send, each over
a line of its own.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from supportdesk import clock
from supportdesk.sessions import SessionStore
from tests.bench.__main__ import Figure
from tests.bench.server import Client, serving
from tests.cast import Story, a_file, add_evidence, make_customer, make_order
from tests.evidence.tus_server import Server
from tickets.actions.file_claim import file_claim
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.models import Evidence, Membership, Role, Store, Upload, User

MIB, GIB = 1024**2, 1024**3
CHUNK = 8 * 1024 * 1024
TURNS = 5
SENDERS = 20
EACH = 128 * 1024 * 1024  # bytes of each of the twenty
LINE = 4_000_000  # bytes a second: 32 Mbit/s, a phone on a good day
PAGES = 30
SENDER = Path(__file__).with_name("sender.py")


def figures() -> Iterator[Figure]:
    """Throughput as a share of the plain copy; memory; the page's time against its idle time."""
    store = open_store("kpopusa", now=clock.now(), mail_from="bench@example.com")
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else settings.DATA_DIR
    with (
        tempfile.TemporaryDirectory(dir=memory) as place,
        _files_in(Path(place) / "media"),
        serving(workers=2, threads=8) as client,
    ):
        film = _film(Path(place) / "film.mp4", GIB)
        yield _throughput(client, film, store)
        film.unlink()
        yield _memory(Path(place) / "media", store)
        yield from _beside_the_desk(client, Path(place), store)


@contextmanager
def _files_in(folder: Path) -> Iterator[None]:
    """Let the server keep its files there."""
    os.environ["MEDIA_ROOT"] = settings.MEDIA_ROOT = str(folder)
    yield


def _film(path: Path, size: int) -> Path:
    """Random bytes: nothing on the way can make them smaller."""
    block = os.urandom(CHUNK)
    with path.open("wb") as file:
        for _ in range(size // CHUNK):
            file.write(block)
    return path


def _door(store: Store, number: int) -> str:
    customer = make_customer(store, f"up{number}@example.com", "Up")
    draft = Story(make_order(customer, f"U{number}", now=clock.now()), clock.now()).draft()
    return f"/uploads/tus/?draft={draft.key}&kind=unboxing_video"


def _send(port: int, path: str, film: Path, rate: int = 0) -> float:
    command = [sys.executable, str(SENDER), str(port), path, str(film), str(CHUNK), str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"an upload failed: {done.stderr.strip()[-300:]}")
    return float(done.stdout)


def _throughput(client: Client, film: Path, store: Store) -> Figure:
    ours, plain = [], []
    for number in range(TURNS):
        if not number:
            _warm(client.port, _door(store, 99))
        plain.append(_cat(film))
        ours.append(_send(client.port, _door(store, number), film))
        upload = Upload.objects.order_by("pk").last()
        assert upload is not None and upload.state == "arrived", "the file did not arrive"
        Path(settings.MEDIA_ROOT, upload.stored_name).unlink()
    a, b = statistics.median(ours), statistics.median(plain)
    print(f"  1 GiB: upload {a:.2f} s ({GIB / a / 1e6:.0f} MB/s), cat {b:.2f} s")
    return Figure("upload of 1 GiB / `cat > file`, throughput", b / a, "of it", 0.5, at_most=False)


def _warm(port: int, door: str) -> None:
    """Let both processes read the store's rules before anything is timed."""
    query = door.partition("?")[2]
    for _ in range(16):
        if Client(port).get(f"/uploads/state/?{query}") != 200:
            raise RuntimeError("the door does not open")


def _cat(film: Path) -> float:
    """The seconds of the plain copy: from the first byte sent until `cat` has ended."""
    with socket.socket() as listener, tempfile.NamedTemporaryFile(dir=film.parent) as target:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        program = (
            "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
            " s.sendfile(open(sys.argv[2], 'rb')); s.close()"
        )
        sender = subprocess.Popen(
            [sys.executable, "-c", program, str(listener.getsockname()[1]), str(film)]
        )
        line, _ = listener.accept()
        started = time.perf_counter()
        with line:
            subprocess.run(["cat"], stdin=line.fileno(), stdout=target, check=True)
        took = time.perf_counter() - started
        sender.wait()
        assert Path(target.name).stat().st_size == film.stat().st_size
    return took


def _memory(media: Path, store: Store) -> Figure:
    """What a server of its own holds at the most while 2 GiB come, beyond what it held before."""
    server = Server(media)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as place:
            film = Path(place) / "long.mp4"
            for number, size in enumerate((2 * CHUNK, 2 * GIB)):  # the first loads everything
                film.touch()
                os.truncate(film, size)  # a hole: what is sent is zeros, and fills no disk
                before = server.memory()
                server.forget_peak()
                _send(server.port, _door(store, 50 + number), film)
        growth = server.memory("VmHWM") - before
    finally:
        server.kill()
    upload = Upload.objects.order_by("pk").last()
    assert upload is not None, "it never began"
    assert (upload.state, upload.length) == ("arrived", 2 * GIB), "the film did not arrive"
    (media / upload.stored_name).unlink()
    return Figure("memory an upload of 2 GiB adds to the server", growth / MIB, "MiB", 64)


def _beside_the_desk(client: Client, place: Path, store: Store) -> Iterator[Figure]:
    cookie, page = _agent(store), _page(store)
    film = _film(place / "clip.mp4", EACH)
    idle = _open(client, page, cookie)
    doors = [_door(store, 100 + number) for number in range(SENDERS)]
    before = Evidence.objects.count()
    failed: list[Exception] = []

    def one(path: str) -> None:
        try:
            _send(client.port, path, film, LINE)
        except Exception as error:  # told below: not one may fail
            failed.append(error)

    senders = [threading.Thread(target=one, args=(path,)) for path in doors]
    for sender in senders:
        sender.start()
    time.sleep(2)  # all of them are on their way
    busy = _open(client, page, cookie)
    still = sum(sender.is_alive() for sender in senders)
    for sender in senders:
        sender.join()
    assert not failed, failed[0]
    assert Evidence.objects.count() == before + SENDERS
    assert still > SENDERS / 2, "they were done before the pages were"
    a, b = statistics.median(idle), statistics.median(busy)
    print(
        f"  ticket page: idle {a * 1000:.1f} ms, beside {SENDERS} uploads {b * 1000:.1f} ms "
        f"(medians; the slowest {max(busy) * 1000:.0f} ms); {still} were still sending"
    )
    yield Figure(f"ticket page beside {SENDERS} uploads / idle", b / a, "x", 2)


def _open(client: Client, page: str, cookie: str) -> list[float]:
    took = []
    client = Client(client.port)  # a connection that slept through an upload is closed by now
    for number in range(PAGES + 5):
        started = time.perf_counter()
        status = client.get(page, cookie)
        if status != 200:
            raise RuntimeError(f"{page} answered {status}")
        if number >= 5:
            took.append(time.perf_counter() - started)
    return took


def _page(store: Store) -> str:
    customer = make_customer(store, "desk@example.com", "Desk")
    order = make_order(customer, "D1", now=clock.now())
    story = Story(order, clock.now())
    draft = story.draft("missing_photocard", opened=True)
    add_evidence(a_file(at=clock.now()), draft=draft, actor=None, now=clock.now())
    claim = file_claim(draft, actor=Actor.of_customer(customer), now=clock.now())
    return f"/desk/tickets/{claim.ticket.reference}/"


def _agent(store: Store) -> str:
    """A member of staff who is signed in: the cookie of their session."""
    user = User.objects.create_user("bench@staff.test", "an unboxing video, please", name="Bench")
    Membership.objects.create(user=user, store=store, role=Role.AGENT)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
