"""Shows the mails that the demo kept. Outside the demo there is no such page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp, csp_update
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tickets.models import KeptMail

PER_PAGE = 30
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
View = Callable[..., HttpResponseBase]


def demo_only(view: View) -> View:
    """404 anywhere but in the demo: the page shows everybody's mails, signed links and all."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@demo_only
def inbox(request: HttpRequest) -> HttpResponse:
    """Every kept mail, the newest first, or only those to one address."""
    to = request.GET.get("to", "").strip()
    mails = KeptMail.objects.defer("text", "html")
    if to:
        mails = mails.filter(recipient__icontains=to)
    page = Paginator(mails, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "mailbox/inbox.html", {"page": page, "to": to})


@require_safe
@demo_only
def one(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One mail: its headers, its text with links to click, and its HTML in a frame."""
    page = render(request, "mailbox/one.html", {"mail": get_object_or_404(KeptMail, pk=pk)})
    return csp_update({"frame-src": ["'self'"]})(lambda _request: page)(request)


@require_safe
@demo_only
@xframe_options_sameorigin
def as_html(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The HTML part alone, in a sandbox that lets only its own style sheet through."""
    mail = get_object_or_404(KeptMail, pk=pk)
    response = HttpResponse(mail.html.replace("<head>", '<head><base target="_top">', 1))
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}'"
        for css in _STYLE.findall(mail.html)
    ]
    policy = {
        "default-src": ["'none'"],
        "style-src": hashes or ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
    return csp(policy)(lambda _request: response)(request)
