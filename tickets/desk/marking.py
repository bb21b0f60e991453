"""The card of marks: put off, tags, priority, who watches, and which other tickets belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms as widgets
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from supportdesk.prepared import Prepared
from tickets.actions import snoozing
from tickets.actions.deeds import LONGEST_TAG, MOST_TAGS
from tickets.desk import forms, labels
from tickets.desk.person import Desk
from tickets.errors import InvalidInput
from tickets.models import Store, Ticket
from tickets.references import spoken

SNOOZES: dict[str, Promise] = {
    "hours": _("For three hours"),
    "tomorrow": _("Until tomorrow's opening"),
    "monday": _("Until Monday's opening"),
    "week": _("For a week"),
    "at": _("Until the day and time beside"),
}
LINKS: dict[str, Promise] = {
    "related": _("belongs together with"),
    "duplicate": _("is a duplicate of"),
    "follow_up": _("follows up on"),
}
_BACKWARDS: dict[str, Promise] = {
    "related": LINKS["related"],
    "duplicate": _("has as a duplicate"),
    "follow_up": _("is followed up by"),
}
FORMS = ("snooze", "tags", "priority", "link")


class SnoozeForm(forms.StepForm):
    """Until when."""

    until = widgets.ChoiceField(label=_("Put off"), choices=list(SNOOZES.items()))
    at = widgets.DateTimeField(
        label=_("Day and time"),
        required=False,
        help_text=_("On the store's clock."),
        widget=widgets.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class TagsForm(forms.StepForm):
    """The words, with commas between them."""

    tags = widgets.CharField(
        label=_("Tags"),
        required=False,
        max_length=(LONGEST_TAG + 2) * MOST_TAGS * 2,
        help_text=_("With commas between them."),
    )


class PriorityForm(forms.StepForm):
    """One of the four."""

    priority = widgets.TypedChoiceField(
        label=_("Priority"), choices=list(labels.PRIORITIES.items()), coerce=int
    )


class LinkForm(forms.StepForm):
    """Another ticket's reference, and how the two belong together."""

    kind = widgets.ChoiceField(label=_("This ticket"), choices=list(LINKS.items()))
    other = widgets.CharField(label=_("Reference of the other"), max_length=40)


@dataclass(frozen=True, slots=True)
class Linked:
    """Another ticket, as this one's card names it."""

    how: str
    reference: str
    spoken: str
    subject: str
    state: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What the card shows. ``known`` are the store's tags, to choose from.

    ``forms`` are there when somebody wants to change something: most only read.
    """

    tags: Sequence[str]
    watchers: Sequence[str]
    watching: bool
    links: Sequence[Linked]
    known: Sequence[str]
    forms: dict[str, forms.StepForm] | None


# Of a statement about ``tickets_ticket t``, for a page that is opened all day. Only tickets of
# stores that the reader works in are named.
COLUMNS = """
  (SELECT json_agg(g.name ORDER BY g.key) FROM tickets_tickettag x
   JOIN tickets_tag g ON g.id = x.tag_id WHERE x.ticket_id = t.id),
  (SELECT json_agg(json_build_array(u.id, coalesce(nullif(u.name, ''), u.email)) ORDER BY w.id)
   FROM tickets_watcher w JOIN tickets_user u ON u.id = w.user_id
   WHERE w.ticket_id = t.id AND u.is_active),
  (SELECT json_agg(json_build_array(k.kind, k.forwards, o.reference, o.subject, o.state))
   FROM (
     SELECT kind, true AS forwards, other_id AS at, id FROM tickets_ticketlink
     WHERE ticket_id = t.id
     UNION ALL
     SELECT kind, false, ticket_id, id FROM tickets_ticketlink WHERE other_id = t.id
     ORDER BY id LIMIT 50
   ) k JOIN tickets_ticket o ON o.id = k.at AND o.store_id = ANY(%(every)s)),
  (SELECT json_agg(g.name ORDER BY g.key) FROM (
     SELECT name, key FROM tickets_tag WHERE store_id = t.store_id ORDER BY key LIMIT 200
   ) g)
"""
_READ = Prepared(
    f"SELECT {COLUMNS} FROM tickets_ticket t WHERE t.id = %(ticket)s",  # noqa: S608  (our own)
    {"ticket": "bigint", "every": "bigint[]"},
)
# What the columns bring: tags, watchers, links, and the tags that the store knows.
Rows = Sequence[Any]


def read(
    desk: Desk,
    ticket: Ticket,
    bound: tuple[str, forms.StepForm] | None = None,
    *,
    change: bool = False,
    rows: Rows | None = None,
) -> Marks:
    """The marks of a ticket; with the forms to ``change`` them, one shown as it was typed.

    ``rows`` are what `COLUMNS` have brought, where the page has read them already.
    """
    change = change or (bound is not None and bound[0] in FORMS)
    if rows is None:
        values = {"ticket": ticket.pk, "every": [store.pk for store in desk.stores]}
        with connection.cursor() as cursor:
            _READ.execute(cursor, values)
            rows = cursor.fetchone()
    tags, watchers, links, known = rows
    return Marks(
        tags=tags or [],
        watchers=[name for _pk, name in watchers or []],
        watching=any(pk == desk.user.pk for pk, _name in watchers or []),
        links=[_linked(*one) for one in links or []],
        known=known or [],
        forms=_forms(ticket, tags or [], bound) if change else None,
    )


def _linked(kind: str, forwards: bool, reference: str, subject: str, state: str) -> Linked:
    how = (LINKS if forwards else _BACKWARDS)[kind]
    return Linked(str(how), reference, spoken(reference), subject, state)


def _forms(
    ticket: Ticket, tags: Sequence[str], bound: tuple[str, forms.StepForm] | None
) -> dict[str, forms.StepForm]:
    found: dict[str, forms.StepForm] = {
        "snooze": SnoozeForm(name="snooze"),
        "tags": TagsForm(name="tags", initial={"tags": ", ".join(tags)}),
        "priority": PriorityForm(name="priority", initial={"priority": ticket.priority}),
        "link": LinkForm(name="link"),
    }
    if bound is not None and bound[0] in found:
        found[bound[0]] = bound[1]
    return found


def until_of(data: dict[str, Any], store: Store, now: datetime) -> datetime:
    """The instant that was chosen, on the store's clock.

    Raises:
        InvalidInput: no day was given where one was chosen, or the store never opens.
    """
    chosen, at = data["until"], data["at"]
    if chosen == "at":
        if at is None:
            raise InvalidInput(_t("Say until which day and time."), "at")
        clock: datetime = at.replace(tzinfo=ZoneInfo(store.time_zone))
        return clock
    if chosen == "hours":
        return now + timedelta(hours=3)
    if chosen == "week":
        return now + timedelta(days=7)
    opening = snoozing.opening(store.pk, now, monday=chosen == "monday")
    if opening is None:
        raise InvalidInput(_t("The store has no opening hours: choose a day and a time."), "at")
    return opening
