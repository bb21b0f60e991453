"""What the report counts. One definition of a book serves its numbers, its list and its CSV.

A book is a set of rows of one store with the instant by which they fall into a period. A cut
narrows it by one named condition. A number is the count of a book under some cuts, and the list
behind it is the same rows under the same cuts, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from policies.phrases import shared
from policies.types import Request
from tickets import labels
from tickets.lifecycle import (
    OPEN_CLAIM_STATES,
    ClaimState,
    DeadlineState,
    OutboxState,
    PickupState,
)
from tickets.models import (
    Claim,
    Deadline,
    Event,
    GuidanceCount,
    Inquiry,
    Outbox,
    Pickup,
    Refund,
    Store,
)
from tickets.reports.periods import Period

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Cut:
    """One named condition on a book's rows."""

    label: Label
    where: Q


@dataclass(frozen=True, slots=True)
class Book:
    """A kind of rows; ``at`` is the instant that decides which period they belong to."""

    key: str
    title: Label
    counts: Label
    at: str
    base: Callable[[Store], QuerySet[Any]]
    cuts: Mapping[str, Mapping[str, Cut]]

    def rows(self, store: Store, period: Period, chosen: Mapping[str, str]) -> QuerySet[Any]:
        """The rows of a period under the chosen cuts, the newest first, in a total order.

        Raises:
            KeyError: there is no such cut.
        """
        found = self.base(store).filter(
            **{f"{self.at}__gte": period.starts_at, f"{self.at}__lt": period.ends_at}
        )
        for name, value in chosen.items():
            found = found.filter(self.cut(name, value).where)
        return found.order_by(f"-{self.at}", "-pk")

    def cut(self, name: str, value: str) -> Cut:
        """One cut; raises KeyError where there is none."""
        return self.cuts[name][value]


class _Currencies(dict[str, Cut]):
    """Any currency code is a cut: which there are is the orders' business."""

    def __missing__(self, code: str) -> Cut:
        if len(code) != 3 or not code.isalpha() or not code.isupper():
            raise KeyError(code)
        return Cut(code, Q(currency=code))


_ENDINGS = ("pickup_expired", "pickup_cancelled")


def _claims(store: Store) -> QuerySet[Any]:
    return Claim.objects.filter(ticket__store=store).select_related(
        "ticket__customer", "order", "refund"
    )


_PROMISED: dict[str, Label] = {
    "evidence_due": _("Customer sends evidence"),
    "manufacturer_due": _("Manufacturer answers"),
    "process_due": _("Return is finished"),
    "refund_due": _("Refund is paid"),
    "answer_due": _("Request is answered"),
    "carrier_due": _("Carrier answers"),
    "preorder_due": _("Pre-order leaves"),
}


def _deadlines(store: Store) -> QuerySet[Any]:
    return (
        # What was promised to somebody; each kind has a line of its own below.
        Deadline.objects.filter(store=store, kind__in=list(_PROMISED))
        .exclude(state=DeadlineState.CANCELLED)
        .select_related("ticket", "claim__ticket", "refund__claim__ticket", "refund__order")
    )


def _pickups(store: Store) -> QuerySet[Any]:
    ended = Event.objects.filter(pickup=OuterRef("pk"), kind__in=_ENDINGS).order_by("-seq")
    return (
        Pickup.objects.filter(
            store=store,
            state__in=[PickupState.COLLECTED, PickupState.EXPIRED, PickupState.CANCELLED],
        )
        .annotate(
            ended_at=Case(
                When(state=PickupState.COLLECTED, then=F("collected_at")),
                default=Subquery(ended.values("at")[:1]),
                output_field=DateTimeField(),
            )
        )
        .select_related("order__customer")
    )


def _refunds(store: Store) -> QuerySet[Any]:
    return Refund.objects.filter(store=store).select_related(
        "order__customer", "claim__ticket", "pickup"
    )


def _mails(store: Store) -> QuerySet[Any]:
    lost = [OutboxState.FAILED, OutboxState.BOUNCED, OutboxState.DEAD]
    return Outbox.objects.filter(store=store, state__in=lost).select_related(
        "event__ticket", "event__pickup__order", "to_customer", "to_user"
    )


def _inquiries(store: Store) -> QuerySet[Any]:
    return Inquiry.objects.filter(store=store).select_related("order", "ticket")


def _guidance(store: Store) -> QuerySet[Any]:
    """Counters by the day; a day begins at the store's own midnight."""
    day = Func(F("day"), template="(%(expressions)s)::timestamp")
    return GuidanceCount.objects.filter(store=store).annotate(
        at=Func(Value(store.time_zone), day, function="timezone", output_field=DateTimeField())
    )


def request_label(name: str) -> str:
    """A request type in the words that all stores share, in the reader's language."""
    key = f"request.{name}"
    return (shared(get_language() or "en") or shared("en")).get(key, (name,))[0]


_request_label = lazy(request_label, str)


def _by(field: str, words: Mapping[str, Promise], *values: str) -> dict[str, Cut]:
    return {value: Cut(words[value], Q(**{field: value})) for value in values}


# Every claim falls under exactly one of these.
_UNDECIDED = (ClaimState.AWAITING_EVIDENCE, ClaimState.UNDER_REVIEW, ClaimState.WITH_MANUFACTURER)
_GRANTED = OPEN_CLAIM_STATES - set(_UNDECIDED) | {ClaimState.FULFILLED}
RESULTS: Mapping[str, Cut] = {
    "open": Cut(_("still open"), Q(state__in=_UNDECIDED)),
    **{
        outcome: Cut(labels.OUTCOMES[outcome], Q(state__in=sorted(_GRANTED), outcome=outcome))
        for outcome in ("refund", "replacement", "return")
    },
    **{
        str(state): Cut(labels.CLAIM_STATES[state], Q(state=state))
        for state in (ClaimState.REFUSED, ClaimState.EXPIRED, ClaimState.WITHDRAWN)
    },
}
# How a guided question ended: by itself, or with a person.
_PERSON = ("wrote", "filed")
_BY_ITSELF = ("helped", "reminder")
# Answers after which nothing is left to do; after the others silence means: given up.
_COMPLETE = ("answered", "refused", "wait", "elsewhere")
ENDS: Mapping[str, Label] = {
    "": _("nothing more was heard"),
    "helped": _("it helped"),
    "reminder": _("wants to be reminded"),
    "wrote": _("wrote to a person"),
    "filed": _("sent a request"),
}
GUIDES: Mapping[str, Label] = {"answer": _("answer"), "article": _("article")}
CUT_TITLES: Mapping[str, Label] = {
    "person": _("How it ended"),
    "verdict": _("What the rule says"),
    "result": _("What came of it"),
    "kept": _("Kept?"),
}
BOOKS: Mapping[str, Book] = {
    book.key: book
    for book in (
        Book(
            "claims",
            _("Claims"),
            _("Claims filed in the period, as they stand today."),
            "filed_at",
            _claims,
            {
                "type": _by("type", labels.CLAIM_TYPES, *labels.CLAIM_TYPES),
                "verdict": _by(
                    "verdict", labels.VERDICTS, "accepted", "evidence_needed", "discretionary"
                ),
                "result": RESULTS,
            },
        ),
        Book(
            "deadlines",
            _("Deadlines"),
            _("Deadlines that fell into the period. What was done late counts as missed."),
            "due_at",
            _deadlines,
            {
                "kind": {kind: Cut(label, Q(kind=kind)) for kind, label in _PROMISED.items()},
                "kept": {
                    "met": Cut(_("met"), Q(state=DeadlineState.MET)),
                    "missed": Cut(
                        _("missed"),
                        Q(
                            state__in=[
                                DeadlineState.OVERDUE,
                                DeadlineState.MET_LATE,
                                DeadlineState.FIRED,
                            ]
                        ),
                    ),
                    "ahead": Cut(_("still to come"), Q(state=DeadlineState.PENDING)),
                },
            },
        ),
        Book(
            "guidance",
            _("Guidance ended the contact"),
            _("Guided questions of the period, by what the rule said, and how each ended."),
            "at",
            _inquiries,
            {
                "verdict": {
                    name: Cut(label, Q(verdict=name)) for name, label in labels.VERDICTS.items()
                },
                "request": {
                    str(name): Cut(_request_label(str(name)), Q(request=str(name)))
                    for name in Request
                },
                "person": {
                    "without": Cut(
                        _("without a person"),
                        Q(ended__in=_BY_ITSELF) | Q(ended="", verdict__in=_COMPLETE),
                    ),
                    "with": Cut(_("with a person"), Q(ended__in=_PERSON)),
                    "left": Cut(_("left unfinished"), Q(ended="") & ~Q(verdict__in=_COMPLETE)),
                },
            },
        ),
        Book(
            "answers",
            _("General answers and articles"),
            _("General answers and articles of the help centre, counted by the day."),
            "at",
            _guidance,
            {"kind": {name: Cut(label, Q(kind=name)) for name, label in GUIDES.items()}},
        ),
        Book(
            "pickups",
            _("Pickups"),
            _("Pickups that ended in the period."),
            "ended_at",
            _pickups,
            {"end": _by("state", labels.PICKUP_STATES, "collected", "expired", "cancelled")},
        ),
        Book(
            "refunds-paid",
            _("Money refunded"),
            _("Refunds marked as paid in the period."),
            "paid_at",
            _refunds,
            {"currency": _Currencies()},
        ),
        Book(
            "refunds-owed",
            _("Money still owed"),
            _("Refunds requested in the period and not paid yet."),
            "requested_at",
            lambda store: _refunds(store).filter(state="requested"),
            {"currency": _Currencies()},
        ),
        Book(
            "mails",
            _("Mails that did not arrive"),
            _("Mails that were refused, came back, or were given up in the period."),
            "settled_at",
            _mails,
            {
                "state": {
                    "failed": Cut(_("refused"), Q(state=OutboxState.FAILED)),
                    "bounced": Cut(_("came back"), Q(state=OutboxState.BOUNCED)),
                    "dead": Cut(_("given up"), Q(state=OutboxState.DEAD)),
                }
            },
        ),
    )
}
