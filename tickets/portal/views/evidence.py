"""What proves it: a checklist, how to make each, and what is here already."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets.actions.add_evidence import remove_evidence
from tickets.errors import ActionError
from tickets.evidence import arrivals
from tickets.evidence.receive import discard
from tickets.portal import slots
from tickets.portal.tiles import OTHER
from tickets.portal.views.steps import next_step
from tickets.portal.visit import Visit, locale, looks_at_own_files, on_draft


@require_safe
@looks_at_own_files
@on_draft
def show(visit: Visit) -> HttpResponse:
    """The checklist of this request."""
    if visit.draft.request == OTHER:
        return visit.go("answer")
    files = visit.files
    ways = slots.ways(visit.guide.pack, visit.guide.needed, files, locale())
    if not visit.is_claim and (not ways or visit.guide.general):
        return visit.go("answer")
    if visit.guide.unanswered or (visit.is_claim and not visit.draft.answers.get("items")):
        return next_step(visit)
    context = {
        "guide": visit.guide,
        "onward": visit.url("review" if visit.is_claim else "answer"),
        "ways": ways,
        "extra": slots.extra_kinds(visit.guide.pack, visit.guide.needed, files, locale()),
        "upload": f"draft={visit.draft.key}",
        "complete": not visit.guide.decision.missing,
        "mark": arrivals.mark(files),
        "checking": arrivals.looks_soon(files, visit.now),
    }
    return visit.page("portal/evidence.html", context)


@require_POST
@on_draft
def remove(visit: Visit, pk: int) -> HttpResponse:
    """Take a file that has arrived out again; twice is no error."""
    found = visit.draft.evidence.filter(pk=pk).first()
    if found is not None:
        try:
            discard(*remove_evidence(found, visit.draft, now=visit.now))
            messages.success(
                visit.request, _("“%(name)s” is removed.") % {"name": found.original_name}
            )
        except ActionError as error:
            messages.error(visit.request, error.message)
    return visit.go("evidence")
