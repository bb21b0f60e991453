"""Automations: made, changed (each change is a version), switched on and off, put in order.

Whoever may publish a store's rules says what the desk does by itself. Nothing acts here: that is
`run_automations`. What a switch changes holds at once, also for what is on its way: a firing looks
under the lock that the switch takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from tickets.actions.automation_undo import undo as undo
from tickets.actor import Actor
from tickets.automations import sentence
from tickets.automations.facts import Rule, Step
from tickets.automations.triggers import TRIGGERS
from tickets.errors import Conflict, InvalidInput
from tickets.models import (
    Automation,
    AutomationAlarm,
    AutomationCause,
    AutomationListens,
    AutomationVersion,
    Store,
    User,
)
from tickets.models.automation import LONGEST_NAME
from tickets.permissions import permit

VERB = "publish"
MOST = 200  # automations of one store that are in use


def rule_of(version: AutomationVersion) -> Rule:
    """What a version says."""
    return Rule(
        version.when,
        version.when_value,
        tuple(Step(one["key"], one["value"]) for one in version.conditions),
        tuple(Step(one["key"], one["value"]) for one in version.actions),
    )


# --- what it says ------------------------------------------------------------------------


def make(store: Store, name: str, rule: Rule, *, actor: Actor, now: datetime) -> Automation:
    """Keep a new automation, at the end of the others and switched off.

    Raises:
        InvalidInput: something in it cannot be; ``field`` as `sentence.checked`, or ``name``.
        Conflict: there are too many.
        NotAllowed: not theirs to make.
    """
    permit(actor, store, VERB)
    person, name = _person(actor), _name(name)
    rule = sentence.checked(rule, store)
    with transaction.atomic():
        _alone(store.pk)
        others = Automation.objects.filter(store=store, retired_at=None)
        if others.count() >= MOST:
            told = _("There are %(n)d automations. Lay one aside before you make another.")
            raise Conflict(told % {"n": MOST})
        last = others.aggregate(at=Max("position"))["at"]
        row = Automation.objects.create(
            store=store,
            name=name,
            position=0 if last is None else last + 1,
            made_by=person,
            made_at=now,
        )
        row.current = _version(row, 1, rule, person, now)
        row.save(update_fields=["current"])
    return row


def change(
    automation: Automation, name: str, rule: Rule, *, seen: int, actor: Actor, now: datetime
) -> Automation:
    """Let it say something else from now on. ``seen`` is the number of the version looked at.

    The same again makes no version. What was before stays, and can be used again: that is a
    change, too.

    Raises:
        InvalidInput, NotAllowed: as `make`.
        Conflict: somebody has changed it meanwhile, or it is used no more.
    """
    permit(actor, automation.store, VERB)
    person, name = _person(actor), _name(name)
    rule = sentence.checked(rule, automation.store)
    with transaction.atomic():
        row = _locked(automation)
        _in_use(row)
        assert row.current is not None
        if row.current.number != seen:
            raise Conflict(_("Somebody has changed this automation meanwhile. Please look again."))
        if (row.name, rule_of(row.current)) == (name, rule):
            return row
        row.name = name
        row.current = _version(row, row.current.number + 1, rule, person, now)
        if row.active:
            row.since = now
        row.save()
        listen(row.store_id)
    return row


def use_again(version: AutomationVersion, *, seen: int, actor: Actor, now: datetime) -> Automation:
    """Let an automation say again what it said in an earlier version.

    Raises:
        InvalidInput: something that it names is gone meanwhile.
        Conflict, NotAllowed: as `change`.
    """
    row = Automation.objects.select_related("store").get(pk=version.automation_id)
    return change(row, version.name, rule_of(version), seen=seen, actor=actor, now=now)


# --- whether it acts ---------------------------------------------------------------------


def switch(automation: Automation, on: bool, *, actor: Actor, now: datetime) -> Automation:
    """Switch it on, from now on, or off, at once. What stands so already changes nothing.

    Raises:
        InvalidInput: it is to be on, and something that it names is gone meanwhile.
        Conflict: it is used no more.
        NotAllowed: not theirs.
    """
    permit(actor, automation.store, VERB)
    with transaction.atomic():
        row = _locked(automation)
        _in_use(row)
        if row.active == on:
            return row
        if on:
            assert row.current is not None
            sentence.checked(rule_of(row.current), row.store)
            row.since, row.stopped_at, row.stopped_why = now, None, ""
        row.active = on
        row.save()
        listen(row.store_id)
    return row


def stop(automation: Automation, why: str, *, now: datetime) -> bool:
    """Switch it off because of what it does; its people are told. False where it was off already.

    In a transaction of its own: the firing that was too much is not to take it back.
    """
    with transaction.atomic():
        row = _locked(automation)
        if not row.active:
            return False
        row.active, row.stopped_at, row.stopped_why = False, now, why[:300]
        row.save()
        listen(row.store_id)
        AutomationAlarm.objects.create(automation=row, at=now, why=why[:300], wake_at=now)
    return True


def reorder(store: Store, order: Sequence[int], *, actor: Actor) -> None:
    """Put a store's automations in this order (keys); those that are not named come after.

    Raises:
        NotAllowed: not theirs.
    """
    permit(actor, store, VERB)
    with transaction.atomic():
        _alone(store.pk)
        rows = {row.pk: row for row in Automation.objects.filter(store=store, retired_at=None)}
        named = [rows.pop(pk) for pk in dict.fromkeys(order) if pk in rows]
        for place, row in enumerate([*named, *rows.values()]):
            row.position = place
            row.save(update_fields=["position"])


def retire(automation: Automation, *, actor: Actor, now: datetime) -> None:
    """Use it no more; what it did stays, and it can be brought back.

    Raises:
        NotAllowed: not theirs.
    """
    permit(actor, automation.store, VERB)
    with transaction.atomic():
        row = _locked(automation)
        if row.retired_at is None:
            row.active, row.retired_at = False, now
            row.save()
            listen(row.store_id)


def bring_back(automation: Automation, *, actor: Actor) -> None:
    """Have it again, switched off.

    Raises:
        NotAllowed: not theirs.
    """
    permit(actor, automation.store, VERB)
    with transaction.atomic():
        row = _locked(automation)
        row.retired_at = None
        row.save()


# --- what they share ---------------------------------------------------------------------


def in_use(store_id: int) -> QuerySet[Automation]:
    """A store's automations in their order, with what they say now."""
    rows = Automation.objects.filter(store=store_id, retired_at=None)
    return rows.select_related("current", "store").order_by("position", "pk")


def listen(store_id: int) -> None:
    """Note down of which events a store's active automations want to hear, for the trigger.

    Called by who holds the store's row (`_alone`): else what one notes down another takes away.
    """
    rows = AutomationVersion.objects.filter(
        pk__in=Automation.objects.filter(store=store_id, active=True).values("current")
    )
    keys = set(rows.values_list("when", flat=True))
    wanted = {kind for key in keys & TRIGGERS.keys() for kind in TRIGGERS[key].event_kinds}
    AutomationListens.objects.filter(store=store_id).exclude(kind__in=wanted).delete()
    waiting = AutomationCause.objects.filter(store=store_id, automation=None, done_at=None)
    waiting.exclude(event__kind__in=wanted).delete()  # off is off, also for what has happened
    AutomationListens.objects.bulk_create(
        [AutomationListens(store_id=store_id, kind=kind) for kind in sorted(wanted)],
        ignore_conflicts=True,
    )


def _alone(store_id: int) -> None:
    """One at a time in a store."""
    Store.objects.select_for_update(no_key=True).get(pk=store_id)


def _locked(automation: Automation) -> Automation:
    """The row, locked after its store's."""
    _alone(automation.store_id)
    rows = Automation.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("store", "current").get(pk=automation.pk)


def _in_use(row: Automation) -> None:
    if row.retired_at is not None:
        raise Conflict(_("This automation is used no more. Bring it back first."))


def _version(
    row: Automation, number: int, rule: Rule, person: User, now: datetime
) -> AutomationVersion:
    return AutomationVersion.objects.create(
        automation=row,
        number=number,
        name=row.name,
        when=rule.when,
        when_value=dict(rule.when_value),
        conditions=[one.as_json() for one in rule.conditions],
        actions=[one.as_json() for one in rule.actions],
        made_by=person,
        at=now,
    )


def _name(typed: str) -> str:
    """A name on one line.

    Raises:
        InvalidInput: there is none, or it is too long.
    """
    name = " ".join(typed.replace("\x00", "").split())
    if not name:
        raise InvalidInput(_("Give it a name."), "name")
    if len(name) > LONGEST_NAME:
        raise InvalidInput(_("At most %(n)d characters, please.") % {"n": LONGEST_NAME}, "name")
    return name


def _person(actor: Actor) -> User:
    if actor.user is None:  # what a store does by itself is a person's word
        raise InvalidInput(_("Only a person can do this."))
    return actor.user
