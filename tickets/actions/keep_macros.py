"""Macros: made, changed, laid aside, brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tickets.actions.macro_checks import checked
from tickets.actor import Actor
from tickets.errors import Conflict, NotAllowed
from tickets.models import Macro, MacroText, Store, User
from tickets.permissions import may


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a macro is to be, as somebody typed it. ``texts`` by language."""

    name: str
    kind: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    then_state: str = ""
    assign: str = ""
    assignee: User | None = None
    priority: int | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    snooze: str = ""
    snooze_days: int | None = None
    position: int = 0


def make(store: Store, wanted: Wanted, *, shared: bool, actor: Actor, now: datetime) -> Macro:
    """Keep a new macro: one's own, or (``shared``) the store's.

    Raises:
        InvalidInput: something in it cannot be; ``field`` says where.
        Conflict: there is one of that name.
        NotAllowed: they do not work in the store, or the store's macros are not theirs to make.
    """
    user = _editor(store, None if shared else actor.user, actor)
    owner = None if shared else user
    macro = Macro(store=store, owner=owner, made_by=user, made_at=now)
    return _written(macro, wanted, now)


def change(
    macro: Macro, wanted: Wanted, *, actor: Actor, now: datetime, seen: datetime | None = None
) -> Macro:
    """Let a macro be something else from now on. ``seen`` is its change that was looked at.

    Raises:
        InvalidInput, NotAllowed: as `make`.
        Conflict: somebody has changed it meanwhile, or there is another of that name.
    """
    _editor(macro.store, macro.owner, actor)
    with transaction.atomic():
        row = Macro.objects.select_for_update(of=("self",)).select_related("store").get(pk=macro.pk)
        if seen is not None and row.changed_at != seen:
            raise Conflict(_("Somebody has changed this macro meanwhile. Please look again."))
        return _written(row, wanted, now)


def retire(macro: Macro, *, actor: Actor, now: datetime) -> None:
    """Use a macro no more; what it did stays, and it can be brought back.

    Raises:
        NotAllowed: it is not theirs.
    """
    _editor(macro.store, macro.owner, actor)
    Macro.objects.filter(pk=macro.pk, retired_at=None).update(retired_at=now)


def bring_back(macro: Macro, *, actor: Actor) -> None:
    """Use a macro again.

    Raises:
        NotAllowed: it is not theirs.
        Conflict: there is another of its name meanwhile.
    """
    _editor(macro.store, macro.owner, actor)
    try:
        with transaction.atomic():
            Macro.objects.filter(pk=macro.pk).update(retired_at=None)
    except IntegrityError:
        raise _same_name() from None


def may_edit(actor: Actor, store: Store, owner: User | None) -> bool:
    """Whether a macro of the store (no ``owner``) or of a person is this actor's to change."""
    if actor.user is None:
        return False
    if owner is not None:
        return owner.pk == actor.user.pk and may(actor.user, store, "work")
    return may(actor.user, store, "override")


def _editor(store: Store, owner: User | None, actor: Actor) -> User:
    if actor.kind != "staff" or actor.user is None or not may_edit(actor, store, owner):
        raise NotAllowed
    return actor.user


def _written(macro: Macro, wanted: Wanted, now: datetime) -> Macro:
    texts = checked(macro, wanted)
    macro.changed_at = now
    try:
        with transaction.atomic():
            macro.save()
            MacroText.objects.filter(macro=macro).delete()
            MacroText.objects.bulk_create(
                MacroText(macro=macro, locale=locale, body=body) for locale, body in texts.items()
            )
    except IntegrityError:
        raise _same_name() from None
    return macro


def _same_name() -> Conflict:
    return Conflict(_("There is a macro of this name already."), field="name")
