"""The page that every mail links to: where it stands, what is next, and who acts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, tzinfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from policies.pack import Pack
from policies.publish import pack_of
from supportdesk import clock
from supportdesk.visitor import visitor_of
from supportdesk.zones import zone_or_none
from tickets import access
from tickets.actions import roots
from tickets.actions.attachments import MAX_BYTES, MOST
from tickets.actions.decide_claim import withdraw as withdraw_claim
from tickets.actions.requests import is_over
from tickets.actions.talk import say as say_action
from tickets.actions.uploads import Place
from tickets.actor import Actor
from tickets.errors import ActionError, TooMany
from tickets.evidence import arrivals
from tickets.evidence.arrivals import Shown
from tickets.evidence.attaching import stored, takes_files
from tickets.evidence.receive import discard
from tickets.lifecycle import TicketState
from tickets.models import Claim, Message, Ticket
from tickets.models.ticket import URGENT
from tickets.portal import progress, queries, slots
from tickets.portal.forms import MessageForm
from tickets.portal.release import release_of
from tickets.portal.track import about_parcels
from tickets.portal.visit import label_of, locale, looks_at_own_files, pack_now, slow_down


@require_safe
@looks_at_own_files
def show(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """The status of one request, behind its signed link."""
    ticket, _actor = access.ticket_by_link(reference, token)
    if ticket.merged_into_id is not None:  # the same customer's: its page shows all of it
        return HttpResponseRedirect(access.link_for(roots.of(ticket)))
    return _page(request, ticket, token, MessageForm(initial={"form_key": uuid.uuid4()}))


def _page(
    request: HttpRequest, ticket: Ticket, token: str, form: MessageForm, status: int = 200
) -> HttpResponse:
    now = clock.now()
    family = roots.family(ticket)
    claim = Claim.objects.select_related("policy_version").filter(ticket=ticket).first()
    zone = zone_or_none(ticket.customer.time_zone)
    pack = pack_of(claim.policy_version) if claim else pack_now(ticket.store, now)
    files = arrivals.look(Place(claim=claim) if claim else Place(ticket=ticket), now)
    context = {
        "store": ticket.store,
        "ticket": ticket,
        "claim": claim,
        "token": token,
        "now": now,
        "reader_zone": str(zone) if zone else "",
        "label": label_of(pack, ticket.request),
        "form": form,
        "sent": "sent" in request.GET,
        "tracks": ticket.order is not None and about_parcels(ticket.request),
        "release": release_of(ticket.order, ticket.request, now),
        "timeline": progress.timeline(family),
        "talk": progress.conversation(ticket, family, request.GET.get("before", "")),
        "elsewhere": _elsewhere(ticket),
        "closed": ticket.state == TicketState.CLOSED,
        "attach": {"most": MOST, "size": MAX_BYTES},
        "channels": queries.channels(pack_now(ticket.store, now), locale()),
        "upload": f"ticket={ticket.reference}&token={token}",
        "mark": arrivals.mark(files),
        "checking": arrivals.moves(files),
        **(_of_claim(claim, files, zone) if claim else _of_request(ticket, pack, files, zone, now)),
    }
    response = render(request, "portal/status.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _elsewhere(ticket: Ticket) -> list[tuple[str, str]]:
    """Where what was written here about something else goes on: references and links."""
    rows = Ticket.objects.filter(split_from__source=ticket, split_from__undone_at=None)
    return [(row.spoken_reference, access.link_for(row)) for row in rows.order_by("pk")]


def _of_request(
    ticket: Ticket, pack: Pack, files: list[Shown], zone: tzinfo | None, now: datetime
) -> dict[str, object]:
    open_now = ticket.state in (TicketState.NEW, TicketState.OPEN)
    # Once the order is cancelled, what could be done before is told no more, nor hurried.
    over = is_over(ticket.order, ticket.request)
    urgent = ticket.priority == URGENT and open_now and not over
    takes = ticket.state != TicketState.CLOSED
    return {
        **progress.of_request(ticket, locale(), zone),
        **({"told": None, "over": True} if over else {}),
        "files": slots.files(pack, files, locale()),
        "takes_files": takes,
        "extra": slots.of_request(pack, files, locale()) if takes else [],
        **(queries.at_hand(pack, ticket.request, now, locale()) if urgent else {}),
    }


def _of_claim(claim: Claim, files: list[Shown], zone: tzinfo | None) -> dict[str, object]:
    pack = pack_of(claim.policy_version)
    wanted = progress.still_wanted(claim, arrivals.rows(files))
    return {
        "steps": progress.steps(claim, pack),
        "state": progress.state_words(claim),
        "deadlines": progress.deadlines(claim),
        "files": slots.files(pack, files, locale()),
        "takes_files": claim.is_open,
        "ways": slots.ways(pack, wanted, files, locale()) if claim.is_open else [],
        "extra": slots.extra_kinds(pack, wanted, files, locale()) if claim.is_open else [],
        "items": list(claim.items.select_related("line")),
        "told": progress.told(claim, locale(), zone),
        "can_withdraw": progress.can_withdraw(claim),
    }


@require_POST
@takes_files
@looks_at_own_files
def say(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """Write to the people who handle this; the same form twice is one message."""
    ticket, actor = access.ticket_by_link(reference, token)
    back = request.path.removesuffix("say/")
    form = MessageForm(request.POST)
    if form.is_valid():
        now = clock.now()
        try:
            access.limit(visitor_of(request), "write", 20, timedelta(minutes=10), now)
            said = _said(request, ticket, actor, form, now)
        except TooMany as error:
            return slow_down(request, error, back)
        except ActionError as error:
            form.add_error("body" if error.field == "body" else None, error.message)
        else:
            if said.ticket_id == ticket.pk:
                messages.success(request, _("Your message is with us."))
                return HttpResponseRedirect(back + "#conversation")
            if said.ticket.merged.filter(pk=ticket.pk).exists():
                messages.success(request, _("Your message is with us."))
                return HttpResponseRedirect(access.link_for(said.ticket) + "#conversation")
            messages.success(request, _("This was closed, so we have opened a new request."))
            return HttpResponseRedirect(access.link_for(said.ticket) + "#conversation")
    return _page(request, ticket, token, form, 422)


def _said(
    request: HttpRequest, ticket: Ticket, actor: Actor, form: MessageForm, now: datetime
) -> Message:
    """The message with its files; both, or neither."""
    with stored(request, now=now) as files:
        said = say_action(
            ticket,
            form.cleaned_data["body"],
            kind="customer",
            actor=actor,
            now=now,
            form_key=form.cleaned_data["form_key"],
            channel="page",
            attachments=files,
        )
        if files and not said.attachments.filter(file=files[0].stored_name).exists():
            discard(*(file.stored_name for file in files))  # the same form once more
    return said


@require_POST
def withdraw(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """Take the request back; doing so twice changes nothing."""
    ticket, actor = access.ticket_by_link(reference, token)
    claim = access.claim_for(actor, ticket.reference)
    try:
        withdraw_claim(claim, actor=actor, now=clock.now())
        messages.success(request, _("Your request is withdrawn."))
    except ActionError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(request.path.removesuffix("withdraw/"))
