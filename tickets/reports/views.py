"""The managers' pages: the numbers, the list behind each, and the list as CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from supportdesk import clock
from tickets import access
from tickets.models import Store, User
from tickets.reports import figures, sheet
from tickets.reports.books import BOOKS, Book
from tickets.reports.columns import Column, columns_of, link_of
from tickets.reports.paging import page_of
from tickets.reports.periods import Period, PeriodForm, period_of
from tickets.templatetags import dates


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which store and days; the form says what was wrong with them."""

    form: PeriodForm
    store: Store
    period: Period
    now: datetime


View = Callable[..., HttpResponseBase]


def managers_only(view: View) -> View:
    """Let in who may report on a store; for others there is nothing here."""

    @login_required
    @wraps(view)
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        stores = list(access.stores_for(cast(User, request.user), "report"))
        if not stores:
            raise Http404
        response = view(request, _asked(request.GET, stores, clock.now()), **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return inner


def _asked(query: QueryDict, stores: list[Store], now: datetime) -> Asked:
    """What the address asks for; its store must be one of the person's own."""
    data = query.copy()
    data.setdefault("store", stores[0].slug)
    data.setdefault("period", "this-month")
    store = next((store for store in stores if store.slug == data["store"]), None)
    if store is None:
        raise Http404
    form = PeriodForm(data, stores=stores)
    if form.is_valid():
        chosen = form.cleaned_data
        period = period_of(store, chosen["period"], now, chosen["from"], chosen["to"])
    else:
        period = period_of(store, "this-month", now)
    return Asked(form, store, period, now)


@require_safe
@managers_only
def overview(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Are we keeping our promises? Every number of a store and a period, each a link."""
    store, period = asked.store, asked.period
    tables = {
        "claims": figures.table("claims", store, period, "type", ("verdict", "result"), _("all")),
        "deadlines": figures.table("deadlines", store, period, "kind", ("kept",), _("all")),
        "guided": figures.guided(store, period),
        "guidance": figures.table("guidance", store, period, "verdict", ("person",), _("all")),
        "guidance_requests": figures.filled(
            figures.table("guidance", store, period, "request", ("person",), _("all"))
        ),
        "pickups": figures.simple("pickups", store, period, "end"),
        "mails": figures.simple("mails", store, period, "state"),
        "paid": figures.money("refunds-paid", store, period),
        "owed": figures.money("refunds-owed", store, period),
    }
    books = {"paid": BOOKS["refunds-paid"], "owed": BOOKS["refunds-owed"], **BOOKS}
    return render(request, "reports/overview.html", {**_page(asked), **tables, "books": books})


@require_safe
@managers_only
def listing(request: HttpRequest, asked: Asked, book: str) -> HttpResponse:
    """The rows that a number counts, fifty at a time."""
    found, chosen, rows = _rows(request, asked, book)
    try:
        page = page_of(rows, found.at, request.GET.get("after", ""))
    except ValueError:
        raise Http404 from None
    columns = columns_of(book)
    return render(
        request,
        "reports/list.html",
        {
            **_page(asked),
            "book": found,
            "cuts": [found.cut(name, value) for name, value in chosen.items()],
            "count": rows.count(),
            "sums": _sums(rows) if book.startswith("refunds") else [],
            "columns": columns,
            "rows": [
                (link_of(row), [_shown(column, row, asked) for column in columns])
                for row in page.rows
            ],
            "csv_url": _url("reports:csv", asked, chosen, book),
            "next_url": _url("reports:list", asked, {**chosen, "after": page.after}, book)
            if page.after
            else "",
            "overview_url": _url("reports:overview", asked, {}),
        },
    )


@require_safe
@managers_only
def sheet_of(request: HttpRequest, asked: Asked, book: str) -> StreamingHttpResponse:
    """The same rows as CSV, all of them."""
    _found, chosen, rows = _rows(request, asked, book)
    response = StreamingHttpResponse(
        sheet.lines(book, rows, asked.store), content_type="text/csv; charset=utf-8"
    )
    parts = [book, *chosen.values(), asked.store.slug]
    days = f"{asked.period.first.isoformat()}-{asked.period.last.isoformat()}"
    name = "-".join([*parts, days])
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _rows(
    request: HttpRequest, asked: Asked, key: str
) -> tuple[Book, dict[str, str], QuerySet[Any]]:
    """The book's rows under the cuts of the address; 404 for what is no book or no cut."""
    book = BOOKS.get(key)
    if book is None or not asked.form.is_valid():
        raise Http404
    chosen = {name: request.GET[name] for name in book.cuts if name in request.GET}
    try:
        return book, chosen, book.rows(asked.store, asked.period, chosen)
    except KeyError:
        raise Http404 from None


def _shown(column: Column, row: Any, asked: Asked) -> str:
    """A cell as people read it: times on the store's clock, a limit as its last minute."""
    value = column.read(row)
    if isinstance(value, datetime):
        zone = asked.store.time_zone
        return dates.say(dates.last_minute(value, zone) if column.limit else value, zone, asked.now)
    return "—" if value is None or value == "" else str(value)


def _url(name: str, asked: Asked, chosen: Mapping[str, str], *args: str) -> str:
    query = urlencode({"store": asked.store.slug, **asked.period.query(), **chosen})
    return f"{reverse(name, args=args)}?{query}"


def _sums(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    return list(
        rows.order_by().values("currency").annotate(total=Sum("amount")).order_by("currency")
    )


def _page(asked: Asked) -> dict[str, Any]:
    return {
        "form": asked.form,
        "store": asked.store,
        "place": dates.place_of(asked.store),
        "period": asked.period,
        "now": asked.now,
    }
