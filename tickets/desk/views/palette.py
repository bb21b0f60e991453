"""The command palette and the keys: dialogs for a script, pages for everybody else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tickets import access
from tickets.desk import palette as finding
from tickets.desk import shortcuts
from tickets.desk.person import Desk, staff_only


@require_safe
@staff_only
def palette(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What was typed finds; ``show`` asks for the empty dialog, or for what was found alone."""
    named = request.GET.get("ticket", "")
    show = request.GET.get("show", "")
    if show == "dialog":
        return render(request, "desk/palette_dialog.html", {"ticket": named})
    ticket = access.find_ticket(desk.actor, named) if named else None
    typed = request.GET.get("q", "")[: finding.LONGEST]
    context: dict[str, Any] = {
        "groups": finding.groups(desk, typed, ticket),
        "asked": typed.strip(),
    }
    if show == "found":
        return render(request, "desk/palette_found.html", {**context, "options": True})
    return render(request, "desk/palette.html", desk.context(ticket=ticket, **context))


@require_safe
@staff_only
def keys(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The table of keys, with the switch that turns the single ones off."""
    context: dict[str, Any] = {"groups": shortcuts.grouped()}
    if request.GET.get("show") == "dialog":
        return render(request, "desk/keys_dialog.html", context)
    return render(request, "desk/keys.html", desk.context(place="keys", **context))
