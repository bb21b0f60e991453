"""An automation as a sentence, and whether one can be: *when – if – then*, read and checked whole.

Patterns are whole, so that each language puts its parts where they belong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from tickets.automations.conditions import condition
from tickets.automations.doings import doing
from tickets.automations.facts import Facts, Rule, Step
from tickets.automations.inputs import About, Known, and_if, and_then, known_of
from tickets.automations.triggers import trigger
from tickets.errors import ActionError, InvalidInput

MOST_CONDITIONS = MOST_ACTIONS = 10


def sentence(rule: Rule, about: About) -> str:
    """The whole rule in words; of a part that is not understood it says so."""
    known = known_of(about)
    when = _said(trigger, rule.when, rule.when_value, known)
    ifs = [_said(condition, one.key, one.value, known) for one in rule.conditions]
    then = and_then([doing_words(one, known) for one in rule.actions])
    if not ifs:
        return _("When %(when)s: %(then)s.") % {"when": when, "then": then}
    said = {"when": when, "if": and_if(ifs), "then": then}
    return _("When %(when)s, if %(if)s: %(then)s.") % said


def doing_words(step: Step, about: About) -> str:
    """One action in words."""
    return _said(doing, step.key, step.value, known_of(about))


def _said(find: Callable[[object], Any], key: str, value: object, known: Known) -> str:
    """A row that another release has written must not take a whole page away."""
    try:
        return str(find(key).words(value, known))
    except (ActionError, KeyError, TypeError, ValueError):
        return _("(something this release does not know)")


def checked(rule: Rule, about: About) -> Rule:
    """A rule as it is stored, every part of it looked at.

    Raises:
        InvalidInput: a part cannot be; ``field`` is ``when`` or, for a line of the conditions or
            actions, ``conditions-2-tags``: which list, which line (from 0), and which input.
    """
    known = known_of(about)
    when = trigger(rule.when)
    try:
        when_value = when.clean(rule.when_value, known)
    except InvalidInput as error:
        raise InvalidInput(error.message, f"when-{error.field}") from None
    ifs = _lines("conditions", condition, rule.conditions, known)
    thens = _lines("actions", doing, rule.actions, known)
    if not thens:
        raise InvalidInput(_("Say what it is to do: add an action."), "actions")
    if len(ifs) > MOST_CONDITIONS or len(thens) > MOST_ACTIONS:
        told = _("At most %(n)d conditions, and as many actions, please.")
        field = "conditions" if len(ifs) > MOST_CONDITIONS else "actions"
        raise InvalidInput(told % {"n": MOST_CONDITIONS}, field)
    _together(thens)
    return Rule(when.key, when_value, ifs, thens)


def _lines(
    name: str, find: Callable[[object], Any], steps: Sequence[Step], about: About
) -> tuple[Step, ...]:
    found = []
    for at, one in enumerate(steps):
        try:
            part = find(one.key)
            found.append(Step(part.key, part.clean(one.value, about)))
        except InvalidInput as error:
            raise InvalidInput(error.message, f"{name}-{at}-{error.field}") from None
    return tuple(found)


# Said twice, only the last would count; a solved ticket is not put off.
_ONCE = ("assign", "priority", "put_off", "solve", "reply", "tell_assignee", "tell_leads")


def _together(actions: Sequence[Step]) -> None:
    """Actions that do not go together.

    Raises:
        InvalidInput: one of them stands twice, or two contradict each other.
    """
    keys = [one.key for one in actions]
    for at, key in enumerate(keys):
        if key in _ONCE and key in keys[:at]:
            told = _("This stands there twice: once is enough.")
            raise InvalidInput(told, f"actions-{at}-key")
    if "solve" in keys and "put_off" in keys:
        told = _("What is solved cannot be put off as well.")
        raise InvalidInput(told, f"actions-{keys.index('put_off')}-key")


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether all conditions of a rule hold; without any, always."""
    return all(condition(one.key).holds(facts, one.value) for one in rule.conditions)
