"""What somebody is writing, kept while they type.

A draft is its writer's own: it is no part of the ticket's story, changes nothing there, and waits
for nobody's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tickets.actions import roots
from tickets.actions.wording import as_typed
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.models import ReplyDraft, Ticket, User
from tickets.models.talking import THEN_STATES, WRITTEN_KINDS
from tickets.permissions import permit


@dataclass(frozen=True, slots=True)
class Typed:
    """What the composer holds: for whom, the text, what follows, and the last event seen."""

    kind: str
    body: str
    then_state: str = ""
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The draft as it stands now; None where nothing is left to keep.

    ``overwritten`` is the text that another window of the same person had kept meanwhile, and
    that this one has replaced: it is told, never lost in silence.
    """

    draft: ReplyDraft | None
    overwritten: str = ""


def in_hand(ticket: Ticket, user: User, *, now: datetime) -> ReplyDraft:
    """What this person is writing on this ticket, its row locked; an empty one where there is none.

    What was begun on a ticket that has been merged into this one comes along. Call inside a
    transaction, with the ticket that the conversation goes on at.
    """
    mine = ReplyDraft.objects.select_for_update().filter(ticket=ticket, user=user, send_at=None)
    found = mine.first() or _brought_along(ticket, user)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return ReplyDraft.objects.create(ticket=ticket, user=user, touched_at=now)
    except IntegrityError:  # another window began at this very moment
        return mine.get()


def _brought_along(ticket: Ticket, user: User) -> ReplyDraft | None:
    elsewhere = ReplyDraft.objects.select_for_update(of=("self",)).filter(
        ticket__merged_into=ticket, user=user, send_at=None
    )
    found = elsewhere.first()
    if found is not None:
        found.ticket = ticket
        found.save(update_fields=["ticket"])
        found.attachments.update(ticket=ticket)
    return found


def fill(draft: ReplyDraft, typed: Typed, *, now: datetime) -> None:
    """Put on the row what was typed; the caller saves it.

    Raises:
        InvalidInput: for nobody we know of, or a state that a reply cannot lead to.
    """
    if typed.kind not in WRITTEN_KINDS:
        raise InvalidInput(_("Say for whom this is."), "kind")
    if typed.then_state not in THEN_STATES:
        raise InvalidInput(_("Choose what follows."), "then_state")
    draft.kind, draft.body, draft.then_state = typed.kind, as_typed(typed.body), typed.then_state
    draft.seen, draft.touched_at = max(0, typed.seen), now


def keep(
    ticket: Ticket,
    typed: Typed,
    *,
    actor: Actor,
    now: datetime,
    touched: datetime | None = None,
) -> Kept:
    """Keep what is being written. The last one to write wins, and is told of what was there.

    ``touched`` is when the draft was kept last as far as this window knows. An empty text
    without files leaves no draft.

    Raises:
        NotAllowed: the actor may only look here.
        InvalidInput: for nobody we know of.
    """
    assert actor.user is not None
    with transaction.atomic():
        permit(actor, ticket.store, "work")
        draft = in_hand(roots.of(ticket), actor.user, now=now)
        before, touched_at = draft.body, draft.touched_at
        fill(draft, typed, now=now)
        overwritten = before if _another(before, draft.body, touched_at, touched) else ""
        if not draft.body.strip() and not draft.attachments.exists():
            draft.delete()
            return Kept(None, overwritten)
        draft.last_error = ""
        draft.save()
    return Kept(draft, overwritten)


def add(ticket: Ticket, typed: Typed, *, actor: Actor, now: datetime) -> ReplyDraft:
    """Put words below those that are kept already, or in their place where there are none.

    Raises:
        NotAllowed: the actor may only look here.
    """
    assert actor.user is not None
    with transaction.atomic():
        permit(actor, ticket.store, "work")
        draft = in_hand(roots.of(ticket), actor.user, now=now)
        before = draft.body
        if as_typed(typed.body) not in before:
            fill(draft, typed, now=now)
            draft.body = f"{before}\n\n{draft.body}" if before.strip() else draft.body
        draft.save()
    return draft


def _another(before: str, now: str, kept_at: datetime, known: datetime | None) -> bool:
    """Whether this window replaces words it never saw."""
    return bool(before.strip()) and before != now and kept_at != known
