"""Where a request stands, told to its customer: steps, dates, what happened, what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from policies.pack import Pack
from policies.phrases import ENGLISH
from tickets import attached
from tickets.actions.what_if import propose
from tickets.file_words import problem_words
from tickets.lifecycle import CLAIM_MOVES, ClaimState, DeadlineState, may_follow
from tickets.models import Claim, Deadline, Event, Evidence, Message, Ticket
from tickets.models.event import STEP_UNDONE, standing
from tickets.telling import sentences_of

_C = ClaimState
SAID = 100  # messages on one page
STATES: Mapping[str, Promise] = {
    _C.AWAITING_EVIDENCE: _l("We are waiting for your evidence."),
    _C.UNDER_REVIEW: _l("We have everything. A person looks at it now."),
    _C.WITH_MANUFACTURER: _l("The manufacturer has been asked."),
    _C.APPROVED: _l("Your request is approved."),
    _C.AWAITING_RETURN: _l("Your request is approved. Please send the items back."),
    _C.INSPECTING: _l("The items are here, and we are looking at them."),
    _C.FULFILLED: _l("It is done."),
    _C.REFUSED: _l("Your request was refused."),
    _C.EXPIRED: _l("This was closed, because the evidence did not come in time."),
    _C.WITHDRAWN: _l("You have withdrawn this request."),
}
_ENDED = {_C.REFUSED, _C.EXPIRED, _C.WITHDRAWN}

# What customers are told of, and how; anything else is the desk's own business.
TOLD: Mapping[str, tuple[str, Promise]] = {
    "claim_filed": ("inbox", _l("You sent your request.")),
    "ticket_opened": ("inbox", _l("You wrote to us.")),
    "request_accepted": ("inbox", _l("You sent your request.")),
    "request_repeated": ("inbox", _l("You asked once more.")),
    "evidence_added": ("paperclip", _l("A file was added.")),
    "file_ready": ("paperclip", _l("A file was added.")),
    "file_refused": ("file", _l("A file could not be used.")),
    "evidence_marked": ("flag", _l("You marked moments in your video.")),
    "evidence_complete": ("checks", _l("The evidence is complete.")),
    "evidence_waived": ("user-check", _l("The time for the evidence is over. A person decides.")),
    "evidence_asked": ("camera", _l("We asked for more evidence.")),
    "evidence_reminded": ("bell", _l("We reminded you of the evidence.")),
    "claim_approved": ("check", _l("Your request was approved.")),
    "claim_refused": ("minus", _l("Your request was refused.")),
    "claim_expired": ("hourglass", _l("The time for the evidence ran out.")),
    "claim_reopened": ("arrow-back-up", _l("Your request was taken up again.")),
    "claim_withdrawn": ("x", _l("You withdrew your request.")),
    "claim_fulfilled": ("circle-check", _l("It is done.")),
    "sent_to_manufacturer": ("building-factory-2", _l("We asked the manufacturer.")),
    "manufacturer_updated": ("mail", _l("We told you how far it is.")),
    "manufacturer_answered": ("building-factory-2", _l("The manufacturer answered.")),
    "return_requested": ("truck-return", _l("We asked you to send the items back.")),
    "return_received": ("package-import", _l("The items reached us.")),
    "inspected": ("zoom-in", _l("We inspected the items.")),
    "order_cancelled": ("x", _l("We cancelled your order.")),
    "address_changed": ("map-pin", _l("We changed the address.")),
    "request_refused": ("minus", _l("Your request was refused.")),
    "request_done": ("circle-check", _l("It is done.")),
    "carrier_asked": ("search", _l("We opened an inquiry with the carrier.")),
    "carrier_answered": ("truck", _l("The carrier answered.")),
    "parcel_made_good": ("check", _l("We replaced or refunded the lost parcel.")),
    "refund_requested": ("receipt-refund", _l("A refund was ordered.")),
    "refund_paid": ("cash", _l("The refund was paid.")),
}
_CALLED = ("phone", _l("You called us."))
# Notes written to the customer: they are in the mails of these events too.
_NOTED = {
    "evidence_asked",
    "claim_approved",
    "claim_refused",
    "claim_fulfilled",
    "sent_to_manufacturer",
    "manufacturer_answered",
    "inspected",
    "order_cancelled",
    "address_changed",
    "request_refused",
    "carrier_asked",
    "carrier_answered",
    "parcel_made_good",
}
# Deadlines that customers see, and who has to act by then.
DEADLINES: Mapping[str, tuple[Promise, Promise]] = {
    "evidence_due": (_l("You"), _l("Add the evidence that is missing")),
    "manufacturer_update": (_l("We"), _l("Tell you how far the manufacturer is")),
    "manufacturer_due": (_l("The manufacturer"), _l("The replacement should be here")),
    "process_due": (_l("We"), _l("Finish the inspection and its outcome")),
    "refund_due": (_l("We"), _l("Pay the refund")),
    "carrier_due": (_l("The carrier"), _l("Answer our inquiry")),
    "answer_due": (_l("We"), _l("A person answers you")),
}
_OF_REQUESTS = ("answer_due", "carrier_due", "refund_due")


def state_words(claim: Claim) -> str:
    """Where it stands, in one sentence."""
    if claim.state == _C.UNDER_REVIEW and claim.missing:
        return _("A person looks at it now. What is missing would still help.")
    return str(STATES[ClaimState(claim.state)])


def steps(claim: Claim, pack: Pack) -> list[dict[str, str]]:
    """The stepper: done, now, and what is still ahead, for this claim's own process.

    Each step has the words for what is done, and by state those for what is going on now.
    """
    process = pack.process(claim.rule)
    line: list[tuple[str, dict[ClaimState, str]]] = [
        (_("Filed"), {}),
        (_("Evidence checked"), {_C.AWAITING_EVIDENCE: _("Your evidence")}),
        (_("Looked at by a person"), {_C.UNDER_REVIEW: _("A person looks at it")}),
    ]
    if process.manufacturer:
        asked = {_C.WITH_MANUFACTURER: _("The manufacturer is asked")}
        line.append((_("With the manufacturer"), asked))
    if process.customer_returns:
        back = {
            _C.AWAITING_RETURN: _("You send the items back"),
            _C.INSPECTING: _("We inspect them"),
        }
        line.append((_("Sent back and inspected"), back))
    line.append((_("On its way"), {_C.APPROVED: _("On its way")}))
    line.append((_("Done"), {_C.FULFILLED: _("Done")}))
    if claim.state in _ENDED:
        passed = line[: _ended_at(claim)]
        return [{"label": label, "state": "done"} for label, _now in passed] + [
            {"label": _short_end(claim), "state": "ended"}
        ]
    at = next((n for n, (_done, now) in enumerate(line) if claim.state in now), 2)
    states = ["done" if n < at or claim.state == _C.FULFILLED else "" for n in range(len(line))]
    states[at] = states[at] or "now"
    return [
        {
            "label": now.get(ClaimState(claim.state), done) if state == "now" else done,
            "state": state,
        }
        for (done, now), state in zip(line, states, strict=True)
    ]


def _ended_at(claim: Claim) -> int:
    """How many steps were done when it ended."""
    return 1 if claim.state == _C.EXPIRED or claim.missing else 2


def _short_end(claim: Claim) -> str:
    words = {_C.REFUSED: _("Refused"), _C.EXPIRED: _("Closed"), _C.WITHDRAWN: _("Withdrawn")}
    return words[ClaimState(claim.state)]


def deadlines(claim: Claim) -> list[dict[str, Any]]:
    """Every date that is still ahead or missed, and who acts next; the nearest first."""
    waiting = Deadline.objects.filter(
        claim=claim,
        kind__in=DEADLINES,
        state__in=[DeadlineState.PENDING, DeadlineState.OVERDUE],
    )
    refund = Deadline.objects.filter(
        refund__claim=claim,
        kind="refund_due",
        state__in=[DeadlineState.PENDING, DeadlineState.OVERDUE],
    )
    rows = sorted([*waiting, *refund], key=lambda row: (row.due_at, row.pk))
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for row in rows:
        if row.kind in seen:  # of weekly notes only the next one
            continue
        seen.add(row.kind)
        who, what = DEADLINES[row.kind]
        found.append(
            {"who": who, "what": what, "at": row.due_at, "mine": row.kind == "evidence_due"}
        )
    return found


def still_wanted(claim: Claim, files: Sequence[Evidence]) -> list[Mapping[str, int]]:
    """What is asked in all: the missing, and what of those kinds is here already."""
    counting = [file.kind for file in files if file.state == "ready" and file.in_time]
    return [
        {kind: count + counting.count(kind) for kind, count in way.items()} for way in claim.missing
    ]


def told(claim: Claim, locale: str = ENGLISH, zone: tzinfo | None = None) -> dict[str, Any]:
    """What the rule says on the facts of today, as long as nobody has decided; else the outcome."""
    if claim.state in (_C.AWAITING_EVIDENCE, _C.UNDER_REVIEW) and claim.overridden_by_id is None:
        found = propose(claim, locale=locale, zone=zone)
        if found.decision.verdict == claim.verdict:
            return {"verdict": claim.verdict, "sentences": found.sentences}
    if claim.state == _C.REFUSED:
        event = claim.events.filter(kind="claim_refused").last()
        sentence = event.data.get("sentence") if event else ""
        return {"verdict": "refused", "sentences": [sentence] if sentence else []}
    return {}


def of_request(ticket: Ticket, locale: str, zone: tzinfo | None) -> dict[str, Any]:
    """A request that is no claim: what the rule said when it was sent, and the next date."""
    event = ticket.events.select_related("policy_version").filter(kind="request_accepted").first()
    waits = Deadline.objects.filter(
        Q(ticket=ticket) | Q(refund__ticket=ticket),
        kind__in=_OF_REQUESTS,
        state__in=[DeadlineState.PENDING, DeadlineState.OVERDUE],
    )
    dates: list[dict[str, Any]] = []
    for row in waits.order_by("due_at", "pk"):
        who, what = DEADLINES[row.kind]
        dates.append({"who": who, "what": what, "at": row.due_at, "mine": False})
    if event is None:
        return {"deadlines": dates}
    verdict = event.data.get("decision", {}).get("verdict", "")
    return {
        "deadlines": dates,
        "told": {"verdict": verdict, "sentences": sentences_of(event, locale, zone)},
    }


def _told_of(event: Event) -> tuple[str, Promise]:
    """The symbol and the words of something that happened."""
    return _CALLED if event.data.get("channel") == "phone" else TOLD[event.kind]


def timeline(family: Sequence[int]) -> list[dict[str, Any]]:
    """What happened on a ticket and on those merged into it, the newest last; only what is the
    customer's to know."""
    wanted = [*TOLD, STEP_UNDONE]
    events = Event.objects.filter(ticket__in=family, kind__in=wanted).order_by("at", "pk")
    return [
        {"icon": icon, "text": text, "at": event.at, "detail": _detail(event)}
        for event in standing(events)
        for icon, text in (_told_of(event),)
    ]


def _detail(event: Event) -> str:
    data = event.data
    parts = []
    if event.kind == "evidence_added":
        parts.append(str(data.get("name", "")))
        if not data.get("in_time", True):
            parts.append(_("It came too late to count by itself; a person may still look at it."))
    if event.kind in ("file_ready", "file_refused"):
        parts.append(str(data.get("name", "")))
    if event.kind == "file_refused":
        parts.append(problem_words(str(data.get("problem", ""))))
    if event.kind == "claim_refused":
        parts.append(str(data.get("sentence", "")))
    if event.kind == "claim_fulfilled" and data.get("tracking"):
        parts.append(_("Tracking number: %(number)s") % {"number": data["tracking"]})
    if event.kind in _NOTED:
        parts.append(str(data.get("note", "")))
    return "\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Talk:
    """A page of what was said, oldest first; ``older`` leads to the one before it, if any."""

    entries: list[dict[str, Any]]
    older: str = ""


def conversation(ticket: Ticket, family: Sequence[int], before: str = "") -> Talk:
    """What was said between customer and store; internal notes are never among it.

    The newest hundred, or those before ``before``, which an older page's address says. ``family``
    are the keys of the ticket and of those merged into it: to the customer they are one.
    """
    rows = Message.objects.filter(ticket__in=family).exclude(kind="note")
    place = _before(before)
    if place is not None:
        rows = rows.filter(Q(at__lt=place[0]) | Q(at=place[0], pk__lt=place[1]))
    found = list(rows.order_by("-at", "-pk")[: SAID + 1])
    shown = found[:SAID][::-1]
    files, _drafts = attached.of(ticket, [message.pk for message in shown], tickets=family)
    entries: list[dict[str, Any]] = [
        {"mine": message.kind == "customer", "body": message.body, "at": message.at}
        | {"files": files.get(message.pk, [])}
        for message in shown
    ]
    if len(found) > SAID:
        first = shown[0]
        return Talk(entries, f"{round(first.at.timestamp() * 1_000_000)}-{first.pk}")
    filed = Event.objects.filter(ticket__in=family, kind="claim_filed").order_by("at", "pk")
    notes = [row for row in filed if row.data.get("note")]
    typed = [{"mine": True, "body": row.data["note"], "at": row.at} for row in notes]
    return Talk(sorted([*typed, *entries], key=lambda entry: entry["at"]))


def _before(typed: str) -> tuple[datetime, int] | None:
    """Where an older page begins; None for what is no address of ours."""
    parts = typed.split("-")
    if len(parts) != 2 or not all(p.isascii() and p.isdigit() and len(p) < 17 for p in parts):
        return None
    seconds, micros = divmod(int(parts[0]), 1_000_000)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(parts[1])
    except (OverflowError, ValueError):
        return None


def can_withdraw(claim: Claim) -> bool:
    """Whether taking it back is still possible."""
    return may_follow(CLAIM_MOVES, claim.state, _C.WITHDRAWN)
