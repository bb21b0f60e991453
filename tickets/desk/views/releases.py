"""Pre-orders: releases that move and wait for a lead, and what should have left by now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions.preorders import expected
from tickets.actions.releases import confirm, dismiss, propose
from tickets.desk import watching
from tickets.desk.forms import ReleaseForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import status_of
from tickets.errors import ActionError, Conflict
from tickets.models import Order, ReleaseMove


@require_safe
@staff_only
def releases(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What is to confirm, what is late, and a form to say that a date moves."""
    return _page(request, desk)


def _page(
    request: HttpRequest,
    desk: Desk,
    form: ReleaseForm | None = None,
    error: ActionError | None = None,
) -> HttpResponse:
    context = desk.context(
        moves=watching.moves(desk),
        told=watching.told(desk),
        late=[_late(row.order, row.due_at, desk) for row in watching.late_preorders(desk)],
        waited=watching.waited(desk, form),
        problem=form if form is not None and form.errors else None,
        error=error,
        place="releases",
        several_stores=len(desk.stores) > 1,
    )
    failed = error is not None or (form is not None and bool(form.errors))
    return render(
        request, "desk/releases.html", context, status=status_of(error) if failed else 200
    )


def _late(order: Order | None, since: datetime, desk: Desk) -> dict[str, Any]:
    assert order is not None
    return {
        "order": order,
        "since": since,
        "expected": expected(order, order.lines.all(), desk.now),
    }


@require_POST
@staff_only
def proposal(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Somebody says that a product is released on another day."""
    product = access.product_for(desk.actor, pk)
    form = ReleaseForm(request.POST, prefix=f"product-{pk}")
    if not form.is_valid():
        return _page(request, desk, form)
    day = form.cleaned_data["release_on"]
    try:
        move = propose(product, day, actor=desk.actor, now=desk.now)
    except ActionError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _page(request, desk, form, error)
    said = _("Proposed. A lead confirms it, and then the customers are told.")
    messages.success(request, said if move else _("Changed. No order waits for it."))
    return redirect("desk:releases")


def _decide(
    request: HttpRequest, desk: Desk, pk: int, act: Callable[..., ReleaseMove], done: str
) -> HttpResponse:
    """Confirm or dismiss what the person looked at."""
    move = access.release_for(desk.actor, pk)
    try:
        act(move, _seen(request), actor=desk.actor, now=desk.now)
    except ActionError as error:
        return _page(request, desk, error=error)
    messages.success(request, done)
    return redirect("desk:releases")


def _seen(request: HttpRequest) -> date | None:
    """The date that stood on the page; none for one that is not known any more."""
    typed = request.POST.get("after", "")
    try:
        day = parse_date(typed)
    except ValueError:
        day = None
    if typed and day is None:
        raise Conflict(_("This page was not complete. Please look again and repeat."))
    return day


@require_POST
@staff_only
def confirmation(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """The date moves, and the customers are told."""
    done = _("Confirmed. The customers are being told.")
    return _decide(request, desk, pk, confirm, done)


@require_POST
@staff_only
def dismissal(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """The date stays, and nobody is told."""
    return _decide(request, desk, pk, dismiss, _("Dismissed. The date stays."))
