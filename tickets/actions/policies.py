"""Drafting, trying and publishing a store's rules. Only publishing puts anything in force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from policies.calendar import Calendar
from policies.merge import Merged, merge
from policies.models import (
    UNFINISHED,
    DraftState,
    PolicyDraft,
    PolicyTrial,
    PolicyVersion,
    TrialState,
)
from policies.pack import Pack
from policies.publish import load_whole, publish
from policies.reading import PackError
from supportdesk.nudge import run_trials as nudge
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.models import Event, Store, User
from tickets.permissions import permit

VERB = "publish"
MAX_CHARACTERS = 2_000_000
MAX_TRIAL_DAYS = 3660


class StaleDraft(Conflict):
    """Another version was published since the draft was begun; ``newest`` is it."""

    def __init__(self, newest: PolicyVersion) -> None:
        super().__init__(
            _(
                "Version %(number)d was published since this draft was begun. "
                "Look at what it changed."
            )
            % {"number": newest.number}
        )
        self.newest = newest


def newest_of(store: Store) -> PolicyVersion:
    """The version that was published last, whether or not it is in force yet."""
    return PolicyVersion.objects.filter(store=store).latest("number")


def start_draft(
    store: Store, base: PolicyVersion, *, title: str = "", actor: Actor, now: datetime
) -> PolicyDraft:
    """A draft that says what a published version says, to be changed."""
    permit(actor, store, VERB)
    if base.store_id != store.pk:
        raise InvalidInput(_("That version belongs to another store."))
    person = _person(actor)
    return PolicyDraft.objects.create(
        store=store,
        title=title.strip()[:120] or _("Draft after version %(n)d") % {"n": base.number},
        source=base.source,
        based_on=base,
        made_at=now,
        made_by=person,
        changed_at=now,
        changed_by=person,
    )


def save_draft(
    draft: PolicyDraft,
    source: str,
    *,
    title: str | None = None,
    revision: int,
    actor: Actor,
    now: datetime,
) -> PolicyDraft:
    """Keep what was typed, broken or not. Saving the same again changes nothing.

    Raises:
        Conflict: somebody saved after ``revision``, or the draft is closed.
        InvalidInput: far too long to be a pack.
    """
    source = source.replace("\r\n", "\n").replace("\x00", "")
    if len(source) > MAX_CHARACTERS:
        raise InvalidInput(_("This text is far too long for a store's rules."), "source")
    with _draft_turn(draft, actor, revision) as row:
        named = row.title if title is None else (title.strip()[:120] or row.title)
        if (source, named) == (row.source, row.title):
            return row
        row.source, row.title = source, named
        _touch(row, actor, now)
    return row


def rebase_draft(
    draft: PolicyDraft, *, revision: int, actor: Actor, now: datetime
) -> tuple[PolicyDraft, Merged]:
    """Bring into the draft what was published since it was begun.

    Where both changed the same lines the draft's stay, and the answer names them.
    """
    with _draft_turn(draft, actor, revision) as row:
        newest = newest_of(row.store)
        found = merge(row.based_on.source, row.source, newest.source)
        if newest.pk != row.based_on_id:
            row.source, row.based_on = found.text, newest
            _touch(row, actor, now)
    return row, found


def drop_draft(draft: PolicyDraft, *, actor: Actor, now: datetime) -> PolicyDraft:
    """Put a draft away; dropping it again changes nothing."""
    permit(actor, draft.store, VERB)
    with transaction.atomic():
        row = _locked(draft)
        if row.state == DraftState.DROPPED:
            return row
        _must_be_open(row)
        row.state = DraftState.DROPPED
        _touch(row, actor, now)
    return row


def publish_draft(
    draft: PolicyDraft,
    day: date,
    *,
    revision: int,
    deliberate: bool = False,
    actor: Actor,
    now: datetime,
) -> PolicyVersion:
    """Publish a draft, in force from the start of a local day; from now on where that is today.

    A second click finds it published and changes nothing.

    Raises:
        StaleDraft: another version came between, and ``deliberate`` does not say to go on.
        Conflict: somebody saved meanwhile, or the draft was dropped.
        InvalidInput: the draft is broken, the day is over, or another version starts then.
    """
    permit(actor, draft.store, VERB)
    with transaction.atomic():
        # One at a time in a store: who comes second sees what came first.
        Store.objects.select_for_update(no_key=True).get(pk=draft.store_id)
        row = _locked(draft)
        if row.published is not None:
            return row.published
        _must_be_open(row)
        _must_be_at(row, revision)
        readable(row)
        newest = newest_of(row.store)
        if newest.pk != row.based_on_id and not deliberate:
            raise StaleDraft(newest)
        version = _publish(row, day, actor, now)
        row.state, row.published = DraftState.PUBLISHED, version
        _touch(row, actor, now)
    return version


def _publish(row: PolicyDraft, day: date, actor: Actor, now: datetime) -> PolicyVersion:
    calendar = Calendar(ZoneInfo(row.store.time_zone))
    today = calendar.local_date(now)
    if day < today:
        raise InvalidInput(_("This day is over. Rules cannot begin in the past."), "day")
    starts_at = now if day == today else calendar.midnight(day)
    taken = PolicyVersion.objects.filter(store=row.store, starts_at=starts_at).first()
    if taken is not None:
        raise InvalidInput(_starts_already(taken), "day")
    try:
        with transaction.atomic():
            return publish(
                row.store_id, row.source, starts_at=starts_at, now=now, by=_person(actor).pk
            )
    except IntegrityError:  # somebody else published in this very moment
        raise InvalidInput(_starts_already(newest_of(row.store)), "day") from None


def _starts_already(version: PolicyVersion) -> str:
    return _("Version %(number)d starts at that time already. Choose another day.") % {
        "number": version.number
    }


def readable(draft: PolicyDraft) -> Pack:
    """The draft's pack, whole.

    Raises:
        InvalidInput: it has mistakes, or is of another store.
    """
    try:
        pack = load_whole(draft.source, "draft")
    except PackError as error:
        count = len(error.mistakes)
        raise InvalidInput(
            _("This draft still has mistakes (%(n)d). Correct them first.") % {"n": count}
        ) from None
    if pack.slug != draft.store.slug:
        raise InvalidInput(
            _("This draft is of the store “%(slug)s”, not of this one.") % {"slug": pack.slug}
        )
    return pack


def start_trial(
    draft: PolicyDraft, first: date, last: date, *, revision: int, actor: Actor, now: datetime
) -> PolicyTrial:
    """Ask for a draft to be replayed over the requests of whole local days.

    Asked twice, the first is still waiting or running: the same trial.

    Raises:
        InvalidInput: the draft is broken, or the period makes no sense.
        Conflict: somebody saved meanwhile, or the draft is closed.
    """
    with _draft_turn(draft, actor, revision) as row:
        readable(row)
        if first > last or (last - first).days > MAX_TRIAL_DAYS:
            raise InvalidInput(_("Choose a first day and a last day after it."), "last")
        digest = hashlib.sha256(row.source.encode()).hexdigest()
        asked = {"store": row.store, "sha256": digest, "first": first, "last": last}
        waiting = PolicyTrial.objects.filter(draft=row, state__in=UNFINISHED, **asked).first()
        if waiting is not None:
            return waiting
        calendar = Calendar(ZoneInfo(row.store.time_zone))
        newest = Event.objects.aggregate(pk=Max("pk"))["pk"]
        trial = PolicyTrial.objects.create(
            **asked,
            draft=row,
            draft_revision=row.revision,
            source=row.source,
            starts_at=calendar.midnight(first),
            ends_at=calendar.midnight(last + timedelta(days=1)),
            until_event=newest or 0,
            asked_at=now,
            asked_by=_person(actor),
        )
        transaction.on_commit(nudge)
    return trial


def cancel_trial(trial: PolicyTrial, *, actor: Actor, now: datetime) -> PolicyTrial:
    """Stop a trial. What it has counted so far stays; it is not gone on with."""
    permit(actor, trial.store, VERB)
    PolicyTrial.objects.filter(pk=trial.pk, state__in=UNFINISHED).update(
        state=TrialState.CANCELLED, ended_at=now, lease=None, leased_until=None
    )
    trial.refresh_from_db()
    return trial


# --- what they share ---------------------------------------------------------------


@contextmanager
def _draft_turn(draft: PolicyDraft, actor: Actor, revision: int) -> Iterator[PolicyDraft]:
    """The locked draft, open, and as the person saw it."""
    permit(actor, draft.store, VERB)
    with transaction.atomic():
        row = _locked(draft)
        _must_be_open(row)
        _must_be_at(row, revision)
        yield row


def _locked(draft: PolicyDraft) -> PolicyDraft:
    return (
        PolicyDraft.objects.select_for_update(of=("self",))
        .select_related("store", "based_on", "published", "changed_by")
        .get(pk=draft.pk)
    )


def _must_be_open(row: PolicyDraft) -> None:
    if row.state == DraftState.PUBLISHED:
        raise Conflict(_("This draft has been published. Begin a new one."))
    if row.state == DraftState.DROPPED:
        raise Conflict(_("This draft has been put away."))


def _must_be_at(row: PolicyDraft, revision: int) -> None:
    if row.revision != revision:
        raise Conflict(
            _("%(name)s saved this draft since you opened it.")
            % {"name": row.changed_by.get_full_name()}
        )


def _touch(row: PolicyDraft, actor: Actor, now: datetime) -> None:
    row.revision += 1
    row.changed_at, row.changed_by = now, _person(actor)
    row.save()


def _person(actor: Actor) -> User:
    if actor.user is None:  # rules are a person's word
        raise InvalidInput(_("Only a person can do this."))
    return actor.user
