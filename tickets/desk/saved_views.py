"""A list narrowed down: as typed, or as somebody saved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tickets import access
from tickets.actions.saved_views import LONGEST_NAME
from tickets.desk import filters, stretches
from tickets.desk.filters import FilterForm
from tickets.desk.lists import Page, Selection
from tickets.desk.person import Desk
from tickets.desk.queues import Queue
from tickets.models import SavedView, Store

Given = dict[str, list[str]]


class SaveForm(forms.Form):
    """Under which name a list is kept, and with whose staff it is shared."""

    name = forms.CharField(label=_("Name of the list"), max_length=LONGEST_NAME)
    share = forms.ChoiceField(label=_("Who sees it"), required=False)

    def __init__(self, desk: Desk, data: Any = None, **more: Any) -> None:
        super().__init__(data, auto_id="save_%s", **more)
        self.stores = {one.slug: one for one in desk.stores if "work" in desk.verbs(one.pk)}
        told = _("Everybody at %(store)s")
        fields: dict[str, Any] = self.fields
        fields["share"].choices = [
            ("", _("Only me")),
            *((slug, told % {"store": one.name}) for slug, one in self.stores.items()),
        ]
        fields["name"].widget.attrs["class"] = "form-control"
        fields["share"].widget.attrs["class"] = "form-select"

    @property
    def store(self) -> Store | None:
        """Whose staff it is shared with, if anybody's."""
        return self.stores.get(self.cleaned_data.get("share", ""))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A list that is narrowed down, the form that says by what, and the view it began as.

    ``told`` are sentences about what cannot be used. ``own`` says whether the view is this
    person's; ``changed`` whether the filters are no longer those that were saved.
    """

    given: Given
    form: FilterForm
    selection: Selection | None
    view: SavedView | None = None
    told: tuple[str, ...] = ()
    own: bool = False
    changed: bool = True

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The filters as the fields of a form that saves them."""
        return [(name, one) for name, values in self.given.items() for one in values]

    @property
    def address(self) -> str:
        """The filters as an address says them."""
        return urlencode(self.given, doseq=True)


def of_address(desk: Desk, query: QueryDict) -> Narrowed:
    """The list that an address asks for; ``view`` in it names the saved one it began as."""
    given = filters.given(query)
    found = _narrowed(desk, given)
    pk = query.get("view", "")
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return found
    view = access.view_for(desk.actor, int(pk))
    own = view.owner_id == desk.user.pk
    return replace(found, view=view, own=own, changed=given != filters.given(view.filters))


def of_view(desk: Desk, view: SavedView) -> Narrowed:
    """The list that somebody saved, with what its reader may see."""
    found = _narrowed(desk, filters.given(view.filters))
    return replace(found, view=view, own=view.owner_id == desk.user.pk, changed=False)


def _narrowed(desk: Desk, given: Given) -> Narrowed:
    form = filters.form_of(desk, given)
    selection = filters.selection(form)
    return Narrowed(given, form, selection, told=tuple(form.told))


def page(narrowed: Narrowed, after: str) -> Page:
    """One page of it; nothing where a filter cannot be used."""
    if narrowed.selection is None:
        return Page([], "")
    return stretches.page(narrowed.selection, after)


def like(queue: Queue) -> Given:
    """The filters that say what a queue holds, to begin from."""
    columns = queue.columns
    found: dict[str, str] = {}
    if "assignee" in columns or "stage" in columns:
        found = {name: columns[name] for name in ("assignee", "stage") if name in columns}
    if columns.get("state") in ("new", "waiting"):
        found["state"] = columns.get("waiting_for") or columns["state"]
    if queue.key in ("snoozed", "done"):
        found["state"] = queue.key
    return {name: [value] for name, value in found.items()}


def counted(desk: Desk) -> Mapping[int, str]:
    """How many tickets each own list holds now, in one statement: ``12``, ``99+``."""
    own = [view for view in access.views_for(desk.actor) if view.owner_id == desk.user.pk]
    found = [of_view(desk, view).selection for view in own]
    return {
        view.pk: f"{min(n, stretches.COUNTED - 1)}+" if more else str(n)
        for view, (n, more) in zip(own, stretches.count(found), strict=True)
    }
