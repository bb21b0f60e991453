"""Lists that staff keep: made, changed, thrown away, brought back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tickets import access
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import SavedView, Store, User
from tickets.permissions import permit

LONGEST_NAME = 60
MOST = 30  # of one person: the left zone is for those that are used
UNDO_WITHIN = timedelta(minutes=10)
_SALT = "tickets.saved_view"
Filters = Mapping[str, list[str]]


def save_view(
    name: str, filters: Filters, *, store: Store | None, actor: Actor, now: datetime
) -> SavedView:
    """Keep a list under a name; ``store`` is whose staff it is shared with, if anybody's.

    Raises:
        InvalidInput: no name, or too long a one, or nothing to narrow down by, or too many.
        Conflict: this person has a list of that name.
        NotAllowed: this person does not work in the store.
    """
    owner = _person(actor, store)
    named, kept = _named(name), _kept(filters)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if SavedView.objects.filter(owner=owner).count() >= MOST:
            told = _("You have %(n)d lists. Delete one that you no longer use.")
            raise InvalidInput(told % {"n": MOST}, "name")
        return _written(SavedView(owner=owner, name=named, filters=kept, store=store, made_at=now))


def change_view(
    view: SavedView, name: str, filters: Filters, *, store: Store | None, actor: Actor
) -> SavedView:
    """Rename an own list, share it or not, and keep other filters in it.

    Raises:
        InvalidInput, Conflict: as `save_view`.
        NotAllowed: it is somebody else's, or this person does not work in the store (any more).
    """
    _own(view, actor)
    _person(actor, store)
    view.name, view.filters, view.store = _named(name), _kept(filters), store
    with transaction.atomic():
        return _written(view)


def remove_view(view: SavedView, *, actor: Actor) -> str:
    """Delete an own list; the answer brings it back, where `restore_view` gets it in time.

    Raises:
        NotAllowed: it is somebody else's.
    """
    _own(view, actor)
    _person(actor, None)
    kept = {
        "pk": view.pk,
        "owner": view.owner_id,
        "name": view.name,
        "filters": view.filters,
        "store": view.store_id,
        "position": view.position,
        "made_at": view.made_at.isoformat(),
    }
    SavedView.objects.filter(pk=view.pk).delete()
    return signing.dumps(kept, salt=_SALT, compress=True)


def restore_view(token: str, *, actor: Actor) -> SavedView:
    """Bring an own list that was deleted back as it was; twice is once.

    Raises:
        Conflict: it was deleted too long ago, or the word for it is not ours.
        NotAllowed: this person does not work any more in the store that it was shared with.
    """
    owner = _person(actor, None)
    try:
        kept = signing.loads(token, salt=_SALT, max_age=UNDO_WITHIN)
    except signing.BadSignature:
        raise Conflict(_("This cannot be undone any more.")) from None
    if kept["owner"] != owner.pk:
        raise Conflict(_("This cannot be undone any more."))
    store = Store.objects.filter(pk=kept["store"]).first()
    if store is not None:
        permit(actor, store, "work")
    view, _made = SavedView.objects.get_or_create(
        owner=owner,
        name=kept["name"],
        defaults={
            "pk": kept["pk"],
            "filters": kept["filters"],
            "store": store,
            "position": kept["position"],
            "made_at": datetime.fromisoformat(kept["made_at"]),
        },
    )
    return view


def _person(actor: Actor, store: Store | None) -> User:
    """Whose list it is: somebody who works here, and in the store that it is shared with."""
    if actor.kind != "staff" or actor.user is None:
        raise NotAllowed
    if store is not None:
        permit(actor, store, "work")
    elif not access.stores_for(actor.user, "work").exists():
        raise NotAllowed
    return actor.user


def _own(view: SavedView, actor: Actor) -> None:
    if actor.user is None or view.owner_id != actor.user.pk:
        raise NotAllowed(_("Only who made a list can change it."))


def _named(name: str) -> str:
    found = " ".join(name.replace("\x00", "").split())
    if not found:
        raise InvalidInput(_("Please give the list a name."), "name")
    if len(found) > LONGEST_NAME:
        told = _("A name has at most %(n)d characters.")
        raise InvalidInput(told % {"n": LONGEST_NAME}, "name")
    return found


def _kept(filters: Filters) -> dict[str, list[str]]:
    if not filters:
        raise InvalidInput(_("Choose at least one filter first."))
    return {name: list(values) for name, values in filters.items()}


def _written(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Conflict(_("You have a list of that name already."), field="name") from None
    return view
