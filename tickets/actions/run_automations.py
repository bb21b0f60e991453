"""The job: whatever has happened is shown to the store's automations, and those that fit act.

A cause is taken under a lease. Each automation that fits acts in one transaction of its own: the
ticket is locked, then the automation; whether it is still on, says the same, and has not acted on
this before is looked at there, and its conditions are asked once more. All its deeds are done, or
none. A worker that dies leaves the lease, which runs out; the log (`Firing`) and ``tried`` say what
has been done.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from supportdesk.nudge import run_automations as nudge
from tickets.actions import automation_causes as causes
from tickets.actions import automations
from tickets.actions.automation_doing import do
from tickets.actions.automation_guard import depth_of, too_many, why_not
from tickets.actions.base import Turn, ticket_turn
from tickets.actor import SYSTEM
from tickets.automations import facts, sentence
from tickets.automations.facts import Facts, Rule
from tickets.automations.triggers import TRIGGERS
from tickets.errors import ActionError
from tickets.models import (
    Automation,
    AutomationCause,
    AutomationVersion,
    Event,
    Firing,
    Ticket,
)

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 5  # of a cause whose worker never comes back
SECONDS = 20.0  # how long one run goes on while there is more


class _NotNow(Exception):
    """Under the lock it turned out that there is nothing to do (any more)."""


class _Stopped(ActionError):
    """It fits, and must not act; the message says why."""


class _Storm(ActionError):
    """It has acted far too often: it is switched off."""


def run_due(now: datetime, *, seconds: float = SECONDS) -> int:
    """Let automations act on all that has happened by ``now``; returns how many causes were done.

    What they do may be a cause again, and is seen in the same run. Two runs share the work.
    """
    until = time.monotonic() + seconds
    done = 0
    while time.monotonic() < until:
        token = uuid.uuid4()
        taken = causes.take(now, token)
        for number, cause in enumerate(taken):
            if time.monotonic() > until:
                causes.give_back(taken[number:], token, now)
                break
            done += _run(cause, token, now)
        if len(taken) < causes.BATCH and not causes.more(now):
            return done
    transaction.on_commit(nudge)
    return done


# --- one cause ---------------------------------------------------------------------------


def _run(cause: AutomationCause, token: uuid.UUID, now: datetime) -> int:
    """Show one cause to every automation that listens to it, in their order."""
    with override(cause.store.locale):
        ticket_id = causes.ticket_of(cause)
        known: Facts | None = None
        for automation in _listening(cause) if ticket_id is not None else ():
            assert automation.current is not None and ticket_id is not None
            rule = automations.rule_of(automation.current)
            # Asked without a lock, so that what does not fit costs nobody anything.
            known = known or _facts(_root(ticket_id), cause)
            if not _fits(rule, known):
                continue
            if cause.attempts > MOST_ATTEMPTS:
                why = _("The machine stopped every time it was about to do this.")
                _write_down(automation, cause, token, "failed", why, now)
                continue
            if not _fire(automation, cause, token, now):
                return 0  # somebody else has the lease by now
            known = None
    return causes.finish(cause, token, now)


def _listening(cause: AutomationCause) -> list[Automation]:
    """The active automations that wait for such a cause, and have not had their turn."""
    rows = Automation.objects.filter(store=cause.store_id, active=True, since__lte=cause.at)
    rows = rows.exclude(pk__in=cause.tried).select_related("current").order_by("position", "pk")
    if cause.automation_id is not None:
        return list(rows.filter(pk=cause.automation_id))
    assert cause.event is not None
    return [row for row in rows if row.current is not None and waits(row.current, cause.event)]


def waits(version: AutomationVersion, event: Event) -> bool:
    """Whether an event is what a version waits for."""
    trigger = TRIGGERS.get(version.when)
    try:
        return trigger is not None and trigger.matches(event.kind, event.data, version.when_value)
    except (ActionError, LookupError, TypeError, ValueError):  # another release wrote it
        log.exception("Version %s of an automation cannot be asked", version.pk)
        return False


def _root(ticket_id: int) -> Ticket:
    rows = Ticket.objects.select_related("customer", "order", "merged_into__customer")
    ticket = rows.select_related("merged_into__order").get(pk=ticket_id)
    return ticket.merged_into or ticket


def _facts(ticket: Ticket, cause: AutomationCause) -> Facts:
    event = cause.event
    if event is not None:
        return facts.read(ticket, event.kind, event.data, cause.at)
    assert cause.deadline is not None
    return facts.read(ticket, "deadline", {"deadline": cause.deadline.kind}, cause.at)


def _fits(rule: Rule, known: Facts) -> bool:
    try:
        return sentence.holds(rule, known)
    except (ActionError, ArithmeticError, LookupError, TypeError, ValueError):
        log.exception("An automation's conditions could not be asked")
        return False


# --- one firing --------------------------------------------------------------------------


def _fire(automation: Automation, cause: AutomationCause, token: uuid.UUID, now: datetime) -> bool:
    """Let one automation act, or write down why it did not; False where the lease is lost."""
    try:
        _act(automation, cause, token, now)
    except _NotNow:
        return causes.tried(cause, token, automation.pk)
    except (OperationalError, InterfaceError):
        raise  # the database, not the automation: the lease runs out, and the next run finds it
    except _Storm as error:
        held = _write_down(automation, cause, token, "stopped", error.message, now)
        automations.stop(automation, error.message, now=now)
        log.error("Automation %s was switched off: %s", automation.pk, error.message)
        return held
    except _Stopped as error:
        return _write_down(automation, cause, token, "stopped", error.message, now)
    except ActionError as error:
        return _write_down(automation, cause, token, "failed", error.message, now)
    except Exception:  # one broken automation must not hold up the others
        log.exception("Automation %s could not act on cause %s", automation.pk, cause.pk)
        why = _("Something failed on our side. It was not done.")
        return _write_down(automation, cause, token, "failed", why, now)
    return True


def _act(automation: Automation, cause: AutomationCause, token: uuid.UUID, now: datetime) -> None:
    """All in one transaction: look, do, write down."""
    ticket_id = causes.ticket_of(cause)
    assert ticket_id is not None
    depth = depth_of(cause.event)
    with ticket_turn(ticket_id, "work", actor=SYSTEM, now=now, to_root=True) as turn:
        assert turn.ticket is not None
        version = _still(automation, cause)
        if not causes.hold(cause, token) or not causes.stands(cause, turn.ticket, now):
            raise _NotNow
        rule = automations.rule_of(version)
        if not _fits(rule, _facts(turn.ticket, cause)):
            raise _NotNow
        why = why_not(automation, turn.ticket, depth, now)
        if why:
            raise _Stopped(why)
        why = too_many(automation, cause.at)
        if why:
            raise _Storm(why)
        did = do(turn, version, rule.actions, depth + 1)
        _log(turn, version, cause, did)
        causes.mark(cause, automation.pk)


def _still(automation: Automation, cause: AutomationCause) -> AutomationVersion:
    """What it says now, under its lock: whoever switches it off waits for us, or we for them.

    Raises:
        _NotNow: it is off, says something else by now, or has acted on this before.
    """
    rows = Automation.objects.select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=automation.pk, active=True, since__lte=cause.at).first()
    if row is None or row.current_id != automation.current_id or _fired(automation, cause):
        raise _NotNow
    assert automation.current is not None
    return automation.current


def _fired(automation: Automation, cause: AutomationCause) -> bool:
    rows = Firing.objects.filter(version__automation=automation)
    if cause.event_id is not None:
        return rows.filter(event=cause.event_id).exists()
    return rows.filter(deadline=cause.deadline_id).exists()


def _log(
    turn: Turn, version: AutomationVersion, cause: AutomationCause, did: list[dict[str, object]]
) -> None:
    assert turn.ticket is not None
    Firing.objects.create(
        automation_id=version.automation_id,
        version=version,
        ticket=turn.ticket,
        event=cause.event,
        deadline=cause.deadline,
        caused_at=cause.at,
        at=turn.now,
        outcome="did",
        did=did,
    )


def _write_down(
    automation: Automation,
    cause: AutomationCause,
    token: uuid.UUID,
    outcome: str,
    why: str,
    now: datetime,
) -> bool:
    """Nothing was done, and the log says why."""
    ticket_id = causes.ticket_of(cause)
    assert ticket_id is not None and automation.current is not None
    with transaction.atomic():
        if not causes.tried(cause, token, automation.pk):
            return False
        if _fired(automation, cause):
            return True
        Firing.objects.create(
            automation=automation,
            version=automation.current,
            ticket=_root(ticket_id),
            event=cause.event,
            deadline=cause.deadline,
            caused_at=cause.at,
            at=now,
            outcome=outcome,
            reason=why[:300],
        )
    return True
