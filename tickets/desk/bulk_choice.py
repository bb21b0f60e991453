"""Which tickets a bulk change is for: those that were ticked, or all that a list holds now.

A choice travels in the address of the form, so that the form, its preview and what it starts all
mean the same list. It is read anew each time, and written down when the change begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets import access
from tickets.actions.bulk import MOST
from tickets.desk import filters, queues, saved_views, search, stretches
from tickets.desk.person import Desk
from tickets.desk.saved_views import Narrowed

MOST_TICKED = 200  # a page has thirty
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Tickets by their ids, as their list orders them: never more than one over `MOST`.

    ``told`` names the list, or says how many were ticked. ``whole`` is False where the list is so
    long that not all of it was looked through. ``back`` is the list's address.
    """

    ids: Sequence[int]
    told: str
    query: str
    back: str
    whole: bool = True

    @property
    def count(self) -> int:
        """How many would be changed."""
        return min(len(self.ids), MOST)

    @property
    def cut(self) -> bool:
        """Whether there are more than one change takes."""
        return len(self.ids) > MOST

    @property
    def most(self) -> int:
        """How many one change takes."""
        return MOST


def of(desk: Desk, query: QueryDict) -> Choice:
    """What an address chooses, as far as this person may see it."""
    if not query.get("all"):
        return _ticked(desk, query)
    if query.get("q", "").strip():
        return _searched(desk, query)
    if query.get("view") or filters.given(query).keys() - {"store"}:
        found = saved_views.of_address(desk, query)
        return _narrowed(found, _address(query))
    return _queued(desk, query)


def fields_of_queue(desk: Desk, key: str) -> Pairs:
    """The fields of a list's form that name it, for a queue."""
    return [("queue", key), *([("store", desk.store.slug)] if desk.store else [])]


def fields_of_list(found: Narrowed) -> Pairs:
    """The same for a list that is narrowed down."""
    view = [("view", str(found.view.pk))] if found.view is not None else []
    # A view without filters holds what is open, and is to be told from the queue of that.
    return [*view, *found.hidden]


def fields_of_search(desk: Desk, typed: str) -> Pairs:
    """The same for what a search has found."""
    return [("q", typed), *([("store", desk.store.slug)] if desk.store else [])]


def _address(query: QueryDict) -> str:
    """The query without what was typed into no list."""
    kept = query.copy()
    for name in ("pick", "after", "panel", "deleted"):
        kept.pop(name, None)
    return kept.urlencode()


def _back(query: QueryDict, to: str = "desk:queue") -> str:
    kept = query.copy()
    for name in ("pick", "all"):
        kept.pop(name, None)
    return f"{reverse(to)}?{kept.urlencode()}"


def _ticked(desk: Desk, query: QueryDict) -> Choice:
    typed = query.getlist("pick")[:MOST_TICKED]
    wanted = [int(one) for one in typed if one.isascii() and one.isdecimal() and len(one) < 19]
    seen = access.tickets_for(desk.actor).filter(pk__in=wanted).values_list("pk", flat=True)
    there = set(seen)
    ids = [pk for pk in dict.fromkeys(wanted) if pk in there]
    told = ngettext("%(n)d ticked ticket", "%(n)d ticked tickets", len(ids)) % {"n": len(ids)}
    to = "desk:search" if query.get("q") else "desk:queue"
    return Choice(ids, told, urlencode([("pick", pk) for pk in ids]), _back(query, to))


def _queued(desk: Desk, query: QueryDict) -> Choice:
    queue = queues.QUEUES.get(query.get("queue", ""), queues.QUEUES["open"])
    ids, whole = stretches.ids(queue.selection(desk.user, desk.here, desk.now), MOST + 1)
    told = f"{queue.title} ({desk.store.name})" if desk.store else str(queue.title)
    return Choice(ids, told, _address(query), _back(query), whole)


def _narrowed(found: Narrowed, address: str) -> Choice:
    ids, whole = ([], True) if found.selection is None else stretches.ids(found.selection, MOST + 1)
    told = found.view.name if found.view is not None and not found.changed else _("A filtered list")
    back = f"{reverse('desk:queue')}?{urlencode(fields_of_list(found))}"
    return Choice(ids, told, address, back, whole)


def _searched(desk: Desk, query: QueryDict) -> Choice:
    typed = query.get("q", "").strip()
    ids, whole = search.every(desk, typed, MOST + 1)
    told = _("Search: %(typed)s") % {"typed": typed}
    return Choice(ids, told, _address(query), _back(query, "desk:search"), whole)
