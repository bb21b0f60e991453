"""Working beside each other: the next ticket, and who else is on this one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tickets import access
from tickets.actions import claim_next
from tickets.actions import presence as being_here
from tickets.actions.claim_next import Nothing
from tickets.desk import together
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer
from tickets.desk.views.answer import status_of
from tickets.desk.views.queue import listed
from tickets.errors import ActionError

NOTHING: dict[Nothing, Promise] = {
    Nothing.EMPTY: _("Nothing waits for somebody to take it: all that is ours to do is taken."),
    Nothing.SKILLS: _(
        "What waits is of kinds that are not among your skills. Whoever sets up the store can "
        "change them."
    ),
    Nothing.GIVEN_BACK: _("What waits you have given back within the hour: it is left to others."),
}


@require_POST
@staff_only
def take_next(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Give the person the most pressing ticket that nobody has, and show it."""
    stores = [desk.store] if desk.store else desk.stores
    try:
        found = claim_next.take(desk.user, stores, now=desk.now)
    except ActionError as error:
        context = listed(request, desk)
        context["problem"] = error.message
        return render(request, "desk/queue.html", context, status=status_of(error))
    if isinstance(found, Nothing):
        messages.info(request, str(NOTHING[found]))
        here = f"?store={desk.store.slug}" if desk.store else ""
        return redirect(reverse("desk:queue") + here)
    if not found.again:
        offer(request, _t("This is yours now."), found.ticket, found.event)
    return redirect("desk:ticket", found.ticket.reference)


@require_POST
@staff_only
def presence(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Asked by a ticket's page while it is looked at: who else is there, and what is new.

    204 where that is what the page says already.
    """
    found = access.ticket_for(desk.actor, reference)
    if request.POST.get("gone"):
        being_here.leave(found, actor=desk.actor)
        return HttpResponse(status=204)
    typing = request.POST.get("typing") == "1" and "work" in desk.verbs(found.store_id)
    being_here.look(found, actor=desk.actor, now=desk.now, typing=typing)
    here = together.read(desk, found, _number(request.POST.get("seen", "")))
    etag = here.etag()
    if request.POST.get("known") == etag:
        return HttpResponse(status=204)
    answer = render(request, "desk/presence.html", {"here": here, "ticket": found})
    answer["ETag"] = f'"{etag}"'
    return answer


def _number(typed: str) -> int:
    """The number of an event; what is none has seen everything."""
    good = typed.isascii() and typed.isdecimal() and len(typed) < 10
    return int(typed) if good else 2**31
