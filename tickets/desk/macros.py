"""Macros in words: what one says and does, on which ticket, and which there are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from tickets import access
from tickets.actions import macros
from tickets.desk import labels
from tickets.desk.macro_form import THEN, MacroForm, initial_of, locales_of
from tickets.desk.page import people_of
from tickets.desk.person import Desk
from tickets.errors import ActionError
from tickets.models import Macro, MacroText, Store, Ticket, User
from tickets.placeholders import KNOWN, Filled, Part, fill, label_of, problems
from tickets.templatetags import dates
from tickets.ticket_values import About

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Does:
    """One thing that a macro does, in words. ``stands`` says that it is so already."""

    icon: str
    text: str
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A macro in a list."""

    macro: Macro
    words: str
    does: tuple[Does, ...]
    may_edit: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A text with values in it. ``instead`` names the language where it is not the customer's."""

    parts: tuple[Part, ...]
    body: str
    language: str
    instead: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a macro would do on one ticket now. ``problem`` says why it cannot be run."""

    macro: Macro
    said: Said | None
    does: tuple[Does, ...]
    form_key: str
    problem: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing is in the way."""
        return not self.problem and (self.said is None or not self.said.missing)


# --- which there are ---------------------------------------------------------------------


def _with_texts(rows: QuerySet[Macro]) -> QuerySet[Macro]:
    texts = Prefetch("texts", MacroText.objects.order_by("locale"))
    return rows.select_related("store", "owner", "assignee").prefetch_related(texts)


def here(desk: Desk, ticket: Ticket, typed: str = "") -> list[Row]:
    """The macros that this person can run on a ticket, one's own first; narrowed by a few words."""
    rows = access.macros_for(desk.actor).filter(store=ticket.store_id, retired_at=None)
    for word in typed.replace("\x00", "").casefold().split()[:5]:
        said = Q(pk__in=MacroText.objects.filter(body__icontains=word).values("macro"))
        rows = rows.filter(Q(key__contains=word) | said)
    found = list(_with_texts(rows).order_by("owner_id", "position", "key", "pk")[:SHOWN])
    return [Row(one, _words(one, ticket), does(one, desk.now, ticket)) for one in found]


def one_here(desk: Desk, ticket: Ticket, pk: int) -> Macro:
    """A macro of this ticket's store, or 404."""
    rows = access.macros_for(desk.actor).filter(store=ticket.store_id)
    return access.one_macro(_with_texts(rows), pk)


def by_store(desk: Desk) -> list[tuple[Store, list[Row], bool, bool]]:
    """Of each store that is looked at: its macros, whether one can be made, and for everybody."""
    rows = access.macros_for(desk.actor).filter(store__in=desk.here, retired_at=None)
    found: dict[int, list[Row]] = {}
    for one in _with_texts(rows).order_by("owner_id", "position", "key", "pk"):
        row = Row(one, _words(one), does(one, desk.now), may_edit(desk, one))
        found.setdefault(one.store_id, []).append(row)
    stores = [store for store in desk.stores if store.pk in desk.here]
    told = []
    for store in stores:
        verbs = desk.verbs(store.pk)
        told.append((store, found.get(store.pk, []), "work" in verbs, "override" in verbs))
    return told


def may_edit(desk: Desk, macro: Macro) -> bool:
    """Whether it is this person's to change, by what the desk knows of them already."""
    verbs = desk.verbs(macro.store_id)
    if macro.owner_id is not None:
        return macro.owner_id == desk.user.pk and "work" in verbs
    return "override" in verbs


def _words(macro: Macro, ticket: Ticket | None = None) -> str:
    """The beginning of what it says."""
    texts = list(macro.texts.all()) if macro.kind else []
    best = macros.text_for(macro, ticket) if ticket is not None else (texts[0] if texts else None)
    return best.body if best is not None else ""


# --- what one does -----------------------------------------------------------------------


def does(macro: Macro, now: datetime, ticket: Ticket | None = None) -> tuple[Does, ...]:
    """Everything but its words, in the order in which it is done."""
    told: list[Does] = []
    if macro.assign:
        told.append(_assigned(macro, ticket))
    if macro.priority is not None:
        name = {"name": labels.PRIORITIES[macro.priority]}
        stands = ticket is not None and ticket.priority == macro.priority
        told.append(Does("flag", _("Priority: %(name)s") % name, stands))
    tags = [*(f"+ {tag}" for tag in macro.add_tags), *(f"− {tag}" for tag in macro.remove_tags)]
    if tags:
        told.append(Does("tag", _("Tags: %(tags)s") % {"tags": ", ".join(tags)}))
    if macro.snooze:
        told.append(Does("clock", _put_off(macro, now)))
    if macro.then_state:
        told.append(Does("check", str(THEN[macro.then_state])))
    return tuple(told)


def _assigned(macro: Macro, ticket: Ticket | None) -> Does:
    if macro.assign == "me":
        return Does("user", _("Assigned to whoever runs it"))
    if macro.assign == "nobody":
        stands = ticket is not None and ticket.assignee_id is None
        return Does("user-off", _("Given back to all"), stands)
    stands = ticket is not None and ticket.assignee_id == macro.assignee_id
    return Does("user", _("Assigned to %(name)s") % {"name": macro.assignee}, stands)


def _put_off(macro: Macro, now: datetime) -> str:
    try:
        until = macros.until(macro, macro.store, now)
    except ActionError as error:
        return error.message
    assert until is not None
    return _("Put off until %(when)s") % {"when": dates.say(until, macro.store.time_zone, now)}


# --- on a ticket -------------------------------------------------------------------------


def preview(
    desk: Desk, macro: Macro, ticket: Ticket, form_key: str = "", problem: str = ""
) -> Preview:
    """What it would say and do now."""
    filled = macros.compose(macro, ticket, user=desk.user, now=desk.now)
    said = _said(filled, macros.languages(ticket)) if filled is not None else None
    if macro.retired_at is not None:
        problem = problem or _("This macro is used no more.")
    told = does(macro, desk.now, ticket)
    return Preview(macro, said, told, form_key or str(uuid.uuid4()), problem)


def _said(filled: Filled, wanted: Sequence[str]) -> Said:
    spoken = dict(settings.LANGUAGES)
    language = str(spoken.get(filled.locale, filled.locale))
    theirs = {wanted[0], wanted[0].replace("_", "-").split("-")[0]} if wanted else set()
    missing = tuple(label_of(name) for name in filled.missing)
    return Said(filled.parts, filled.body, language, filled.locale not in theirs, missing)


# --- the form ----------------------------------------------------------------------------


def form_of(desk: Desk, store: Store, macro: Macro | None, data: object = None) -> MacroForm:
    """The form for a new macro of a store, or for one that is there."""
    may_share = macro is None and "override" in desk.verbs(store.pk)
    initial = initial_of(macro) if macro is not None else {"shared": may_share}
    people: list[User] = people_of(store)
    locales = locales_of(store, macro)
    return MacroForm(people, locales, data, initial=initial, may_share=may_share)


def example_of(desk: Desk, store: Store, typed: str) -> Ticket | None:
    """The ticket that a preview is filled from: the one that was named, else the newest."""
    rows = access.tickets_for(desk.actor).filter(store=store)
    rows = rows.select_related("store", "customer", "order", "claim__policy_version")
    named = access.find_ticket(desk.actor, typed) if typed.strip() else None
    if named is not None:
        return rows.filter(pk=named.pk).first()
    return rows.order_by("-pk").first() if not typed.strip() else None


@dataclass(frozen=True, slots=True)
class Samples:
    """The texts of a form, filled from a ticket; ``wrong`` is what is wrong with them."""

    ticket: Ticket | None
    said: tuple[Said, ...] = ()
    wrong: tuple[str, ...] = ()


def samples(desk: Desk, store: Store, form: MacroForm) -> Samples:
    """Each text that was typed, filled from the example; none where there is no such ticket."""
    form.is_valid()
    texts = {at: body for at, body in form.wanted().texts.items() if body.strip()}
    wrong = [problem for body in texts.values() for problem in problems(body)]
    ticket = example_of(desk, store, form.cleaned_data.get("example") or "")
    if ticket is None:
        return Samples(None, (), tuple(dict.fromkeys(wrong)))
    said = [
        _said(fill(body, About(ticket, desk.user, at, desk.now)), [at])
        for at, body in texts.items()
    ]
    return Samples(ticket, tuple(said), tuple(dict.fromkeys(wrong)))


def placeholders() -> Mapping[str, str]:
    """Every placeholder and what it stands for, in the reader's language."""
    return {f"{{{{ {name} }}}}": str(one.label) for name, one in KNOWN.items()}
