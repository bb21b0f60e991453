"""Two files side by side, and the claims that have something in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tickets import access
from tickets.desk import labels, proofs, queues, signals
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.queue import rows_of
from tickets.evidence.links import ticket_of
from tickets.models import Evidence, Ticket


@dataclass(frozen=True, slots=True)
class OneSide:
    """A file, and the request that it belongs to."""

    proof: proofs.Proof
    ticket: Ticket


@require_safe
@staff_only
def beside(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Two files side by side: of this request, or one of them of any other that may be seen."""
    ticket = access.ticket_for(desk.actor, reference)
    seen = access.evidence_for(desk.actor).select_related(
        "claim__ticket__store",
        "claim__ticket__customer",
        "ticket__store",
        "ticket__customer",
    )
    mine = proofs.of_ticket(seen, ticket, desk.now)
    wanted = [request.GET.get(side, "") for side in ("left", "right")]
    left, right = (int(pk) if pk.isdecimal() and len(pk) < 19 else 0 for pk in wanted)
    choice = proofs.beside(mine, left, right)
    if choice is not None and not (left and right):
        left, right = (side.chosen for side in choice.sides)
    found = {one.pk: one for one in proofs.rows(seen.filter(pk__in=[left, right]))}
    pair = [_side(found[pk], desk) for pk in (left, right) if pk in found]
    return render(
        request,
        "desk/beside.html",
        desk.context(
            ticket=ticket,
            pair=pair if len(pair) == 2 else [],
            both_films=all(one.proof.film and one.proof.shown for one in pair),
            beside=choice,
            kinds=labels.EVIDENCE,
        ),
    )


def _side(file: Evidence, desk: Desk) -> OneSide:
    ticket = ticket_of(file)
    assert ticket is not None  # only filed files are seen here
    return OneSide(proofs.proof(file, desk.now), ticket)


@require_safe
@staff_only
def related(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Claims of the last year by the same customer, on the same order, or from one address."""
    ticket = access.ticket_for(desk.actor, reference)
    by = request.GET.get("by", "customer")
    titles = {
        "customer": _("Claims by this customer within a year"),
        "order": _("Claims on this order within a year"),
        "address": _("Claims from this address within a year"),
    }
    claims = signals.related(desk.actor, ticket, by, desk.now)
    tickets = access.tickets_for(desk.actor).filter(claim__in=claims)
    page = queues.newest(tickets, request.GET.get("after", ""))
    told: dict[str, Any] = {"ticket": ticket, "title": titles.get(by, titles["customer"])}
    return render(request, "desk/related.html", desk.context(**told, **rows_of(desk, page)))
