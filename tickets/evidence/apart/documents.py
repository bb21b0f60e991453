"""Papers that may go with a message: PDF, text, office. Known by content, never opened."""

from __future__ import annotations

from pathlib import Path

_READ = 64 * 1024
PDF, TEXT = "application/pdf", "text/plain"
OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
# Bytes that no text has, in any of the encodings that begin like ASCII.
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def document_of(path: Path) -> str:
    """The type of a document, or nothing. What a browser may show of it is not decided here."""
    with path.open("rb") as file:
        head = file.read(_READ)
    if b"%PDF-" in head[:1024]:
        return PDF
    if head[:4] == b"PK\x03\x04":
        return _packed(head)
    return TEXT if _is_text(head) else ""


def _packed(head: bytes) -> str:
    """An archive is taken where its first entries say that it is an office's paper."""
    if b"[Content_Types].xml" in head[:4096]:
        return OFFICE
    return OPEN_DOCUMENT if b"mimetypeapplication/vnd.oasis.opendocument" in head[:256] else ""


def _is_text(head: bytes) -> bool:
    if head[:2] in _UTF16:
        try:
            head[: len(head) // 2 * 2].decode("utf-16")
        except UnicodeDecodeError as error:
            return error.start >= len(head) - 4  # a character that goes on beyond what was read
        return True
    return head.translate(None, _CONTROL) == head
