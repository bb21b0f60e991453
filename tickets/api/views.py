"""A decision for other programs: facts in, the rule's answer out. No data of people."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from policies.types import FactsError, facts_from_json
from supportdesk import clock
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions.guided import decide_for
from tickets.errors import TooMany
from tickets.models import Store

MAX_BODY = 64 * 1024


@require_safe
def index(request: HttpRequest) -> JsonResponse:
    """What there is to ask, and of which stores."""
    stores = Store.objects.filter(is_open=True).values_list("slug", flat=True)
    return JsonResponse(
        {"version": 1, "stores": list(stores), "decide": {"post": reverse("api:decide")}}
    )


@csrf_exempt  # it changes nothing, and no session is read
@require_POST
def decide(request: HttpRequest) -> JsonResponse:
    """One decision, by the store's rules in force when the order was placed.

    The body is one object of facts as JSON; unknown keys are an error. 422 tells what is
    wrong and where, 429 when to come back.
    """
    try:
        access.limit(visitor_of(request), "decide", 600, timedelta(minutes=10), clock.now())
    except TooMany as error:
        return _problem(error.message, 429, {"Retry-After": str(error.again_in)})
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return _problem(_("This is longer than any facts can be."), 413)
    try:
        data = json.loads(request.body)
    except ValueError:
        return _problem(_("The body has to be one JSON object of facts."))
    try:
        facts = facts_from_json(data)
    except FactsError as error:
        return _problem(str(error))
    store = Store.objects.filter(slug=facts.store, is_open=True).first()
    if store is None:
        return _problem(_("There is no store of this name here: %(name)s") % {"name": facts.store})
    decision, sentences = decide_for(facts, store, locale=get_language() or "en")
    return JsonResponse(decision.as_json(explain=sentences))


def _problem(
    message: str, status: int = 422, headers: dict[str, Any] | None = None
) -> JsonResponse:
    return JsonResponse({"error": message}, status=status, headers=headers)
