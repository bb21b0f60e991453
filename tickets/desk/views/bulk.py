"""Many tickets at once: choose what is done, begin it, watch it, stop it, take it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tickets import access
from tickets.actions import bulk as actions
from tickets.actions.bulk_verbs import Plan
from tickets.desk import bulk, bulk_choice, macros
from tickets.desk.bulk_choice import Choice
from tickets.desk.bulk_form import BulkForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_at
from tickets.desk.views.answer import UNUSABLE, status_of
from tickets.errors import ActionError, NotAllowed
from tickets.models import BulkJob


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The form for what an address chooses; posted, with what it would do. Nothing is changed."""
    choice = bulk_choice.of(desk, request.GET)
    if not desk.works:
        return _page(request, desk, choice, None, error=NotAllowed())
    if request.method != "POST":
        return _page(request, desk, choice, bulk.form_of(desk, choice))
    typed = bulk.form_of(desk, choice, request.POST)
    if not typed.is_valid():
        return _page(request, desk, choice, typed, status=UNUSABLE)
    plan = typed.plan()
    try:
        plan.check()
    except ActionError as error:
        return _page(request, desk, choice, typed, error=error)
    return _page(request, desk, choice, typed, plan=plan)


@require_POST
@staff_only
def start(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Write down what is to be done to which tickets, and begin."""
    choice = bulk_choice.of(desk, request.GET)
    typed = bulk.form_of(desk, choice, request.POST)
    if not desk.works:
        return _page(request, desk, choice, None, error=NotAllowed())
    if not typed.is_valid():
        return _page(request, desk, choice, typed, status=UNUSABLE)
    try:
        job = actions.start(
            typed.plan(),
            choice.ids,
            told=choice.told,
            actor=desk.actor,
            now=desk.now,
            form_key=typed.cleaned_data["form_key"],
        )
    except ActionError as error:
        return _page(request, desk, choice, typed, error=error)
    said = ngettext("%(n)d ticket is being changed.", "%(n)d tickets are being changed.", job.total)
    text = said % {"n": job.total}
    if actions.may_be_undone(job, desk.now):
        offer_at(request, text, reverse("desk:bulk-undo", args=[job.pk]), "0")
    else:
        messages.success(request, text)
    return redirect("desk:bulk", job.pk)


def _page(
    request: HttpRequest,
    desk: Desk,
    choice: Choice,
    form: BulkForm | None,
    *,
    plan: Plan | None = None,
    error: ActionError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form; ``form`` is None for who may only look. ``plan`` is previewed."""
    if error is not None:
        status = status_of(error)
        form = None if isinstance(error, NotAllowed) else form
        if form is not None:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = desk.context(
        choice=choice,
        form=form,
        problem=error.message if error is not None and form is None else "",
        does=bulk.does(plan, desk.now) if plan is not None else [],
        samples=bulk.samples(desk, plan, choice) if plan is not None else [],
        previewed=plan is not None,
        placeholders=macros.placeholders(),
        place="bulk",
    )
    return render(request, "desk/bulk/new.html", context, status=status)


@require_safe
@staff_only
def listed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One's own changes, and those of stores one leads."""
    jobs, below = bulk.listed(desk, _number(request.GET.get("below", "")))
    context = desk.context(jobs=jobs, below=below, place="bulk")
    return render(request, "desk/bulk/list.html", context)


@require_safe
@staff_only
def job(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """How far one is, and what came of it for each ticket; asked for as a piece, how far alone."""
    found = access.bulk_for(desk.actor, pk)
    if request.GET.get("piece"):
        response = render(request, "desk/bulk/now.html", bulk.about(desk, found))
        if not found.live:
            response["HX-Refresh"] = "true"  # the rest of the page, too, says what came of it
        return response
    return _shown(request, desk, found)


def _shown(
    request: HttpRequest, desk: Desk, found: BulkJob, error: ActionError | None = None
) -> HttpResponse:
    """The page of one; with what could not be done about it."""
    show = request.GET.get("show", "")
    if show not in ("all", "failed"):
        show = "failed" if found.live or found.failed else "all"
    rows, after = bulk.rows(desk, found, show, _number(request.GET.get("after", "")))
    more: dict[str, Any] = {"rows": rows, "after": after, "show": show, "place": "bulk"}
    more["body"] = (found.undoes or found).params.get("body", "")
    more["problem"] = error.message if error is not None else ""
    shown = bulk.about(desk, found)
    context = desk.context(**shown, **more, does=bulk.told(found, desk.now))
    status = 200 if error is None else status_of(error)
    return render(request, "desk/bulk/job.html", context, status=status)


@require_POST
@staff_only
def stop(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Let it go no further."""
    found = access.bulk_for(desk.actor, pk)
    if not desk.works:
        return _shown(request, desk, found, NotAllowed())
    try:
        stopped = actions.stop(found, actor=desk.actor, now=desk.now)
    except ActionError as error:
        messages.error(request, error.message)
    else:
        said = _("Stopped. What was changed stays changed.")
        messages.success(request, said if stopped else _("It had ended already."))
    return redirect("desk:bulk", pk)


@require_POST
@staff_only
def undo(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Take it back, as a change of its own."""
    found = access.bulk_for(desk.actor, pk)
    if not desk.works:
        return _shown(request, desk, found, NotAllowed())
    try:
        made = actions.undo(found, actor=desk.actor, now=desk.now)
    except ActionError as error:
        messages.error(request, error.message)
        return redirect("desk:bulk", pk)
    messages.success(request, _("It is being taken back."))
    return redirect("desk:bulk", made.pk)


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else 0
