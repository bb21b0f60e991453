"""The answer, at once, and what can be done with it: send, wait and be reminded, or write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from policies.pack import Pack
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions import reminders
from tickets.actions.inquiries import helped as count_helped
from tickets.actions.inquiries import latest, tell
from tickets.actions.people import customer_by_email
from tickets.actions.requests import is_over, open_request
from tickets.actions.requests import write as write_to_us
from tickets.actor import Actor
from tickets.errors import ActionError, CannotFile, Conflict, TooMany
from tickets.models import Customer
from tickets.portal import queries, slots
from tickets.portal.answers import Forms, ends, optional_order
from tickets.portal.release import release_of
from tickets.portal.tiles import OTHER
from tickets.portal.views.steps import next_step
from tickets.portal.visit import Visit, label_of, locale, on_draft, pack_now, posted_only, sent_page

_TEN_MINUTES = timedelta(minutes=10)


@require_safe
@on_draft
def show(visit: Visit) -> HttpResponse:
    """What the store's rule says, until when, and what happens next."""
    if visit.draft.request != OTHER:
        if visit.guide.unanswered or (visit.is_claim and not visit.draft.answers.get("items")):
            return next_step(visit)
        # Of a cancelled order no rule is told, so none is counted as told either.
        if visit.request.method == "GET" and not is_over(visit.draft.order, visit.draft.request):
            tell(visit.draft, visit.guide.found, now=visit.now)
    return _page(visit, Forms(visit))


def _page(
    visit: Visit, forms: Forms, status: int = 200, held: dict[str, str] | None = None
) -> HttpResponse:
    plain = visit.draft.request == OTHER
    # The order's own version decides; how to reach the store is as it is today.
    today = pack_now(visit.store, visit.now)
    pack = today if plain else visit.guide.pack
    found: dict[str, Any] = {
        "guide": None if plain else visit.guide,
        "label": label_of(pack, visit.draft.request),
        "forms": forms,
        "form": forms.write,
        "next_steps": [] if plain else queries.what_happens(visit.guide, claim=visit.is_claim),
        "back": visit.before(None),
        "release": release_of(visit.draft.order, visit.draft.request, visit.now),
        **queries.at_hand(today, visit.draft.request, visit.now, locale()),
        **({} if plain else ends(visit, latest(visit.draft))),
        **_held(visit, pack, held),
    }
    return visit.page("portal/answer.html", found, status)


def _held(visit: Visit, pack: Pack, held: dict[str, str] | None) -> dict[str, Any]:
    """Why a form could not be sent this minute, and the files that it waits for."""
    if held is None:
        return {}
    files = slots.files(pack, visit.files, locale())
    return {"held": held, "files": files, "upload": f"draft={visit.draft.key}"}


def _customer(visit: Visit, typed: dict[str, Any]) -> Customer:
    """Whose order it is, or the customer of the address that was typed."""
    if visit.customer is not None:
        return visit.customer
    return customer_by_email(
        visit.store, typed["email"], name=typed.get("name", ""), answers=visit.draft.answers
    )


def _limit_writing(visit: Visit, typed: dict[str, Any]) -> None:
    """So often a visitor may write; and so often to an address that nobody has shown is theirs."""
    access.limit(visitor_of(visit.request), "write", 20, _TEN_MINUTES, visit.now)
    if visit.customer is None:
        access.limit(Customer.key(typed["email"]), "written", 20, timedelta(days=1), visit.now)


def _sent(visit: Visit) -> HttpResponse:
    page = sent_page(visit.draft)
    assert page is not None
    return HttpResponseRedirect(page + "?sent=1")


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
@posted_only
def send(visit: Visit) -> HttpResponse:
    """Send what the rule accepts; sent twice it is one request."""
    if visit.draft.request == OTHER:
        return visit.go("answer")
    forms = Forms(visit, send=visit.request.POST)
    if not forms.ready_to_send:
        return _page(visit, forms, 422)
    try:
        _limit_writing(visit, forms.contact_data)
        customer = _customer(visit, forms.contact_data)
        open_request(
            visit.draft,
            customer=customer,
            details=forms.details_data,
            note=forms.note.cleaned_data["note"],
            actor=Actor.of_customer(customer),
            now=visit.now,
        )
    except CannotFile:
        return visit.go("answer")  # shipped meanwhile, say: the page tells
    except ActionError as error:
        return _told(visit, forms, forms.note, error)
    return _sent(visit)


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
@posted_only
def write(visit: Visit) -> HttpResponse:
    """Write to a person; sent twice it is one conversation."""
    forms = Forms(visit, write=visit.request.POST)
    if not forms.write.is_valid():
        return _page(visit, forms, 422)
    typed = forms.write.cleaned_data
    try:
        _limit_writing(visit, typed)
        customer = _customer(visit, typed)
        order = optional_order(visit.request, visit.store, typed, visit.now)
        actor = Actor.of_customer(customer)
        write_to_us(
            visit.draft, typed["body"], customer=customer, order=order, actor=actor, now=visit.now
        )
    except ActionError as error:
        return _told(visit, forms, forms.write, error)
    return _sent(visit)


def _told(visit: Visit, forms: Forms, form: Any, error: ActionError) -> HttpResponse:
    """The page again, with what was typed and what went wrong."""
    if error.field == "files":
        which = "write" if form is forms.write else "send"
        return _page(visit, forms, 409, {"form": which, "why": error.message})
    if isinstance(error, Conflict):
        raise error
    form.add_error(error.field if error.field in form.fields else None, error.message)
    response = _page(visit, forms, 429 if isinstance(error, TooMany) else 422)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.again_in)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
@posted_only
def remind(visit: Visit) -> HttpResponse:
    """Remind me then; asked twice it is one reminder."""
    if visit.draft.request == OTHER:
        return visit.go("answer")
    forms = Forms(visit, remind=visit.request.POST)
    if forms.remind is not None and not forms.remind.is_valid():
        return _page(visit, forms, 422)
    typed = forms.remind.cleaned_data if forms.remind is not None else {}
    try:
        access.limit(visitor_of(visit.request), "remind", 10, _TEN_MINUTES, visit.now)
        if typed:  # nobody's mailbox is filled by somebody else
            access.limit(Customer.key(typed["email"]), "reminded", 5, timedelta(days=1), visit.now)
        reminders.ask(visit.draft, customer=_customer(visit, typed), now=visit.now)
    except ActionError as error:
        if forms.remind is not None:
            return _told(visit, forms, forms.remind, error)
        if isinstance(error, Conflict):
            raise
        messages.error(visit.request, error.message)
    return visit.go("answer")


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
@posted_only
def forget(visit: Visit) -> HttpResponse:
    """Do not remind me; twice is no error."""
    reminders.forget(visit.draft, now=visit.now)
    messages.success(visit.request, _("We will not remind you."))
    return visit.go("answer")


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
@posted_only
def helped(visit: Visit) -> HttpResponse:
    """“Did this help?” Yes."""
    count_helped(visit.draft, now=visit.now)
    return visit.go("answer")
