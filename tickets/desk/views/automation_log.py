"""What automations have said and done: their versions, the log of firings, and the way back."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets import labels as common
from tickets.actions import automations as actions
from tickets.desk import automation_log, automations
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.automations import forbidden
from tickets.errors import ActionError, NotAllowed
from tickets.models import Automation, Firing


@require_safe
@staff_only
def versions(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """All that an automation has ever said, who said so, and since when."""
    found = automations.one(desk, pk)
    if not automations.publishes(desk, found.store_id):
        return forbidden(request, desk)
    context = desk.context(
        automation=found,
        store=found.store,
        versions=automations.versions(found),
        place="automations",
    )
    return render(request, "desk/automations/versions.html", context)


@require_POST
@staff_only
def use_again(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Let it say again what it said in an earlier version: that is a version, too."""
    found = automations.one(desk, pk)
    number, seen = _number(request.POST.get("version")), _number(request.POST.get("seen"))
    version = get_object_or_404(found.versions, number=number)
    try:
        actions.use_again(version, seen=seen, actor=desk.actor, now=desk.now)
    except NotAllowed:
        return forbidden(request, desk)
    except ActionError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("It says again what version %(n)d said.") % {"n": number})
    return redirect("desk:automation-versions", found.pk)


@require_safe
@staff_only
def log(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every firing, the newest first; narrowed to one automation, or to one outcome."""
    if not automations.any_store(desk):
        return forbidden(request, desk)
    chosen = _chosen(desk, request.GET.get("automation", ""))
    outcome = request.GET.get("outcome", "")
    found = automation_log.page(
        desk, automation=chosen, outcome=outcome, after=_number(request.GET.get("after"))
    )
    kept = {
        name: request.GET[name]
        for name in ("store", "automation", "outcome")
        if request.GET.get(name)
    }
    context = desk.context(
        log=found,
        chosen=chosen,
        outcome=outcome,
        outcomes=automation_log.OUTCOMES,
        choices=_choices(desk),
        later=urlencode({**kept, "after": found.after}) if found.after else "",
        here=request.get_full_path(),
        place="automations",
    )
    return render(request, "desk/automations/log.html", context)


@require_POST
@staff_only
def undo(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Take back what one firing has done to its ticket."""
    rows = Firing.objects.filter(automation__in=access.automations_for(desk.actor))
    firing = rows.select_related("automation__store").filter(pk=pk).first()
    if firing is None:
        raise Http404
    try:
        left = actions.undo(firing, actor=desk.actor, now=desk.now)
    except NotAllowed:
        return forbidden(request, desk)
    except ActionError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Undone."))
        if left:
            stays = ", ".join(dict.fromkeys(str(common.EVENTS.get(kind, kind)) for kind in left))
            messages.warning(request, _("This stays as it is: %(what)s") % {"what": stays})
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of the log that it was pressed on."""
    asked = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if ours and asked.startswith("/desk/") else reverse("desk:automation-log")


def _number(typed: str | None) -> int:
    text = typed or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _chosen(desk: Desk, typed: str) -> Automation | None:
    """The automation that the log is narrowed to; one that is not theirs is none."""
    pk = _number(typed)
    rows = access.automations_for(desk.actor).filter(store__in=automations.stores(desk))
    return rows.filter(pk=pk).first() if pk else None


def _choices(desk: Desk) -> list[Automation]:
    here = automations.stores(desk)
    rows = access.automations_for(desk.actor).filter(store__in=here).select_related("store")
    return list(rows.order_by("store__name", "retired_at", "position", "pk"))
