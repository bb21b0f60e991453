"""Words that were sent after the session had ended: they wait for their writer to sign in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from supportdesk import clock
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions import reply_drafts
from tickets.actions.reply_drafts import Typed
from tickets.actions.wording import MAX_BODY
from tickets.desk.person import Desk
from tickets.errors import ActionError, TooMany
from tickets.models import Ticket
from tickets.models.talking import THEN_STATES, WRITTEN_KINDS
from tickets.references import clean_reference

_KEY = "unsent"
_WINDOW = timedelta(minutes=10)
View = Callable[..., HttpResponseBase]


def keeps_words(view: View) -> View:
    """Keep what is posted without a session in a new one, and lead by way of the entrance back.

    Whoever signs in there finds the words in the composer. Files have to be chosen again.
    """

    @wraps(view)
    def inner(request: HttpRequest, reference: str, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, reference=reference, **kwargs)
        wanted = clean_reference(reference) or "-"
        body = request.POST.get("body", "")
        if body.strip():
            _stash(request, wanted, body)
        back = reverse("desk:ticket", args=[wanted])
        return redirect_to_login(back)

    return inner


def _stash(request: HttpRequest, reference: str, body: str) -> None:
    try:
        access.limit(visitor_of(request), "unsent", 20, _WINDOW, clock.now())
    except TooMany:
        return
    request.session[_KEY] = {
        "reference": reference,
        "body": body[: MAX_BODY * 2],
        "kind": request.POST.get("kind", ""),
        "then_state": request.POST.get("then_state", ""),
    }


def restore(request: HttpRequest, desk: Desk, ticket: Ticket) -> bool:
    """Put such words into the composer of the person who has signed in; once.

    What they had kept there themselves stands above them. Returns whether there were any: what
    was read of the ticket before does not have them.
    """
    kept = request.session.get(_KEY)
    if not kept or kept.get("reference") != ticket.reference:
        return False
    del request.session[_KEY]
    kind, then = kept.get("kind"), kept.get("then_state")
    typed = Typed(
        kind=kind if kind in WRITTEN_KINDS else "agent",
        body=str(kept.get("body", "")),
        then_state=then if then in THEN_STATES else "",
    )
    try:
        reply_drafts.add(ticket, typed, actor=desk.actor, now=desk.now)
    except ActionError:  # they may only look here
        return False
    messages.info(request, _("You were signed out. What you had written is still here."))
    return True
