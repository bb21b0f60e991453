"""Trials: ask for one, watch it, read what would have been otherwise, look at one request."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from policies.models import UNFINISHED, PolicyTrial
from tickets.actions import policies as actions
from tickets.errors import ActionError
from tickets.policybook import queries, results
from tickets.policybook.asked import Asked, publishes
from tickets.policybook.forms import TrialForm
from tickets.policybook.views.drafts import about_draft
from tickets.trial_cases import Explained


@require_POST
@publishes
def begin(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """Ask for a draft to be tried."""
    draft = queries.draft_of(asked.store, pk)
    form = TrialForm(request.POST, prefix="trial")
    if form.is_valid():
        try:
            trial = actions.start_trial(
                draft,
                form.cleaned_data["first"],
                form.cleaned_data["last"],
                revision=form.cleaned_data["revision"],
                actor=asked.actor,
                now=asked.now,
            )
            return redirect("policybook:trial", asked.store.slug, trial.pk)
        except ActionError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    about = about_draft(asked, draft, trial_form=form)
    return render(request, "policybook/draft.html", asked.page(**about), status=422)


@require_safe
@publishes
def trial(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """How far it is; then how many would have got another answer, which, and what it costs."""
    found = queries.trial_of(asked.store, pk)
    more: dict[str, Any] = {"trial": found, "running": found.state in UNFINISHED}
    if not more["running"]:
        more["results"] = results.read(found, asked.locale)
        more |= _cases(request, found)
    return render(request, "policybook/trial.html", asked.page(**more))


def _cases(request: HttpRequest, found: PolicyTrial) -> dict[str, Any]:
    move, after = request.GET.get("move", ""), request.GET.get("after", "0")
    if not after.isdecimal() or len(after) > 18:
        raise Http404
    rows = queries.cases_of(found, move, int(after))
    page = rows[: queries.CASES_ON_A_PAGE]
    return {
        "move": move.split(">") if move.count(">") == 1 else None,
        "cases": [
            (case, queries.name_of(case), results.decided_by_person(case.decided)) for case in page
        ],
        "next": page[-1].pk if len(rows) > len(page) else None,
        "move_query": move,
    }


@require_safe
@publishes
def progress(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """The bar alone. When the trial has ended the page is asked for anew."""
    found = queries.trial_of(asked.store, pk)
    response = render(request, "policybook/progress.html", {"trial": found, "store": asked.store})
    if found.state not in UNFINISHED:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@publishes
def case(request: HttpRequest, asked: Asked, pk: int, case: int) -> HttpResponse:
    """One request under both: the facts, both answers in full, and why they differ."""
    found = queries.trial_of(asked.store, pk)
    row = queries.case_of(found, case)
    explained = Explained(row, found, asked.locale)
    return render(
        request,
        "policybook/case.html",
        asked.page(
            trial=found,
            case=row,
            name=queries.name_of(row),
            ticket=queries.ticket_of(row),
            explained=explained,
            facts=results.facts_told(explained.facts, explained.packs[0], asked.locale),
            decided=results.decided_by_person(row.decided),
        ),
    )


@require_POST
@publishes
def cancellation(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """Stop a trial."""
    found = queries.trial_of(asked.store, pk)
    try:
        actions.cancel_trial(found, actor=asked.actor, now=asked.now)
    except ActionError as error:
        messages.error(request, error.message)
    return redirect("policybook:trial", asked.store.slug, found.pk)
