"""What every request passes: a plain page when the database is down, and people's time zones."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from supportdesk import clock
from supportdesk.zones import zone_or_none

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)
DATABASE_AWAY = (OperationalError, InterfaceError)


class DatabaseDownMiddleware:
    """Answers 503 in plain words while the database cannot be reached."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a lost database into a page; everything else is not ours."""
        if isinstance(error, DATABASE_AWAY):
            return unavailable(error)
        return None


class NoRulesMiddleware:
    """Where not one version of a store's rules can be read: the pack that ships, else a 503.

    Only the pages that need those rules are concerned; other stores live on.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Let the shipped pack stand in and have the same request sent again, or say it plainly."""
        from policies.publish import NoGoodVersion, stand_in
        from tickets.models import Store

        if not isinstance(error, NoGoodVersion):
            return None
        store = Store.objects.filter(pk=error.store_id).first()
        if store is not None and stand_in(store.pk, store.slug, now=clock.now()) is not None:
            # 307: the browser repeats the very same request, with what was typed.
            return HttpResponse(status=307, headers={"Location": request.get_full_path()})
        log.critical("Store %s has no rules that can be read", error.store_id)
        response = HttpResponse(render_to_string("503_rules.html"), status=503)
        response["Retry-After"] = "60"
        response["Cache-Control"] = "no-store"
        return response


def unavailable(error: Exception) -> HttpResponse:
    """The 503 page; says what to do, and asks the browser to come back."""
    log.error("The database cannot be reached: %s", type(error).__name__)
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "15"
    response["Cache-Control"] = "no-store"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for what nobody foresaw; a database lost in a middleware is told as such."""
    error = sys.exc_info()[1]
    if isinstance(error, DATABASE_AWAY):
        return unavailable(error)
    return HttpResponse(render_to_string("500.html"), status=500)


class ReadableAddressMiddleware:
    """An address with a NUL in it is nobody's: PostgreSQL could not even look for it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on what can be read; 400 for the rest."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponse(render_to_string("400.html", request=request), status=400)
        return self.get_response(request)


class DemoPagesMiddleware:
    """In the demo people meet the pages of the product, not Django's for developers.

    (`DEBUG=1 DEMO=0` shows those.) The reporter below does the same for errors.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """An address that leads nowhere: no view was found at all."""
        response = self.get_response(request)
        if response.status_code == 404 and request.resolver_match is None and _plain():
            return _not_found(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """An object that is not there, or not theirs to see."""
        return _not_found(request) if isinstance(error, Http404) and _plain() else None


class DemoReporter(ExceptionReporter):
    """In the demo an unforeseen error is our page too; the log has the rest."""

    def get_traceback_html(self) -> SafeString:
        """Our page instead of the developers'."""
        return render_to_string("500.html") if _plain() else super().get_traceback_html()


def _plain() -> bool:
    return bool(settings.DEBUG and settings.DEMO)


def _not_found(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_to_string("404.html", request=request), status=404)


class StaffZoneMiddleware:
    """Shows staff their own time zone where they have set one; the store's otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        user = getattr(request, "user", None)
        try:
            known = user is not None and user.is_authenticated
        except DATABASE_AWAY as error:
            return unavailable(error)
        zone = zone_or_none(getattr(user, "time_zone", "")) if known else None
        if zone is not None:
            with timezone.override(zone):
                return self.get_response(request)
        return self.get_response(request)
