"""What the pages of a store's rules read: versions, drafts, trials and their cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from policies.describe import figure_name, figure_told, rule_name
from policies.models import DraftState, PolicyDraft, PolicyTrial, PolicyTrialCase, PolicyVersion
from policies.pack import Pack
from policies.publish import NoGoodVersion, in_force, trouble_with
from tickets.models import Store

Row = TypeVar("Row", bound=Model)
CASES_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list. ``state``: ``now``, ``later``, ``before`` or ``broken``."""

    version: PolicyVersion
    state: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule of a version as staff read it."""

    id: str
    name: str
    sentence: str
    figures: list[tuple[str, str, bool]]
    starts_on: Any
    ends_on: Any


def versions_of(store: Store) -> QuerySet[PolicyVersion]:
    """A store's versions, the latest to begin first."""
    rows = PolicyVersion.objects.filter(store=store).select_related("published_by", "store")
    return rows.order_by("-starts_at")


def version_lines(store: Store, now: datetime) -> list[VersionLine]:
    """Every version with what it is today."""
    current = current_of(store, now)
    return [
        VersionLine(version, _state(version, current, now))
        for version in versions_of(store).defer("source")
    ]


def current_of(store: Store, now: datetime) -> PolicyVersion | None:
    """The version that decides on an order placed now, if any can be read."""
    try:
        return in_force(store.pk, now)
    except (NoGoodVersion, PolicyVersion.DoesNotExist):
        return None


def _state(version: PolicyVersion, current: PolicyVersion | None, now: datetime) -> str:
    if trouble_with(version) is not None:
        return "broken"
    if current is not None and version.pk == current.pk:
        return "now"
    return "later" if version.starts_at > now else "before"


def version_of(store: Store, number: int) -> PolicyVersion:
    """One version, or 404."""
    return _one(versions_of(store), number=number)


def earlier_than(version: PolicyVersion) -> PolicyVersion | None:
    """The version that was in force before one began."""
    rows = versions_of(version.store)
    return rows.filter(starts_at__lt=version.starts_at).first()


def rule_lines(pack: Pack, locale: str) -> Iterator[RuleLine]:
    """Each rule with its id and its figures; the ones that are ours are marked."""
    for rule_id, rule in pack.rules.items():
        figures = [
            (
                figure_name(name, locale),
                figure_told(pack, rule_id, name, value, locale),
                name in rule.house,
            )
            for name, value in rule.figures.items()
        ]
        yield RuleLine(
            rule_id,
            rule_name(pack, rule_id, locale),
            rule.sentence(locale),
            figures,
            rule.data.starts_on,
            rule.data.ends_on,
        )


def drafts_of(store: Store) -> QuerySet[PolicyDraft]:
    """A store's drafts, the last saved first."""
    rows = PolicyDraft.objects.filter(store=store)
    return rows.select_related("store", "based_on", "changed_by", "made_by", "published")


def open_drafts_of(store: Store) -> QuerySet[PolicyDraft]:
    """The drafts that are worked on."""
    return drafts_of(store).filter(state=DraftState.OPEN).defer("source", "based_on__source")


def draft_of(store: Store, pk: int) -> PolicyDraft:
    """One draft, or 404."""
    return _one(drafts_of(store), pk=pk)


def trial_of(store: Store, pk: int) -> PolicyTrial:
    """One trial, or 404."""
    rows = PolicyTrial.objects.filter(store=store).select_related("draft", "asked_by", "store")
    return _one(rows, pk=pk)


def cases_of(trial: PolicyTrial, move: str, after: int) -> list[PolicyTrialCase]:
    """The cases of one move (``accepted>refused``; all when empty), one more than a page."""
    rows = PolicyTrialCase.objects.filter(trial=trial, pk__gt=after)
    if move:
        before, _arrow, then = move.partition(">")
        rows = rows.filter(before_verdict=before, after_verdict=then)
    rows = rows.select_related("event__ticket", "inquiry__ticket", "version")
    return list(rows.defer("version__source").order_by("pk")[: CASES_ON_A_PAGE + 1])


def case_of(trial: PolicyTrial, pk: int) -> PolicyTrialCase:
    """One case, or 404."""
    rows = PolicyTrialCase.objects.filter(trial=trial)
    return _one(rows.select_related("event__ticket", "inquiry__ticket", "version"), pk=pk)


def name_of(case: PolicyTrialCase) -> str:
    """What a case is called in a list: its reference, or that it was a question."""
    ticket = ticket_of(case)
    if ticket is not None:
        return str(ticket.spoken_reference)
    return _("Question %(n)d") % {"n": case.inquiry_id or 0}


def ticket_of(case: PolicyTrialCase) -> Any:
    """The ticket behind a case, where there is one."""
    if case.event is not None:
        return case.event.ticket
    return case.inquiry.ticket if case.inquiry is not None else None


def _one(rows: QuerySet[Row], **where: object) -> Row:
    found = rows.filter(**where).first()
    if found is None:
        raise Http404
    return found
