"""Macros: which there are, and to make, change, lay aside and bring back one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tickets import access
from tickets.actions import keep_macros
from tickets.desk import macros
from tickets.desk.macro_form import MacroForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_at
from tickets.desk.views.answer import FORBIDDEN, UNUSABLE, status_of
from tickets.errors import ActionError, Conflict, NotAllowed
from tickets.models import Macro, Store


@require_safe
@staff_only
def listed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All that this person can use, store by store."""
    context = desk.context(shelves=macros.by_store(desk), place="macros")
    return render(request, "desk/macros/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def form(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """An empty form; posted, the same as it was typed, with what it would say. Nothing is kept."""
    store = _store(desk, pk)
    if "work" not in desk.verbs(store.pk):
        return _page(request, desk, store, None, None, NotAllowed())
    typed = request.POST if request.method == "POST" else None
    macro = _named(desk, store, request.POST.get("macro", ""))
    found = macros.form_of(desk, store, macro, typed)
    if typed is not None and getattr(request, "htmx", False):
        piece = {"samples": macros.samples(desk, store, found)}
        return render(request, "desk/macros/samples.html", piece)
    return _page(request, desk, store, macro, found)


@require_POST
@staff_only
def new(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Keep a new macro."""
    store = _store(desk, pk)
    typed = macros.form_of(desk, store, None, request.POST)
    if not typed.is_valid():
        return _page(request, desk, store, None, typed, status=UNUSABLE)
    shared = bool(typed.cleaned_data.get("shared"))
    try:
        made = keep_macros.make(
            store, typed.wanted(), shared=shared, actor=desk.actor, now=desk.now
        )
    except ActionError as error:
        return _page(request, desk, store, None, typed, error)
    way = reverse("desk:macro-retirement", args=[made.pk])
    offer_at(request, _("Made: %(name)s") % {"name": made.name}, way, "0")
    return redirect("desk:macros")


@require_safe
@staff_only
def macro(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One macro: its form for whom it is to change, else what it says and does."""
    found = access.macro_for(desk.actor, pk)
    may_edit = macros.may_edit(desk, found)
    filled = macros.form_of(desk, found.store, found) if may_edit else None
    return _page(request, desk, found.store, found, filled)


@require_POST
@staff_only
def change(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Let a macro be something else from now on."""
    found = access.macro_for(desk.actor, pk)
    typed = macros.form_of(desk, found.store, found, request.POST)
    good = typed.is_valid()
    try:
        if not macros.may_edit(desk, found):
            raise NotAllowed
        if not good:
            return _page(request, desk, found.store, found, typed, status=UNUSABLE)
        seen = typed.cleaned_data["changed"]
        changed = keep_macros.change(
            found, typed.wanted(), actor=desk.actor, now=desk.now, seen=seen
        )
    except ActionError as error:
        shown = None if isinstance(error, NotAllowed) else typed
        return _page(request, desk, found.store, found, shown, error)
    messages.success(request, _("Saved: %(name)s") % {"name": changed.name})
    return redirect("desk:macros")


@require_POST
@staff_only
def retirement(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Use a macro no more; the next page offers to bring it back."""
    found = access.macro_for(desk.actor, pk)
    try:
        keep_macros.retire(found, actor=desk.actor, now=desk.now)
    except ActionError as error:
        return _page(request, desk, found.store, found, None, error)
    way = reverse("desk:macro-return", args=[found.pk])
    offer_at(request, _("Laid aside: %(name)s") % {"name": found.name}, way, "0")
    return redirect("desk:macros")


@require_POST
@staff_only
def returned(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Use a macro again."""
    found = access.macro_for(desk.actor, pk)
    try:
        keep_macros.bring_back(found, actor=desk.actor)
    except NotAllowed as error:
        return _page(request, desk, found.store, found, None, error)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("%(name)s is back.") % {"name": found.name})
    return redirect("desk:macros")


def _store(desk: Desk, pk: int) -> Store:
    store = next((store for store in desk.stores if store.pk == pk), None)
    if store is None:
        raise Http404
    return store


def _named(desk: Desk, store: Store, typed: str) -> Macro | None:
    """The macro that a preview is of; None for a new one."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        return None
    found = access.macro_for(desk.actor, int(typed))
    if found.store_id != store.pk:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    desk: Desk,
    store: Store,
    found: Macro | None,
    form: MacroForm | None,
    error: ActionError | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The page of one macro; ``form`` is None where it cannot be changed by this person."""
    # Before an error is put on the form: what is wrong with a field takes its value away.
    samples = macros.samples(desk, store, form) if form is not None and form.is_bound else None
    if error is not None:
        status = status_of(error) if not isinstance(error, NotAllowed) else FORBIDDEN
        if form is not None:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = desk.context(
        store=store,
        macro=found,
        form=form,
        problem=error.message if error is not None and form is None else "",
        said=found.texts.all() if found is not None else [],
        does=macros.does(found, desk.now) if found is not None else [],
        placeholders=macros.placeholders(),
        samples=samples,
        place="macros",
    )
    return render(request, "desk/macros/form.html", context, status=status)
