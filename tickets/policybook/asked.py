"""Who asks, for which store: what they may not see is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language

from supportdesk import clock
from tickets import access
from tickets.actor import Actor
from tickets.alarms import standing
from tickets.models import Store, User
from tickets.permissions import may
from tickets.templatetags.dates import place_of

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Asked:
    """The person, their store, the one reading of the clock, and whether they may publish."""

    user: User
    store: Store
    now: datetime
    publishes: bool

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return Actor.staff(self.user)

    @property
    def locale(self) -> str:
        """The language that the person reads."""
        return get_language() or "en"

    def page(self, **more: Any) -> dict[str, Any]:
        """The context of every page of a store's rules."""
        return {
            "asked": self,
            "store": self.store,
            "place": place_of(self.store),
            "now": self.now,
            "reader_zone": self.user.time_zone,
            "reports": may(self.user, self.store, "report"),
            "alarms": standing([self.store]),
            **more,
        }


def staff_with(verb: str) -> Callable[[View], View]:
    """Let in who has ``verb`` in the store of the address; for others there is nothing here."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def inner(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            user = cast(User, request.user)
            store = access.stores_for(user, verb).filter(slug=slug).first()
            if store is None:
                raise Http404
            asked = Asked(user, store, clock.now(), may(user, store, "publish"))
            response = view(request, asked, **kwargs)
            response["Cache-Control"] = "no-store"
            return response

        return inner

    return decorate


reads, publishes = staff_with("see"), staff_with("publish")


def attachment(name: str) -> str:
    """A header that hands a file out under a name, whatever letters it has."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    return f"attachment; filename=\"{plain}.yaml\"; filename*=UTF-8''{quote(name)}.yaml"
