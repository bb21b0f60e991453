"""Who is at the desk: the signed-in person, their stores, and the one reading of the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.middleware import get_user
from django.db import connection
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportdesk import clock
from supportdesk.prepared import Prepared
from tickets import access, permissions
from tickets.actor import Actor
from tickets.alarms import any_standing, standing
from tickets.desk import shortcuts
from tickets.desk.queue_counts import Counts, counts
from tickets.evidence import outages
from tickets.jsonrows import Shape
from tickets.models import Membership, Store, User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, "Desk", P], HttpResponse]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every view of the desk knows. ``store`` is the chosen filter, if any."""

    user: User
    actor: Actor
    stores: list[Store]
    store: Store | None
    now: datetime

    def verbs(self, store_id: int) -> frozenset[str]:
        """What this person may do in a store: the buttons that make sense to show."""
        if self.user.is_superuser:
            return permissions.ALL_VERBS
        store = next((store for store in self.stores if store.pk == store_id), None)
        return permissions.VERBS.get(getattr(store, "role", ""), frozenset())

    @property
    def store_id(self) -> int | None:
        """The key of the chosen store, for queries."""
        return self.store.pk if self.store else None

    @property
    def here(self) -> list[int]:
        """The keys of the stores that are looked at: the chosen one, else all of this person's."""
        return [self.store.pk] if self.store else [store.pk for store in self.stores]

    @property
    def reports(self) -> bool:
        """Whether the managers' page has something for this person."""
        return any("report" in self.verbs(store.pk) for store in self.stores)

    @property
    def automates(self) -> bool:
        """Whether this person says anywhere what the desk does by itself."""
        return any("publish" in self.verbs(store.pk) for store in self.stores)

    @property
    def keys(self) -> str:
        """The table of single keys, as each page tells it to its script."""
        return shortcuts.WIRE

    @property
    def works(self) -> bool:
        """Whether this person answers customers anywhere, and does not only look."""
        return any("work" in self.verbs(store.pk) for store in self.stores)

    def _any(self, what: str) -> bool:
        return any(getattr(store, what, False) for store in self.stores)

    def counts(self) -> Counts:
        """How much stands where, for the left zone."""
        return counts(self.user, self.here, self.now)

    def context(self, counted: Counts | None = None, **more: Any) -> dict[str, Any]:
        """The context of every page: the counts of the left zone and what the view adds.

        ``counted`` are counts that were taken already.
        """
        counted = counted or self.counts()
        return {
            "desk": self,
            "counts": counted,
            "now": self.now,
            "reader_zone": self.user.time_zone,
            "policy_alarms": standing(self.stores) if self._any("rules_trouble") else [],
            "outages": outages.standing(self.stores) if self._any("something_away") else [],
            **more,
        }


_SOMEBODY = -7_340_033  # nobody's key: stands in the statement for whoever asks
_STORE = Shape(Store)
_MORE = ("role", "something_away", "rules_trouble")


_STORES = """
  (SELECT json_agg(json_build_array({row}, s.role, s.something_away, s.rules_trouble))
   FROM ({rows}) s)
"""
_COLUMN = """
  CASE WHEN u.is_active THEN CASE WHEN u.is_superuser THEN {of_all} ELSE {of_member} END END
"""
_OF_PERSON = "SELECT {} FROM tickets_user u WHERE u.id = %(key)s"


@cache
def stores_column() -> str:
    """A column of a statement about ``tickets_user u``: where this person works, for `_stores`.

    Whose stores they are is the rule of `access`. Read along with the person by whoever finds
    out who is signed in, and kept as their ``stores_read``.
    """
    return _COLUMN.format(of_all=_rows_of(superuser=True), of_member=_rows_of(superuser=False))


def _rows_of(*, superuser: bool) -> str:
    somebody = User(pk=_SOMEBODY, is_active=True, is_superuser=superuser)
    role = Membership.objects.filter(user=somebody, store=OuterRef("pk")).values("role")[:1]
    rows = access.stores_for(somebody).annotate(
        role=Subquery(role),
        something_away=outages.any_standing(),
        rules_trouble=any_standing(),
    )
    with connection.cursor() as cursor:
        text = cursor.mogrify(*rows.query.sql_with_params())
    return _STORES.format(row=_STORE.sql("s"), rows=text.replace(str(_SOMEBODY), "u.id"))


@cache
def _statement() -> Prepared:
    return Prepared(_OF_PERSON.format(stores_column()), {"key": "bigint"})


def _stores(user: User) -> list[Store]:
    """The person's stores, each with their ``role`` in it; read with the person, or in one query.

    It also asks whether anything that files need is away, and whether a store's rules cannot be
    read: most often nothing is, and then nobody looks for more.
    """
    if "stores_read" in user.__dict__:
        rows = user.__dict__.pop("stores_read")  # once: the next one asks anew
    else:
        with connection.cursor() as cursor:
            _statement().execute(cursor, {"key": user.pk})
            (rows,) = cursor.fetchone()
    found = []
    for values, *more in rows or ():
        store = _STORE.made(values)
        for name, value in zip(_MORE, more, strict=True):
            setattr(store, name, value)
        found.append(store)
    return found


def staff_only(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let signed-in people with at least one store in; tell the others what to do.

    Reads the clock once and hands everything to the view as a :class:`Desk`.
    """

    @login_required
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        # The person themselves, not Django's lazy stand-in: a page asks for them dozens of times.
        user = request.user = cast(User, get_user(request))
        stores = _stores(user)
        if not stores:
            return render(request, "desk/no_store.html", status=403)
        wanted = request.GET.get("store", "")
        chosen = next((store for store in stores if store.slug == wanted), None)
        desk = Desk(user, Actor.staff(user), stores, chosen, clock.now())
        response = view(request, desk, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return inner
