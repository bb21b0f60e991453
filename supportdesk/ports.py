"""Whether an address can be listened on, said in a sentence."""

from __future__ import annotations

import errno
import socket


class PortError(Exception):
    """The address cannot be listened on; the message is for a person."""


def parse_port(text: str) -> int:
    """The port of PORT. Raises PortError unless it is a number from 1 to 65535."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise PortError(f"PORT must be a number from 1 to 65535, not “{text}”.")


def require_free(host: str, port: int, command: str) -> None:
    """Raise PortError, naming a port that is free, when somebody listens on this one."""
    try:
        if _taken(host, port):
            raise PortError(
                f"Port {port} on {host} is in use by another program. Stop that, or choose "
                f"another port: PORT={_next_free(host, port)} {command}"
            )
    except PermissionError:
        raise PortError(
            f"Port {port} needs rights that this account lacks. Choose one above 1023: "
            f"PORT={_next_free(host, 8000)} {command}"
        ) from None
    except OSError as error:
        raise PortError(f"{host} is no address of this machine: {error.strerror}.") from None


def _taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # On some systems only listening tells of a listener on the wildcard address.
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def _next_free(host: str, port: int) -> int:
    for candidate in range(port + 1, min(port + 200, 65536)):
        try:
            if not _taken(host, candidate):
                return candidate
        except OSError:
            break
    return 8080
