"""The bar that says what happened and offers a way back, on the next page that is shown.

Which events it is about travels in the signed cookie of the message, beside its text.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from tickets.actions.undoing import may_be_undone
from tickets.models import Event, StepBack, Ticket

MARK = "undo"


def offer(request: HttpRequest, text: str, ticket: Ticket, *events: Event | None) -> None:
    """Say what was done; with a way back where each of its events has one."""
    done = [event for event in events if event is not None]
    way = ""
    if done and all(may_be_undone(event) for event in done):
        numbers = ",".join(str(event.seq) for event in done)
        way = f"{MARK} {reverse('desk:take-back', args=[ticket.reference])} {numbers}"
    messages.success(request, text, extra_tags=way)


def offer_step(request: HttpRequest, text: str, ticket: Ticket, step: StepBack | None) -> None:
    """Say which step of a claim was taken; with a way back where it was kept."""
    if step is None:
        messages.success(request, text)
        return
    offer_at(request, text, reverse("desk:take-back", args=[ticket.reference]), str(step.last))


def offer_at(request: HttpRequest, text: str, address: str, numbers: str = "") -> None:
    """Say what was done, with a way back of its own: a route that takes POST."""
    messages.success(request, text, extra_tags=f"{MARK} {address} {numbers}")
