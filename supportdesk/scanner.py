"""Where clamd listens: one variable, ``CLAMD_URL``, and nothing where it is empty."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

CLAMD_PORT = 3310  # clamd's own
_HOW = "CLAMD_URL must look like tcp://host:3310 or unix:///path/to/clamd.ctl"
# What the operating system takes for the path of a socket, its last NUL left out.
_LONGEST_PATH = 107


@dataclass(frozen=True, slots=True)
class ClamdAddress:
    """Either ``host`` and ``port``, or the ``path`` of a socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def clamd_address(url: str) -> ClamdAddress | None:
    """Where the scanner listens, or None where there is none (``url`` is empty).

    Raises:
        ValueError: the address is neither ``tcp://host[:port]`` nor ``unix:///path``.
    """
    if not url.strip():
        return None
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{_HOW}: {error}") from None
    extra = parts.query or parts.fragment or parts.username or parts.password
    if (
        parts.scheme == "tcp"
        and parts.hostname
        and port != 0
        and not (extra or parts.path.strip("/"))
    ):
        return ClamdAddress(host=parts.hostname, port=port or CLAMD_PORT)
    if parts.scheme == "unix" and not parts.netloc and not extra:
        path = unquote(parts.path)
        fits = len(path.encode()) <= _LONGEST_PATH and "\0" not in path
        if path.startswith("/") and path.strip("/") and fits:
            return ClamdAddress(path=path)
    raise ValueError(_HOW)
