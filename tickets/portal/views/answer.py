"""The answer, at once; and a person, where the rules have none."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.errors import ActionError, TooMany
from tickets.portal import queries
from tickets.portal.forms import MessageForm
from tickets.portal.tiles import OTHER
from tickets.portal.views.steps import next_step
from tickets.portal.visit import (
    Visit,
    draft_form_key,
    label_of,
    locale,
    on_draft,
    pack_now,
    slow_down,
)


@require_safe
@on_draft
def show(visit: Visit) -> HttpResponse:
    """What the store's rule says, until when, and what happens next."""
    if visit.draft.request != OTHER and (
        visit.guide.unanswered or (visit.is_claim and not visit.draft.answers.get("items"))
    ):
        return next_step(visit)
    return _page(visit, MessageForm())


def _page(visit: Visit, form: MessageForm, status: int = 200) -> HttpResponse:
    plain = visit.draft.request == OTHER
    pack = pack_now(visit.store, visit.now) if plain else visit.guide.pack
    context = {
        "guide": None if plain else visit.guide,
        "label": label_of(pack, visit.draft.request),
        "form": form,
        "can_file": not plain and visit.is_claim and queries.can_file(visit.guide.decision),
        "next_steps": [] if plain else queries.what_happens(visit.guide, claim=visit.is_claim),
        "channels": queries.channels(pack, locale()),
        "back": visit.before(None),
    }
    return visit.page("portal/answer.html", context, status)


@require_POST
@on_draft
def write(visit: Visit) -> HttpResponse:
    """Write to a person; sent twice it is one conversation."""
    form = MessageForm(visit.request.POST)
    order = visit.draft.order
    if order is None:
        return visit.go("order")
    if not form.is_valid():
        return _page(visit, form, 422)
    pack = pack_now(visit.store, visit.now)
    try:
        access.limit(visitor_of(visit.request), "write", 20, timedelta(minutes=10), visit.now)
        ticket = open_ticket(
            visit.store,
            order.customer,
            order=order,
            request=visit.draft.request,
            subject=label_of(pack, visit.draft.request),
            body=form.cleaned_data["body"],
            actor=Actor.of_customer(order.customer),
            now=visit.now,
            form_key=draft_form_key(visit.draft),
        )
    except TooMany as error:
        return slow_down(visit.request, error, visit.url("answer"))
    except ActionError as error:
        form.add_error("body", error.message)
        return _page(visit, form, 422)
    return HttpResponseRedirect(access.link_for(ticket) + "?sent=1")
