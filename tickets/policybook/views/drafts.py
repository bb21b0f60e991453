"""Drafts: begin one, change it by its figures or as text, look at what it changes, publish it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from policies.editing import EditError, edit
from policies.models import PolicyDraft
from policies.reading import PackError
from tickets.actions import policies as actions
from tickets.errors import ActionError, Conflict, InvalidInput
from tickets.policybook import packs, queries
from tickets.policybook.asked import Asked, attachment, publishes
from tickets.policybook.figures import FiguresForm
from tickets.policybook.forms import (
    DraftForm,
    PublicationForm,
    RevisionForm,
    TextForm,
    TrialForm,
    today_of,
)


def _to(draft: PolicyDraft, name: str = "draft") -> HttpResponse:
    return redirect(f"policybook:{name}", draft.store.slug, draft.pk)


@require_POST
@publishes
def begin(request: HttpRequest, asked: Asked) -> HttpResponse:
    """A new draft, after a published version."""
    form = DraftForm(request.POST)
    number = form.cleaned_data["base"] if form.is_valid() else 0
    base = queries.version_of(asked.store, number)
    draft = actions.start_draft(
        asked.store,
        base,
        title=form.cleaned_data.get("title", ""),
        actor=asked.actor,
        now=asked.now,
    )
    return _to(draft)


@require_safe
@publishes
def draft(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """What a draft changes, what is wrong with it, and what can be done with it."""
    found = queries.draft_of(asked.store, pk)
    return render(request, "policybook/draft.html", asked.page(**about_draft(asked, found)))


def about_draft(asked: Asked, found: PolicyDraft, **more: Any) -> dict[str, Any]:
    """Everything on a draft's page; ``more`` takes the place of what it names."""
    newest = actions.newest_of(asked.store)
    stale = newest.pk != found.based_on_id and found.published is None
    groups = packs.changes(found.based_on.source, found.source, asked.locale)
    between = packs.changes(found.based_on.source, newest.source, asked.locale) if stale else None
    first = {"revision": found.revision, "day": today_of(asked.store, asked.now)}
    return {
        "draft": found,
        "mistakes": packs.read(found.source).mistakes,
        "unreadable": groups is None,
        **packs.deciding(groups or ()),
        "newest": newest if stale else None,
        "between": between,
        "later": [
            line.version
            for line in queries.version_lines(asked.store, asked.now)
            if line.state == "later"
        ],
        "trials": found.trials.select_related("asked_by").defer("source")[:20],
        "trial_form": TrialForm(
            initial=TrialForm.proposal(asked.store, asked.now, found.revision), prefix="trial"
        ),
        "publication_form": PublicationForm(stale=stale, initial=first, prefix="publication"),
        **more,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@publishes
def figures(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """The form of figures. Only what was changed in it is written, into the text as it is."""
    found = queries.draft_of(asked.store, pk)
    if request.method != "POST":
        form = FiguresForm(found.source, initial={"revision": found.revision})
        return _figures_page(request, asked, found, form)
    form = FiguresForm(found.source, request.POST)
    if not form.readable or not form.is_valid():
        return _figures_page(request, asked, found, form, status=422)
    try:
        text = edit(found.source, form.changes())
        saved = actions.save_draft(
            found,
            text,
            revision=form.cleaned_data["revision"],
            actor=asked.actor,
            now=asked.now,
        )
    except EditError as error:
        name = "/".join(map(str, error.path))
        form.add_error(name if name in form.fields else None, _cannot_edit())
        return _figures_page(request, asked, found, form, status=422)
    except PackError:
        return _figures_page(request, asked, found, form, status=422)
    except Conflict as conflict:
        return _figures_page(request, asked, found, form, conflict=conflict, status=409)
    _tell_saved(request, saved)
    return _to(saved)


def _cannot_edit() -> str:
    return _("Others depend on this place of the text; please change it in the text.")


def _figures_page(
    request: HttpRequest,
    asked: Asked,
    found: PolicyDraft,
    form: FiguresForm,
    *,
    conflict: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    more = {"form": form, "draft": found, "conflict": conflict, "hidden": list(form.hidden())}
    return render(request, "policybook/figures.html", asked.page(**more), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@publishes
def text(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """The whole text. It is kept also where it is wrong; what is wrong stands beside it."""
    found = queries.draft_of(asked.store, pk)
    if request.method != "POST":
        first = {"revision": found.revision, "title": found.title, "source": found.source}
        return _text_page(request, asked, found, TextForm(initial=first), found.source)
    form = TextForm(request.POST, request.FILES)
    typed = request.POST.get("source", "")
    if not form.is_valid():
        return _text_page(request, asked, found, form, typed, status=422)
    typed = form.text()
    try:
        saved = actions.save_draft(
            found,
            typed,
            title=form.cleaned_data["title"],
            revision=form.cleaned_data["revision"],
            actor=asked.actor,
            now=asked.now,
        )
    except Conflict as conflict:
        return _text_page(request, asked, found, form, typed, conflict=conflict, status=409)
    except InvalidInput as error:
        form.add_error("source", error.message)
        return _text_page(request, asked, found, form, typed, status=422)
    if packs.read(saved.source).mistakes:
        messages.warning(request, _("Saved, with mistakes: it cannot be tried or published yet."))
        return _to(saved, "text")
    _tell_saved(request, saved)
    return _to(saved)


def _text_page(
    request: HttpRequest,
    asked: Asked,
    found: PolicyDraft,
    form: TextForm,
    typed: str,
    *,
    conflict: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    """What was typed stays in the field, whatever was wrong with it."""
    more = {
        "form": form,
        "draft": found,
        "typed": typed.replace("\r\n", "\n"),
        "mistakes": packs.read(typed).mistakes if typed else (),
        "conflict": conflict,
    }
    return render(request, "policybook/text.html", asked.page(**more), status=status)


def _tell_saved(request: HttpRequest, draft: PolicyDraft) -> None:
    if packs.read(draft.source).mistakes:
        messages.warning(request, _("Saved, with mistakes: it cannot be tried or published yet."))
    else:
        messages.success(request, _("Saved. Nothing is published yet."))


@require_safe
@publishes
def file(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """The text of a draft."""
    found = queries.draft_of(asked.store, pk)
    response = HttpResponse(found.source, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = attachment(f"{asked.store.slug}-{found.title}")
    return response


@require_POST
@publishes
def rebase(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """Bring in what was published since; show where both changed the same."""
    found, form = queries.draft_of(asked.store, pk), RevisionForm(request.POST)
    revision = form.cleaned_data["revision"] if form.is_valid() else 0
    try:
        saved, merged = actions.rebase_draft(
            found, revision=revision, actor=asked.actor, now=asked.now
        )
    except ActionError as error:
        messages.error(request, error.message)
        return _to(found)
    if not merged.clashes:
        messages.success(request, _("The newer version's changes are in this draft now."))
        return _to(saved)
    about = about_draft(asked, queries.draft_of(asked.store, pk), clashes=merged.clashes)
    return render(request, "policybook/draft.html", asked.page(**about))


@require_POST
@publishes
def drop(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """Put a draft away."""
    found = queries.draft_of(asked.store, pk)
    try:
        actions.drop_draft(found, actor=asked.actor, now=asked.now)
    except ActionError as error:
        messages.error(request, error.message)
        return _to(found)
    messages.success(request, _("“%(title)s” has been put away.") % {"title": found.title})
    return redirect("policybook:store", asked.store.slug)


@require_POST
@publishes
def publication(request: HttpRequest, asked: Asked, pk: int) -> HttpResponse:
    """Publish a draft from a day on."""
    found = queries.draft_of(asked.store, pk)
    form = PublicationForm(request.POST, stale=True, prefix="publication")
    if form.is_valid():
        try:
            version = actions.publish_draft(
                found,
                form.cleaned_data["day"],
                revision=form.cleaned_data["revision"],
                deliberate=form.cleaned_data["deliberate"],
                actor=asked.actor,
                now=asked.now,
            )
        except ActionError as error:
            known = error.field if error.field in form.fields else None
            form.add_error(known, error.message)
        else:
            said = _("Version %(number)d is published.") % {"number": version.number}
            messages.success(request, said)
            return redirect("policybook:version", asked.store.slug, version.number)
    about = about_draft(asked, found)
    if about["newest"] is None:
        del form.fields["deliberate"]
    about["publication_form"] = form
    return render(request, "policybook/draft.html", asked.page(**about), status=422)
