"""Automations: which there are, and to make, change, try, switch and order them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tickets.actions import automations as actions
from tickets.automations.facts import Rule
from tickets.automations.form_fields import typed_of
from tickets.automations.inputs import Known
from tickets.automations.sentence import sentence
from tickets.desk import automations
from tickets.desk.automation_form import AutomationForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_at
from tickets.desk.views.answer import FORBIDDEN, UNUSABLE, status_of
from tickets.errors import ActionError, NotAllowed
from tickets.models import Automation, Store


@require_safe
@staff_only
def listed(request: HttpRequest, desk: Desk) -> HttpResponse:
    """All of this person's stores, each as a sentence, with its switch."""
    if not automations.any_store(desk):
        return forbidden(request, desk)
    context = desk.context(shelves=automations.shelves(desk), place="automations")
    return render(request, "desk/automations/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def form(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """An empty form; posted, as it was typed, with a line more or less, or tried on the past.

    Nothing is kept, and nothing that was typed is lost.
    """
    store = _store(desk, pk)
    if not automations.publishes(desk, pk):
        return forbidden(request, desk)
    if request.method != "POST":
        return page(request, desk, store, None, automations.empty_form(store))
    found = _named(desk, store, request.POST.get("automation", ""))
    if "try" in request.POST:
        return _tried(request, desk, store, found)
    typed = typed_of(request.POST).without(request.POST.get("drop", ""))
    again = AutomationForm(Known(store), typed, seen=_seen(request), active=_active(request, found))
    return page(request, desk, store, found, again)


@require_POST
@staff_only
def new(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Keep a new automation."""
    store = _store(desk, pk)
    if not automations.publishes(desk, pk):
        return forbidden(request, desk)
    typed = _typed(request, store, None)
    if not typed.is_valid() or typed.rule is None:
        return page(request, desk, store, None, typed, status=UNUSABLE)
    name, on = typed.cleaned_data["name"], bool(typed.cleaned_data["active"])
    try:
        made = actions.make(store, name, typed.rule, actor=desk.actor, now=desk.now)
        if on:
            actions.switch(made, True, actor=desk.actor, now=desk.now)
    except ActionError as error:
        return page(request, desk, store, None, typed, error)
    said = _("Made and switched on: %(name)s") if on else _("Made, and still off: %(name)s")
    way = reverse("desk:automation-retirement", args=[made.pk])
    offer_at(request, said % {"name": made.name}, way, "0")
    return redirect("desk:automations")


@require_safe
@staff_only
def automation(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One automation: its form for who may change it, else its sentence alone."""
    found = automations.one(desk, pk)
    if "work" not in desk.verbs(found.store_id):
        return forbidden(request, desk)
    may = automations.publishes(desk, found.store_id)
    filled = automations.filled_form(found) if may else None
    return page(request, desk, found.store, found, filled)


@require_POST
@staff_only
def change(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Let an automation say something else from now on: a new version."""
    found = automations.one(desk, pk)
    if not automations.publishes(desk, found.store_id):
        return forbidden(request, desk)
    typed = _typed(request, found.store, found)
    if not typed.is_valid() or typed.rule is None:
        return page(request, desk, found.store, found, typed, status=UNUSABLE)
    data = typed.cleaned_data
    try:
        changed = actions.change(
            found,
            data["name"],
            typed.rule,
            seen=data["seen"] or 0,
            actor=desk.actor,
            now=desk.now,
        )
    except ActionError as error:
        return page(request, desk, found.store, found, typed, error)
    messages.success(request, _("Saved: %(name)s") % {"name": changed.name})
    return redirect("desk:automations")


@require_safe
@staff_only
def past(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """What an automation, as it is kept, would have done in the past month."""
    found = automations.one(desk, pk)
    if not automations.publishes(desk, found.store_id):
        return forbidden(request, desk)
    assert found.current is not None
    trial = automations.trial(actions.rule_of(found.current), found.store, desk.now)
    filled = automations.filled_form(found)
    return page(request, desk, found.store, found, filled, trial=trial)


# --- on and off, up and down, away and back ----------------------------------------------


@require_POST
@staff_only
def on(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Switch it on, from now on."""
    return _switch(request, desk, pk, on=True)


@require_POST
@staff_only
def off(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Switch it off, at once."""
    return _switch(request, desk, pk, on=False)


def _switch(request: HttpRequest, desk: Desk, pk: int, *, on: bool) -> HttpResponse:
    found = automations.one(desk, pk)
    try:
        actions.switch(found, on, actor=desk.actor, now=desk.now)
    except NotAllowed:
        return forbidden(request, desk)
    except ActionError as error:
        told = _("“%(name)s” was not switched on. %(why)s")
        messages.error(request, told % {"name": found.name, "why": error.message})
        return redirect("desk:automations")
    said = _("On: %(name)s") if on else _("Off: %(name)s")
    back = reverse("desk:automation-off" if on else "desk:automation-on", args=[found.pk])
    offer_at(request, said % {"name": found.name}, back, "0")
    return redirect("desk:automations")


@require_POST
@staff_only
def place(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Let it act before the one above it, or after the one below."""
    found = automations.one(desk, pk)
    order = automations.moved(found, up=request.POST.get("way") == "up")
    try:
        actions.reorder(found.store, order, actor=desk.actor)
    except NotAllowed:
        return forbidden(request, desk)
    return redirect(f"{reverse('desk:automations')}#automation-{found.pk}")


@require_POST
@staff_only
def retirement(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Use it no more; the next page offers to bring it back."""
    found = automations.one(desk, pk)
    try:
        actions.retire(found, actor=desk.actor, now=desk.now)
    except NotAllowed:
        return forbidden(request, desk)
    way = reverse("desk:automation-return", args=[found.pk])
    offer_at(request, _("Laid aside: %(name)s") % {"name": found.name}, way, "0")
    return redirect("desk:automations")


@require_POST
@staff_only
def returned(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Have it again, switched off."""
    found = automations.one(desk, pk)
    try:
        actions.bring_back(found, actor=desk.actor)
    except NotAllowed:
        return forbidden(request, desk)
    messages.success(request, _("%(name)s is back, switched off.") % {"name": found.name})
    return redirect("desk:automations")


# --- what they share ---------------------------------------------------------------------


def forbidden(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Automations are a manager's: said plainly."""
    context = desk.context(problem=NotAllowed().message, place="automations")
    return render(request, "desk/automations/forbidden.html", context, status=FORBIDDEN)


def _store(desk: Desk, pk: int) -> Store:
    found = next((store for store in desk.stores if store.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _named(desk: Desk, store: Store, typed: str) -> Automation | None:
    """The automation whose form this is; None for a new one."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        return None
    found = automations.one(desk, int(typed))
    if found.store_id != store.pk:
        raise Http404
    return found


def _seen(request: HttpRequest) -> int | None:
    typed = request.POST.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else None


def _active(request: HttpRequest, found: Automation | None) -> bool | None:
    return bool(request.POST.get("active")) if found is None else None


def _typed(request: HttpRequest, store: Store, found: Automation | None) -> AutomationForm:
    return AutomationForm(
        Known(store),
        typed_of(request.POST),
        complain=True,
        seen=_seen(request),
        active=_active(request, found),
    )


def _tried(
    request: HttpRequest, desk: Desk, store: Store, found: Automation | None
) -> HttpResponse:
    """A rule that is not kept yet, run over the past."""
    typed = _typed(request, store, found)
    typed.fields["name"].required = False  # it can be tried before it has one
    whole = typed.is_valid()
    typed.fields["name"].required = True
    if not whole or typed.rule is None:
        return page(request, desk, store, found, typed, status=UNUSABLE)
    trial = automations.trial(typed.rule, store, desk.now)
    return page(request, desk, store, found, typed, trial=trial)


def page(
    request: HttpRequest,
    desk: Desk,
    store: Store,
    found: Automation | None,
    form: AutomationForm | None,
    error: ActionError | None = None,
    *,
    trial: automations.Trial | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one automation; ``form`` is None where it is not this person's to change."""
    if error is not None:
        status = status_of(error)
        if form is not None:
            form.say(error.message, error.field)
    rule: Rule | None = None
    if found is not None and found.current is not None:
        rule = actions.rule_of(found.current)
    context: dict[str, Any] = desk.context(
        store=store,
        automation=found,
        form=form,
        trial=trial,
        sentence=sentence(rule, store) if rule is not None else "",
        place="automations",
    )
    return render(request, "desk/automations/form.html", context, status=status)
