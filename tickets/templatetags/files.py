"""``{% file_link file "original" %}``: a file's short-lived address, for who reads the page."""

from __future__ import annotations

from datetime import datetime

from django import template

from supportdesk import clock
from tickets.actor import Actor
from tickets.evidence import links
from tickets.models import Evidence

register = template.Library()


@register.simple_tag(takes_context=True)
def file_link(context: template.Context, file: Evidence, what: str, download: str = "") -> str:
    """The address of ``original``, ``sheet`` or ``preview``; with ``"download"``, to save it.

    Whose page it is decides whom the address is made for: a page of the desk belongs to the
    member of staff who is signed in, any other to the draft or the request of the file. The
    view that gave the file to the template has found it through ``access``.
    """
    given = context.get("now")
    now = given if isinstance(given, datetime) else clock.now()
    request = context["request"]
    saved = bool(download)
    if file.claim_id is None and file.ticket_id is None:
        assert file.draft is not None  # the database: a file belongs somewhere
        return links.draft_link(file, what, file.draft, now=now, download=saved)
    if request.resolver_match.app_name == "desk":
        actor = Actor.staff(request.user)
    else:
        ticket = links.ticket_of(file)
        assert ticket is not None  # as above
        actor = Actor.of_customer(ticket.customer)
    return links.link(file, what, actor=actor, now=now, download=saved)
