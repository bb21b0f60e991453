"""How long a case's files are kept, and the legal hold that stops their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms as widgets
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from tickets.actions import retention
from tickets.actions.hold import LONGEST_REASON
from tickets.desk import forms
from tickets.desk.fields import fields_of
from tickets.desk.steps import Button, Offer
from tickets.models import Claim, Ticket

HOLD, RELEASE = "hold", "hold-release"
VERB = "override"


class HoldForm(forms.StepForm):
    """Why a case is held, or why it need not be any more."""

    reason = widgets.CharField(
        label=_l("Reason"),
        help_text=_l("Stands in the history, with your name."),
        max_length=LONGEST_REASON,
        widget=widgets.Textarea(attrs={"rows": 2}),
    )


@dataclass(frozen=True, slots=True)
class HoldStep:
    """One of the two steps, as `tickets.desk.steps.Step`. ``key`` is its view's name, too."""

    key: str
    icon: str
    send: None = None

    @property
    def url(self) -> str:
        """The view that takes it."""
        return self.key


STEPS = {HOLD: HoldStep(HOLD, "lock"), RELEASE: HoldStep(RELEASE, "arrow-back-up")}


@dataclass(frozen=True, slots=True)
class Kept:
    """The card. ``until`` is the end of keeping, once the case has ended; ``open`` before."""

    open: bool
    until: datetime | None
    offers: Sequence[Offer]


def card(
    ticket: Ticket,
    claim: Claim | None,
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None = None,
    *,
    has_files: bool,
) -> Kept | None:
    """What the page says of keeping, and the step that may follow; None without files or hold.

    A form that was not accepted is shown as typed.
    """
    typed = bound is not None and bound[0] in STEPS
    if not (has_files or ticket.held_at or typed):
        return None
    over = bool(retention.outcome_of(ticket, claim))
    until = retention.kept_until(ticket) if over else None
    return Kept(not over, until, _offers(ticket, verbs, bound))


def _offers(
    ticket: Ticket, verbs: frozenset[str], bound: tuple[str, forms.StepForm] | None
) -> list[Offer]:
    key = RELEASE if ticket.held_at else HOLD
    form = None
    if bound is not None and bound[0] in STEPS:
        key, form = bound
    if form is None and VERB not in verbs:
        return []
    title = _("Hold the evidence") if key == HOLD else _("Release the hold")
    said = _("Hold it: nothing is erased") if key == HOLD else _("Release it")
    fields = "" if form else fields_of(HoldForm, key)
    return [Offer(STEPS[key], title, fields, [Button(said)], "", form)]
