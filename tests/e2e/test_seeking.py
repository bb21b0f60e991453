"""A long film: an agent jumps to its end, and only what is looked at travels."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.e2e.house import House
from tests.e2e.people import Person
from tests.evidence.filing import filed
from tickets.actor import Actor
from tickets.evidence import links, serve
from tickets.evidence.stored import Source
from tickets.models import Order, User

pytestmark = pytest.mark.e2e
SECONDS, RATE, SIZE = 600, 5, (320, 240)
BLUE_FROM = 560  # red before, blue after

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


def _frame(colour: tuple[int, int, int]) -> bytes:
    """One whole picture in VP9: a coloured middle in noise, which no codec makes small."""
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, RATE)
    encoder.bit_rate = 40_000_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "qmin": "1", "qmax": "6"}
    picture = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    picture[80:160, 100:220] = colour
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    return bytes([*encoder.encode(frame), *encoder.encode(None)][0])


@pytest.fixture(scope="module")
def long_film() -> bytes:
    """Ten minutes in over 200 MB, its index at the end as a phone writes it.

    Two pictures, each written many times. In MP4, whose index a player must read before it knows
    the film's length: in WebM, Chromium, told to jump while it still reads the first picture, now
    and then gives the index up and reads all that lies before.

    A player asks for everything to the end and stops listening when it has enough. What the
    kernel and the browser hold until that is felt here, some 10 MB an answer, has left the
    storage on the fastest machine as on the slowest: so the film is large beside several of them.
    """
    red, blue = _frame((230, 20, 20)), _frame((20, 20, 230))
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libvpx-vp9", rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        container.start_encoding()
        for number in range(SECONDS * RATE):
            packet = av.Packet(blue if number >= BLUE_FROM * RATE else red)
            packet.stream, packet.is_keyframe = stream, True
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, RATE)
            container.mux(packet)
    return out.getvalue()


@dataclass
class Sent:
    """What left the storage for one answer: ``count`` bytes from ``start`` on."""

    start: int
    count: int = 0

    def within(self, first: int, last: int) -> int:
        """How many of them lie between two places of the film."""
        return max(0, min(self.start + self.count, last) - max(self.start, first))


@pytest.fixture
def travelled(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """What left the storage, answer by answer."""
    answers: list[Sent] = []
    really = serve.open_range

    def opened(name: str, start: int, end: int) -> Source:
        source, sent = really(name, start, end), Sent(start)
        answers.append(sent)
        read = source.read

        def counting(*args: Any) -> bytes:
            piece = read(*args)
            sent.count += len(piece)
            return piece

        monkeypatch.setattr(source, "read", counting)
        return source

    monkeypatch.setattr(serve, "open_range", opened)
    return answers


def test_the_end_of_a_long_film_is_there_without_what_lies_before(
    house: House,
    at_desk: Callable[[User], Person],
    album_order: Order,
    agent: User,
    long_film: bytes,
    travelled: list[Sent],
) -> None:
    assert len(long_film) > 200_000_000
    claim, evidence = filed(
        album_order, now=house.clock(), content=long_film, name="u.mp4", content_type="video/mp4"
    )
    nora = at_desk(agent)
    nora.opens(f"/desk/claims/{claim.ticket.reference}/custody/")
    page: Page = nora.page
    address = links.link(evidence, "original", actor=Actor.staff(agent), now=house.clock())

    assert page.evaluate(_PLAY, address) == pytest.approx(SECONDS, abs=1)
    red, _green, blue = page.evaluate(_SEEK, BLUE_FROM + 5)
    assert blue > 150 > 100 > red
    # The picture is there. Of what lies between the beginning and the place shown, not a byte left.
    whole = len(long_film)
    assert sum(each.within(whole // 4, whole * 9 // 10) for each in travelled) == 0, travelled
    red, _green, blue = page.evaluate(_SEEK, 100)
    assert red > 150 > 100 > blue
    assert sum(each.count for each in travelled) < whole / 4, travelled

    parts = [each for each in nora.answers if "/uploads/f/" in each.url]
    assert len(parts) > 1
    assert {each.status for each in parts} == {206}
    print("SUM", sum(e.count for e in travelled), whole, travelled)
    # All of it was one look.
    assert evidence.custody.filter(act="viewed").count() == 1
