"""What every request passes: a plain page when the database is down, and people's time zones."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from supportdesk.zones import zone_or_none

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)


class DatabaseDownMiddleware:
    """Answers 503 in plain words while the database cannot be reached."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a lost database into a page; everything else is not ours."""
        if isinstance(error, (OperationalError, InterfaceError)):
            return unavailable(error)
        return None


def unavailable(error: Exception) -> HttpResponse:
    """The 503 page; says what to do, and asks the browser to come back."""
    log.error("The database cannot be reached: %s", type(error).__name__)
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "15"
    response["Cache-Control"] = "no-store"
    return response


class StaffZoneMiddleware:
    """Shows staff their own time zone where they have set one; the store's otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        user = getattr(request, "user", None)
        known = user is not None and user.is_authenticated
        zone = zone_or_none(getattr(user, "time_zone", "")) if known else None
        if zone is not None:
            with timezone.override(zone):
                return self.get_response(request)
        return self.get_response(request)
