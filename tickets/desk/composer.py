"""What stands below the conversation: replies on their way, and the one being written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.actions.attachments import MAX_BYTES, MOST
from tickets.actions.reply_drafts import Typed
from tickets.attached import Shown
from tickets.desk.forms import StepForm
from tickets.desk.person import Desk
from tickets.models import Claim, ReplyDraft, Ticket

_CONTROLS = ("kind", "body", "then_state", "form_key")
SHOWN = 50  # replies on their way; more than one is rare
KINDS = [("agent", _("Reply to the customer")), ("note", _("Internal note"))]
THEN = [
    ("", _("Then: as the request stands")),
    ("open", _("Then: stays open, we go on")),
    ("waiting", _("Then: waits for the customer")),
    ("solved", _("Then: solved")),
]


class ComposeForm(StepForm):
    """A reply to the customer, or a note that never leaves the desk.

    ``touched`` is when this window last knew the draft to be kept; ``pending`` the keys of other
    people's replies on their way that stood on the page, ``alone`` those of the people who were
    told to be writing, too: who sends again does so knowing it. The length of the text is the
    action's to judge: a form that is too long is answered, not thrown away.
    """

    kind = forms.ChoiceField(
        label=_("For whom"), choices=KINDS, widget=forms.RadioSelect, initial="agent"
    )
    body = forms.CharField(
        label=_("Message"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "aria-describedby": "compose-kept"}),
    )
    then_state = forms.ChoiceField(label=_("What follows"), choices=THEN, required=False)
    form_key = forms.UUIDField(widget=forms.HiddenInput)
    touched = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    pending = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    alone = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    attachments = forms.Field(label=_("Files"), required=False)  # read by `attaching` alone
    overwritten = ""  # what another window of the same person had kept, and this one replaced
    writing: Sequence[int] = ()  # who writes at this moment, too: told now, known from now on

    def prepare(self) -> None:
        """``options`` is whether the ticket may be solved by a reply."""
        field = self.fields["then_state"]
        if self.options is False and isinstance(field, forms.ChoiceField):
            field.choices = [pair for pair in THEN if pair[0] != "solved"]

    def clean_touched(self) -> datetime | None:
        """The instant, or None for what is no instant."""
        try:
            return parse_datetime(str(self.cleaned_data["touched"]))
        except ValueError:
            return None

    def clean_pending(self) -> list[int]:
        """Keys of rows; what is none is passed over."""
        return _keys(self.cleaned_data["pending"])

    def clean_alone(self) -> list[int]:
        """The same, of people."""
        return _keys(self.cleaned_data["alone"])

    def known(self) -> str:
        """Of whom this person knows that they are writing, for the form that is shown again."""
        return ",".join(str(key) for key in self.writing or self.cleaned_data.get("alone", ()))

    def typed(self) -> Typed:
        """What the person wrote, as the actions take it; of a form that is good but for its
        errors, as far as it goes."""
        data = self.cleaned_data
        return Typed(
            kind=data.get("kind") or "agent",
            body=data.get("body") or "",
            then_state=data.get("then_state") or "",
            seen=data.get("seen") or 0,
        )


def _keys(typed: str) -> list[int]:
    parts = str(typed).split(",")
    return [int(part) for part in parts if part.isascii() and part.isdigit()][:SHOWN]


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A reply that can still be taken back by its writer. ``left`` is in seconds."""

    draft: ReplyDraft
    who: str
    mine: bool
    left: int
    files: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Composer:
    """The composer of one person on one ticket.

    Its controls are in the template by hand: they stand on every page of a ticket, and Django's
    forms took a seventh of its time. ``form`` is there only where it was refused, for its errors.
    """

    form: StepForm | None
    kind: str
    body: str
    then_state: str
    form_key: str
    then: tuple[tuple[str, Promise], ...]
    draft: ReplyDraft | None
    files: tuple[Shown, ...]
    pending: tuple[OnItsWay, ...]
    overwritten: str = ""
    alone: str = ""
    kinds: tuple[tuple[str, Promise], ...] = tuple(KINDS)
    most: int = MOST
    max_bytes: int = MAX_BYTES

    @property
    def moving(self) -> bool:
        """Whether one of the files is being checked, so that looking again is worth while."""
        return any(file.state == "received" for file in self.files)

    @property
    def touched(self) -> str:
        """When the draft was kept last, for the form."""
        return self.draft.touched_at.isoformat() if self.draft is not None else ""

    @property
    def seen_pending(self) -> str:
        """Whose replies on their way stand on this page."""
        return ",".join(str(one.draft.pk) for one in self.pending if not one.mine)


def drafts_of(
    desk: Desk, found: Sequence[ReplyDraft]
) -> tuple[ReplyDraft | None, list[ReplyDraft]]:
    """Of the drafts on a ticket: this person's, and all replies on their way."""
    pending = [row for row in found if row.send_at is not None]
    mine = [row for row in found if row.send_at is None and row.user_id == desk.user.pk]
    return (mine[0] if mine else None), pending[:SHOWN]


def of(
    desk: Desk,
    ticket: Ticket,
    claim: Claim | None,
    bound: StepForm | None,
    draft: ReplyDraft | None,
    pending: Sequence[ReplyDraft],
    files: Any,
    overwritten: str = "",
) -> Composer:
    """The composer: as it was typed where it was refused, else as it was kept."""
    may_solve = claim is None or not claim.is_open
    coming = tuple(
        OnItsWay(
            row,
            row.user.get_full_name(),
            row.user_id == desk.user.pk,
            max(0, round((row.send_at - desk.now).total_seconds())) if row.send_at else 0,
            tuple(files.get(row.pk, ())),
        )
        for row in pending
    )
    own = tuple(files.get(draft.pk, ())) if draft is not None else ()
    kind, body, then_state, form_key = _shown(bound, draft)
    return Composer(
        form=bound,
        kind=kind,
        body=body,
        then_state=then_state,
        form_key=form_key,
        then=tuple(pair for pair in THEN if may_solve or pair[0] != "solved"),
        draft=draft,
        files=own,
        pending=coming,
        overwritten=overwritten,
        alone=bound.known() if isinstance(bound, ComposeForm) else "",
    )


def _shown(bound: StepForm | None, draft: ReplyDraft | None) -> tuple[str, str, str, str]:
    """What stands in the controls: what was typed, else what was kept, else nothing."""
    if bound is not None:
        typed = (str(bound[name].value() or "") for name in _CONTROLS)
        kind, body, then_state, form_key = typed
        return kind, body, then_state, form_key
    if draft is not None:
        return draft.kind, draft.body, draft.then_state, str(draft.form_key)
    return "agent", "", "", str(uuid.uuid4())
