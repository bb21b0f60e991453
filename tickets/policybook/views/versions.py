"""Published versions: the list, one with its rules, what it changed, its file."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from policies.publish import trouble_with
from tickets import access
from tickets.models import User
from tickets.policybook import packs, queries
from tickets.policybook.asked import Asked, attachment, reads
from tickets.policybook.forms import DraftForm


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The stores whose rules a person may read; with one store, straight there."""
    stores = list(access.stores_for(cast(User, request.user)))
    if not stores:
        raise Http404
    wanted = request.GET.get("store", "")
    chosen = next((store for store in stores if store.slug == wanted), None)
    if chosen is None and len(stores) == 1:
        chosen = stores[0]
    if chosen is not None:
        return redirect("policybook:store", chosen.slug)
    reports = access.stores_for(cast(User, request.user), "report").exists()
    return render(request, "policybook/home.html", {"stores": stores, "reports": reports})


@require_safe
@reads
def store(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Which version is in force, what is to come, what was; and the drafts."""
    lines = queries.version_lines(asked.store, asked.now)
    current = queries.current_of(asked.store, asked.now)
    newest = max((line.version for line in lines), key=lambda row: row.number, default=None)
    return render(
        request,
        "policybook/store.html",
        asked.page(
            lines=lines,
            current=current,
            newest=newest,
            drafts=queries.open_drafts_of(asked.store) if asked.publishes else [],
            form=DraftForm(initial={"base": newest.number if newest else 0}),
        ),
    )


@require_safe
@reads
def version(request: HttpRequest, asked: Asked, number: int) -> HttpResponse:
    """Each rule with its id and its figures; of a version that cannot be read, why."""
    found = queries.version_of(asked.store, number)
    trouble = trouble_with(found)
    pack = None if trouble else packs.read(found.source).pack
    return render(
        request,
        "policybook/version.html",
        asked.page(
            version=found,
            earlier=queries.earlier_than(found),
            is_current=getattr(queries.current_of(asked.store, asked.now), "pk", 0) == found.pk,
            mistakes=trouble.mistakes if trouble else (),
            rules=list(queries.rule_lines(pack, asked.locale)) if pack else [],
        ),
    )


@require_safe
@reads
def changes(request: HttpRequest, asked: Asked, number: int) -> HttpResponse:
    """What a version changed, from the one before it or from any other."""
    found = queries.version_of(asked.store, number)
    since = request.GET.get("since", "")
    before = (
        queries.version_of(asked.store, int(since))
        if since.isdecimal() and len(since) < 9
        else queries.earlier_than(found)
    )
    if before is None:
        raise Http404
    groups = packs.changes(before.source, found.source, asked.locale)
    others = queries.versions_of(asked.store).exclude(pk=found.pk).defer("source")
    return render(
        request,
        "policybook/changes.html",
        asked.page(
            version=found,
            before=before,
            others=others,
            unreadable=groups is None,
            **packs.deciding(groups or ()),
        ),
    )


@require_safe
@reads
def file(request: HttpRequest, asked: Asked, number: int) -> HttpResponse:
    """The text of a version, as it was published."""
    found = queries.version_of(asked.store, number)
    response = HttpResponse(found.source, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = attachment(f"{asked.store.slug}-{found.number}")
    return response
