"""A long film: an agent jumps to its end, and only what is looked at travels."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.e2e.house import House
from tests.e2e.people import Person
from tests.evidence.filing import filed
from tickets.actor import Actor
from tickets.evidence import links
from tickets.models import Order, User

pytestmark = pytest.mark.e2e
SECONDS, RATE, SIZE = 240, 5, (320, 240)
BLUE_FROM = 225  # red before, blue after

_PLAY = """src => new Promise((done, failed) => {
  const film = document.createElement("video");
  film.id = "film"; film.muted = true; film.preload = "metadata";
  film.onloadedmetadata = () => done(film.duration);
  film.onerror = () => failed(new Error(film.error.message));
  film.src = src;
  document.querySelector("main").prepend(film);
})"""
_SEEK = """to => new Promise(done => {
  const film = document.getElementById("film");
  film.onseeked = () => {
    const canvas = document.createElement("canvas");
    canvas.width = film.videoWidth; canvas.height = film.videoHeight;
    const pen = canvas.getContext("2d");
    pen.drawImage(film, 0, 0);
    done([...pen.getImageData(160, 120, 1, 1).data.slice(0, 3)]);
  };
  film.currentTime = to;
})"""


@pytest.fixture(scope="module")
def long_film() -> bytes:
    """Four minutes in some thirty megabytes, its index at the end as a phone writes it."""
    noise = np.random.default_rng(1)
    with tempfile.NamedTemporaryFile(suffix=".webm") as file:
        with av.open(file.name, "w", format="webm") as container:
            options = {"deadline": "realtime", "cpu-used": "8", "qmin": "1", "qmax": "6"}
            stream = container.add_stream("libvpx", rate=RATE, options=options)
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            stream.bit_rate = 2_000_000
            stream.gop_size = RATE * 4
            grain = noise.integers(0, 256, (8, SIZE[1], SIZE[0], 3), dtype=np.uint8)
            for number in range(SECONDS * RATE):
                picture = grain[number % len(grain)].copy()
                colour = (20, 20, 230) if number >= BLUE_FROM * RATE else (230, 20, 20)
                picture[80:160, 100:220] = colour
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return Path(file.name).read_bytes()


def test_the_end_of_a_long_film_is_there_without_what_lies_before(
    house: House,
    at_desk: Callable[[User], Person],
    album_order: Order,
    agent: User,
    long_film: bytes,
) -> None:
    assert len(long_film) > 20_000_000
    claim, evidence = filed(
        album_order, now=house.clock(), content=long_film, name="u.webm", content_type="video/webm"
    )
    nora = at_desk(agent)
    nora.opens(f"/desk/claims/{claim.ticket.reference}/custody/")
    page: Page = nora.page
    address = links.link(evidence, "original", actor=Actor.staff(agent), now=house.clock())

    assert page.evaluate(_PLAY, address) == pytest.approx(SECONDS, abs=1)
    red, _green, blue = page.evaluate(_SEEK, BLUE_FROM + 5)
    assert blue > 150 > 100 > red
    red, _green, blue = page.evaluate(_SEEK, 100)
    assert red > 150 > 100 > blue

    parts = [each for each in nora.answers if "/uploads/f/" in each.url]
    assert len(parts) > 1
    assert {each.status for each in parts} == {206}
    # It jumped: a piece was asked for from its middle on. How much a player reads ahead meanwhile
    # is its own affair, and more on a slow machine.
    begins = [int(each.headers["content-range"].split()[1].split("-")[0]) for each in parts]
    assert max(begins) > 1_000_000
    # All of it was one look.
    assert evidence.custody.filter(act="viewed").count() == 1
