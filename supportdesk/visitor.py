"""Who knocks: the address that rate limits count by, and that the log of files keeps."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def visitor_of(request: HttpRequest) -> str:
    """The visitor's network address; the last proxy's word only where one is trusted."""
    if settings.TRUST_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        if forwarded[-1].strip():
            return forwarded[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def address_of(request: HttpRequest) -> str | None:
    """The visitor's network address for the log, where it is one."""
    try:
        address = ipaddress.ip_address(visitor_of(request).partition("%")[0])
    except ValueError:
        return None
    # One way of writing each, the database's: the entry's seal is made over it.
    return str(getattr(address, "ipv4_mapped", None) or address)
