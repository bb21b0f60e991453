"""What a ticket's page shows of merging: where it has gone, and what is a part of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms as widgets
from django.utils.translation import gettext_lazy as _

from tickets import access
from tickets.actions.merging import why_not
from tickets.desk import labels
from tickets.desk.forms import StepForm
from tickets.desk.person import Desk
from tickets.models import Event, Ticket
from tickets.references import spoken

SHOWN = 20
INTO, IN = "into", "in"


@dataclass(frozen=True, slots=True)
class Part:
    """Another ticket, as a page names it."""

    reference: str
    spoken: str
    subject: str = ""
    files: int = 0  # handed in there as evidence


@dataclass(frozen=True, slots=True)
class Merged:
    """``into`` is where this ticket's conversation goes on; ``parts`` are those that go on here.

    ``events`` are what happened on those, ``names`` their references by key.
    """

    into: Part | None = None
    parts: tuple[Part, ...] = ()
    events: tuple[Event, ...] = ()
    names: Mapping[int, str] | None = None

    def origin(self, ticket: int) -> str:
        """The reference of the merged ticket that something is from; empty for the page's own."""
        return (self.names or {}).get(ticket, "")


NOTHING = Merged()


def of(into: Sequence[Any] | None, parts: Iterable[Sequence[Any]], events: list[Event]) -> Merged:
    """Out of what the page's statement has brought."""
    rows = list(parts)
    return Merged(
        Part(into[0], spoken(into[0])) if into else None,
        tuple(Part(ref, spoken(ref), subject, files) for _pk, ref, subject, files in rows),
        tuple(events),
        {pk: spoken(ref) for pk, ref, _subject, _files in rows},
    )


def names_of(ticket: Ticket) -> dict[int, str]:
    """The references of what is merged into a ticket, by key. One query."""
    rows = Ticket.objects.filter(merged_into=ticket).order_by("pk")
    return {pk: spoken(reference) for pk, reference in rows.values_list("pk", "reference")}


# --- choosing ----------------------------------------------------------------------------


class MergeForm(StepForm):
    """The other ticket, and which of the two goes on."""

    other = widgets.CharField(label=_("Reference of the other"), max_length=40)
    way = widgets.ChoiceField(
        label=_("Which one goes on"),
        choices=[
            (INTO, _("The other one: this ticket becomes a part of it")),
            (IN, _("This one: the other becomes a part of it")),
        ],
        widget=widgets.RadioSelect,
        initial=INTO,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """Another ticket of the customer, with why it cannot be either way (empty: it can)."""

    part: Part
    kind: str
    state: str
    ticket: Ticket
    not_into: str
    not_in: str


def choices(desk: Desk, ticket: Ticket) -> list[Choice]:
    """The customer's other conversations in this store that could be one with it, newest first."""
    rows = (
        access.tickets_for(desk.actor)
        .filter(store=ticket.store_id, customer=ticket.customer_id, merged_into=None)
        .exclude(pk=ticket.pk)
        .select_related("store", "claim")
        .order_by("-pk")
    )
    return [_choice(ticket, other) for other in rows[:SHOWN]]


def _choice(ticket: Ticket, other: Ticket) -> Choice:
    return Choice(
        Part(other.reference, other.spoken_reference, other.subject),
        str(labels.REQUESTS.get(other.request, other.request)),
        other.state,
        other,
        why_not(ticket, other),
        why_not(other, ticket),
    )
