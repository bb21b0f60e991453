"""After a general answer, with no draft: it helped, or a person is written to; and coming back."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from supportdesk import clock
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions import guidance
from tickets.actions.people import customer_by_email
from tickets.actions.reminders import come_back, link_is_old
from tickets.actions.requests import write_about
from tickets.errors import ActionError, TooMany
from tickets.models import Customer
from tickets.portal import queries
from tickets.portal.answers import WRITE, optional_order
from tickets.portal.forms import WriteForm
from tickets.portal.tiles import OTHER, tile_of
from tickets.portal.visit import known, label_of, locale, pack_now, store_or_404

_TEN_MINUTES = timedelta(minutes=10)


@require_http_methods(["GET", "HEAD", "POST"])
def helped(request: HttpRequest, slug: str, request_type: str) -> HttpResponse:
    """“Did this help?” Yes. Counted once for a visitor in a while."""
    store = store_or_404(slug)
    if not known(request_type) or request_type == OTHER:
        raise Http404
    if request.method != "POST":
        return redirect("portal:begin", slug, request_type)
    now = clock.now()
    try:
        who = f"{visitor_of(request)}:{store.pk}:{request_type}"
        access.limit(who, "helped", 1, _TEN_MINUTES, now)
    except TooMany:
        pass  # said already
    else:
        guidance.count(store, "answer", request_type, "helped", now=now)
    return redirect(reverse("portal:begin", args=[slug, request_type]) + "?thanks=1#thanks")


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, slug: str, request_type: str) -> HttpResponse:
    """Write to a person without a draft; sent twice it is one conversation.

    The link goes to the address by mail and is not shown: nobody has proved whose it is.
    """
    store = store_or_404(slug)
    if not known(request_type):
        raise Http404
    if request.method != "POST":
        return redirect("portal:begin", slug, request_type)
    now = clock.now()
    form = WriteForm(request.POST, prefix=WRITE)
    status = 422
    if form.is_valid() and form.cleaned_data["form_key"] is None:
        form.add_error(None, _("Please send it again."))
    elif form.is_valid():
        typed = form.cleaned_data
        try:
            access.limit(visitor_of(request), "write", 20, _TEN_MINUTES, now)
            # Nobody's mailbox is filled by somebody else.
            access.limit(Customer.key(typed["email"]), "written", 20, timedelta(days=1), now)
            write_about(
                store,
                request_type,
                typed["body"],
                customer=customer_by_email(
                    store, typed["email"], name=typed["name"], answers={"locale": locale()}
                ),
                order=optional_order(request, store, typed, now),
                form_key=typed["form_key"],
                now=now,
            )
            return redirect(reverse("portal:written", args=[slug]) + "?sent=1")
        except ActionError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            status = 429 if isinstance(error, TooMany) else 422
    pack = pack_now(store, now)
    context = {
        "store": store,
        "now": now,
        "tile": tile_of(request_type),
        "label": label_of(pack, request_type),
        "request_type": request_type,
        "other": True,
        "write_form": form,
        **queries.at_hand(pack, request_type, now, locale()),
    }
    return render(request, "portal/begin.html", context, status=status)


@require_safe
def written(request: HttpRequest, slug: str) -> HttpResponse:
    """We have it: the link is in the mail."""
    store = store_or_404(slug)
    now = clock.now()
    channels = queries.channels(pack_now(store, now), locale())
    context = {"store": store, "now": now, "channels": channels}
    return render(request, "portal/written.html", context)


@require_safe
def again(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Back to the answer by the link of a reminder, with everything that was said."""
    store = store_or_404(slug)
    try:
        inquiry = access.inquiry_by_link(store, token)
    except BadSignature:
        raise Http404 from None
    now = clock.now()
    if link_is_old(inquiry, now):
        messages.warning(request, _("This link is too old. Please tell us again what happened."))
        return redirect("portal:begin", slug, inquiry.request)
    draft = come_back(inquiry, now=now)
    return redirect("portal:answer", slug, draft.key)
