"""The order, its items, and the few questions that change the answer."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from supportdesk.visitor import visitor_of
from supportdesk.zones import zone_or_none
from tickets.actions.drafts import answer, identify
from tickets.errors import ActionError, TooMany
from tickets.portal import queries
from tickets.portal.forms import ItemsForm, OrderForm
from tickets.portal.questions import Question, is_question
from tickets.portal.tiles import OTHER
from tickets.portal.views.start import look_up
from tickets.portal.visit import Visit, locale, on_draft, slow_down


def next_step(visit: Visit) -> HttpResponse:
    """The first step that still needs the customer."""
    if visit.draft.request == OTHER:
        return visit.go("answer")
    if visit.is_claim and not visit.draft.answers.get("items"):
        return visit.go("items")
    waiting = visit.guide.unanswered
    return visit.go("question", waiting[0]) if waiting else visit.go("answer")


@require_safe
@on_draft
def resume(visit: Visit) -> HttpResponse:
    """Come back to where one was."""
    return next_step(visit)


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def order(visit: Visit) -> HttpResponse:
    """Another order than before; what was typed is shown again."""
    draft = visit.draft
    asker, order = draft.asker, draft.order
    before = {"number": order.number, "email": asker.email} if order and asker else {}
    form = OrderForm(visit.request.POST if visit.request.method == "POST" else None, initial=before)
    if visit.request.method == "POST" and form.is_valid():
        try:
            found = look_up(visit.request, visit.store, form)
            if found is not None:
                fresh = Visit(visit.request, identify(draft, found, now=visit.now), visit.now)
                zone = zone_or_none(form.cleaned_data["time_zone"])
                if zone is not None:
                    answer(draft, answers={"time_zone": str(zone)}, now=visit.now)
                return visit.go("items" if fresh.is_claim else "resume")
        except TooMany as error:
            return slow_down(visit.request, error, visit.url("order"))
        except ActionError as error:
            form.add_error(None, error.message)
    return visit.page("portal/order.html", {"form": form}, 422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def items(visit: Visit) -> HttpResponse:
    """Which items, how many of them, and which part of them."""
    if visit.draft.order is None:
        return visit.go("order")
    posted = visit.request.POST if visit.request.method == "POST" else None
    form = ItemsForm(
        queries.lines(visit.draft),
        visit.draft.answers.get("items", []),
        queries.taken_lines(visit.draft),
        posted,
    )
    if posted is not None and not form.problems:
        try:
            answer(visit.draft, answers={"items": form.answers()}, now=visit.now)
        except ActionError as error:
            form.problems.append(("items", error.message))
        else:
            fresh = Visit(visit.request, _again(visit), visit.now)
            return next_step(fresh) if "review" not in posted else fresh.go("review")
    status = 422 if form.problems else 200
    return visit.page("portal/items.html", {"form": form}, status)


def _again(visit: Visit) -> Any:
    visit.draft.refresh_from_db()
    return visit.draft


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def question(visit: Visit, fact: str) -> HttpResponse:
    """One question whose answer changes the decision."""
    said = visit.draft.answers.get("said", {})
    if visit.draft.request == OTHER or fact not in visit.guide.asks:
        # Another answer has made this one needless, or nobody asks it here.
        if fact not in said:
            return next_step(visit)
        if not is_question(fact):
            raise Http404
    posted = visit.request.POST if visit.request.method == "POST" else None
    asked = Question(
        fact,
        posted=posted,
        before=said.get(fact),
        zone=visit.zone or ZoneInfo(visit.store.time_zone),
        now=visit.now,
        address=visitor_of(visit.request),
    )
    change = asked.change()
    if change is not None:
        try:
            answer(visit.draft, answers=change, now=visit.now)
        except ActionError:
            return visit.go("resume")  # it was sent meanwhile: leads to its page
        return next_step(Visit(visit.request, _again(visit), visit.now))
    asks = visit.guide.asks
    context = {
        "fact": fact,
        "problem": posted is not None,
        "asked": asked,
        "question": asked.words(visit.guide.pack, locale()),
        "form": asked.form,
        "answered": asked.answered,
        "number": asks.index(fact) + 1 if fact in asks else 1,
        "total": max(1, len(asks)),
        "back": visit.before(fact),
    }
    return visit.page("portal/question.html", context, 422 if context["problem"] else 200)
