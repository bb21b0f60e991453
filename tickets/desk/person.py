"""Who is at the desk: the signed-in person, their stores, and the one reading of the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.middleware import get_user
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportdesk import clock
from supportdesk.prepared import Prepared
from tickets import access, permissions
from tickets.actor import Actor
from tickets.alarms import any_standing, standing
from tickets.desk import left
from tickets.desk.queue_counts import Counts, counts
from tickets.evidence import outages
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
            "left": left.groups(counted, self.store.slug if self.store else ""),
            "counts": counted,
            "now": self.now,
            "reader_zone": self.user.time_zone,
            "policy_alarms": standing(self.stores) if self._any("rules_trouble") else [],
            "outages": outages.standing(self.stores) if self._any("something_away") else [],
            **more,
        }


_SOMEBODY = -7_340_033  # nobody's key: stands in the statement for whoever asks
_MORE = ("role", "something_away", "rules_trouble")


@cache
def _statement(is_superuser: bool) -> Prepared:
    """The statement behind `_stores`, built once by the rule of `access`."""
    somebody = User(pk=_SOMEBODY, is_active=True, is_superuser=is_superuser)
    role = Membership.objects.filter(user=somebody, store=OuterRef("pk")).values("role")[:1]
    rows = access.stores_for(somebody).annotate(
        role=Subquery(role),
        something_away=outages.any_standing(),
        rules_trouble=any_standing(),
    )
    with connection.cursor() as cursor:
        text = cursor.mogrify(*rows.query.sql_with_params())
    return Prepared(text.replace(str(_SOMEBODY), "%(user)s"), {"user": "bigint"})


def _stores(user: User) -> list[Store]:
    """The person's stores, each with their ``role`` in it, in one query.

    It also asks whether anything that files need is away, and whether a store's rules cannot be
    read: most often nothing is, and then nobody looks for more.
    """
    if not user.is_active:
        return []
    names = [field.attname for field in Store._meta.concrete_fields]
    found = []
    with connection.cursor() as cursor:
        _statement(user.is_superuser).execute(cursor, {"user": user.pk})
        columns = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            told = dict(zip(columns, row, strict=True))
            store = Store.from_db(DEFAULT_DB_ALIAS, names, [told[name] for name in names])
            for name in _MORE:
                setattr(store, name, told[name])
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
