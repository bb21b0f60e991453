"""Lists that a person keeps."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions.saved_views import change_view, remove_view, restore_view, save_view
from tickets.desk import filters, saved_views
from tickets.desk.person import Desk, staff_only
from tickets.desk.saved_views import SaveForm
from tickets.desk.views.answer import UNUSABLE, status_of
from tickets.desk.views.queue import UNDO, listed, narrowed_context
from tickets.errors import ActionError, Conflict
from tickets.models import SavedView


@require_safe
@staff_only
def view(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """The tickets of a saved list that this person may see."""
    found = saved_views.of_view(desk, access.view_for(desk.actor, pk))
    return render(request, "desk/queue.html", narrowed_context(request, desk, found))


@require_POST
@staff_only
def new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Save a list under a name."""
    return _kept(request, desk, None)


@require_POST
@staff_only
def change(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Rename an own list, share it or not, keep other filters in it."""
    return _kept(request, desk, access.view_for(desk.actor, pk))


def _kept(request: HttpRequest, desk: Desk, view: SavedView | None) -> HttpResponse:
    form = SaveForm(desk, request.POST)
    error: ActionError | None = None
    given = filters.given(request.POST)
    if form.is_valid():
        name, store = form.cleaned_data["name"], form.store
        try:
            if view is None:
                kept = save_view(name, given, store=store, actor=desk.actor, now=desk.now)
            else:
                kept = change_view(view, name, given, store=store, actor=desk.actor)
        except ActionError as caught:
            error = caught
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Saved: %(name)s") % {"name": kept.name})
            return redirect("desk:view", kept.pk)
    found = saved_views.of_address(desk, request.POST)
    context = narrowed_context(request, desk, found, save=form)
    status = UNUSABLE if error is None else status_of(error)
    return render(request, "desk/queue.html", context, status=status)


@require_POST
@staff_only
def removal(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Delete an own list; the next page offers to undo it."""
    found = access.view_for(desk.actor, pk)
    try:
        token = remove_view(found, actor=desk.actor)
    except ActionError as error:
        context = narrowed_context(request, desk, saved_views.of_view(desk, found))
        context["problem"] = error.message
        return render(request, "desk/queue.html", context, status=status_of(error))
    request.session[UNDO] = {"pk": pk, "name": found.name, "token": token}
    return redirect(f"{reverse('desk:queue')}?deleted=1")


@require_POST
@staff_only
def restoration(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Bring back a list that was just deleted."""
    try:
        found = restore_view(request.POST.get("undo", ""), actor=desk.actor)
    except ActionError as error:
        if isinstance(error, Conflict):  # and if there is none either, there is nothing here
            access.view_for(desk.actor, pk)
        context = listed(request, desk)
        context["problem"] = error.message
        return render(request, "desk/queue.html", context, status=status_of(error))
    messages.success(request, _("%(name)s is back.") % {"name": found.name})
    return redirect("desk:view", found.pk)


@require_safe
@staff_only
def counts(request: HttpRequest, desk: Desk) -> HttpResponse:
    """How many tickets each own list holds, for the left zone; asked after the page is there."""
    return JsonResponse({str(pk): n for pk, n in saved_views.counted(desk).items()})
