"""A ticket's two clocks, in words: the first answer and the end, in the store's opening time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from policies.calendar import Calendar
from tickets.actions.clocks import OVER, calendar_of
from tickets.actions.targets import KINDS
from tickets.desk.person import Desk
from tickets.lifecycle import TicketState, WaitingFor
from tickets.models import Deadline, Ticket
from tickets.templatetags import dates

# Less opening time than this is little; what is shown then stands out.
LITTLE = 3600


@dataclass(frozen=True, slots=True)
class Clock:
    """One line of the card. ``look`` is ``runs``, ``soon``, ``late``, ``stands`` or ``met``.

    ``at`` is the instant that the words are about, where there is one.
    """

    name: str
    look: str
    words: str
    note: str = ""
    at: datetime | None = None

    @property
    def iso(self) -> str:
        """The instant for machines; empty without one."""
        return self.at.isoformat() if self.at is not None else ""


def card(desk: Desk, ticket: Ticket) -> list[Clock]:
    """What the two clocks show now; empty where the store has no targets for it. No query."""
    calendar = calendar_of(ticket.store_id, desk.now)
    if calendar is None:
        return []
    found = (_first(desk, ticket, calendar), _whole(desk, ticket, calendar))
    return [one for one in found if one is not None]


def without_targets(rows: Iterable[Deadline]) -> list[Deadline]:
    """Deadlines but for the clocks' own: those are on this card, and every pause makes one."""
    return [row for row in rows if row.kind not in KINDS]


def time_in_words(seconds: int) -> str:
    """Opening time as people say it: ``37 h 30 min``, ``45 min``, ``less than a minute``."""
    minutes = seconds // 60
    if minutes < 1:
        return _("less than a minute")
    hours, minutes = divmod(minutes, 60)
    told = [_("%d h") % hours] if hours else []
    told += [_("%d min") % minutes] if minutes else []
    return " ".join(told)


def _first(desk: Desk, ticket: Ticket, calendar: Calendar) -> Clock | None:
    name = _("First answer")
    answered, due = ticket.answered_at, ticket.first_due_at
    if answered is not None:
        told = _("Given %(when)s") % {"when": _when(desk, ticket, answered)}
        if due is None:
            return Clock(name, "met", told, at=answered)
        in_time = answered <= due
        return Clock(name, "met", told, _("in time") if in_time else _("late"), answered)
    return _running(desk, ticket, calendar, name, due) if due is not None else None


def _whole(desk: Desk, ticket: Ticket, calendar: Calendar) -> Clock | None:
    name = _("Solution")
    if ticket.resolve_due_at is not None:
        return _running(desk, ticket, calendar, name, ticket.resolve_due_at)
    if ticket.resolve_left is None or ticket.state in OVER:
        return None
    if ticket.resolve_left == 0:
        return Clock(name, "late", _("Its time is used up"), _why_it_stands(desk, ticket))
    left = _("%(time)s left") % {"time": time_in_words(ticket.resolve_left)}
    return Clock(name, "stands", left, _why_it_stands(desk, ticket))


def _running(desk: Desk, ticket: Ticket, calendar: Calendar, name: str, due: datetime) -> Clock:
    when = _when(desk, ticket, due)
    if due <= desk.now:
        over = time_in_words(calendar.open_seconds(due, desk.now))
        told = _("%(time)s over, in opening hours") % {"time": over}
        return Clock(name, "late", told, _("It was due %(when)s") % {"when": when}, due)
    seconds = calendar.open_seconds(desk.now, due)
    told = _("%(time)s left, in opening hours") % {"time": time_in_words(seconds)}
    look = "soon" if seconds <= LITTLE else "runs"
    return Clock(name, look, told, _("By %(when)s") % {"when": when}, due)


def _why_it_stands(desk: Desk, ticket: Ticket) -> str:
    if ticket.snoozed_until is not None:
        when = _when(desk, ticket, ticket.snoozed_until)
        return _("It stands still: put off until %(when)s.") % {"when": when}
    words = {
        WaitingFor.CUSTOMER: _("It stands still while we wait for the customer."),
        WaitingFor.MANUFACTURER: _("It stands still while we wait for the manufacturer."),
        WaitingFor.CARRIER: _("It stands still while we wait for the carrier."),
    }
    if ticket.state == TicketState.WAITING:
        return words[WaitingFor(ticket.waiting_for)]
    return ""


def _when(desk: Desk, ticket: Ticket, at: datetime) -> str:
    """On the store's clock, whoever reads: its opening hours are counted."""
    return dates.say(at, ticket.store.time_zone, desk.now)
