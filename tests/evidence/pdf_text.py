"""Read the text of a PDF as a viewer would copy it: through each font's own map to Unicode."""

from __future__ import annotations

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"\((?:\\.|[^\\)])*\)\s*Tj|<([0-9A-Fa-f]+)>\s*Tj|\[(.*?)\]\s*TJ", re.DOTALL)
_LITERAL = re.compile(rb"\(((?:\\.|[^\\)])*)\)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def fonts_of(content: bytes) -> set[str]:
    """The names of the fonts that are embedded."""
    return {name.decode() for name in re.findall(rb"/FontName /(\S+)", content)}


def text_of(content: bytes) -> str:
    """All that is written, piece by piece, in the order in which it is drawn."""
    streams = [_inflated(found) for found in _STREAM.findall(content)]
    codes: dict[int, str] = {}
    for stream in streams:
        if b"begincmap" in stream:
            codes |= _map(stream)
    return "\n".join(
        "".join(codes.get(code, "?") for code in _codes(piece))
        for stream in streams
        if b"BT" in stream and b"begincmap" not in stream
        for piece in _pieces(stream)
    )


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _map(stream: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", stream, re.DOTALL):
        for code, to in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(to.decode()).decode("utf-16-be")
    return found


def _pieces(stream: bytes) -> list[bytes]:
    pieces = []
    for found in _SHOWN.finditer(stream):
        literals = _LITERAL.findall(found.group(0))
        if literals:
            pieces.append(b"".join(_unescaped(each) for each in literals))
        elif found.group(1):
            pieces.append(bytes.fromhex(found.group(1).decode()))
    return pieces


def _unescaped(literal: bytes) -> bytes:
    return re.sub(
        rb"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), literal, flags=re.DOTALL
    )


def _codes(piece: bytes) -> list[int]:
    return [int.from_bytes(piece[at : at + 2], "big") for at in range(0, len(piece), 2)]
