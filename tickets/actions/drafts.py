"""What a customer fills in before sending, kept on the server so that nothing is lost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from policies.evaluate import decide
from policies.models import PolicyVersion
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Decision, Facts, Verdict
from tickets.errors import Conflict
from tickets.facts import facts_of_draft
from tickets.lifecycle import EvidenceState, UploadState
from tickets.models import Claim, Draft, Evidence, Inquiry, Order, OrderLine, Store

# How long after its file is complete a request may be sent whose window closed meanwhile.
SEND_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """What the store's rules say of a draft right now."""

    decision: Decision
    facts: Facts
    version: PolicyVersion
    pack: Pack


def start_draft(store: Store, *, now: datetime) -> Draft:
    """A fresh draft; its unguessable ``key`` is all the customer needs to come back."""
    return Draft.objects.create(store=store, started_at=now, touched_at=now)


def _locked(draft: Draft) -> Draft:
    row = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("store", "order__customer")
        .get(pk=draft.pk)
    )
    if was_sent(row):
        raise Conflict(_("This request has already been sent."))
    return row


def was_sent(draft: Draft) -> bool:
    """Whether a draft has become a claim, or a request that is none."""
    return (
        Claim.objects.filter(draft=draft).exists()
        or Inquiry.objects.filter(draft=draft, ticket__isnull=False).exists()
    )


def form_key_of(draft: Draft) -> uuid.UUID:
    """The key by which what is sent twice is one: made from the draft's own."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"draft:{draft.key}")


def identify(draft: Draft, order: Order, *, now: datetime) -> Draft:
    """Tie a draft to the order whose number and address the customer has shown to know.

    Another order than before, or another of those who ordered together, forgets the ticked
    items, and nothing else.

    Raises:
        Conflict: the draft was sent already.
    """
    with transaction.atomic():
        row = _locked(draft)
        if row.order_id != order.pk or row.claimant != order.claimant:
            row.answers.pop("items", None)
        row.order, row.claimant = order, order.claimant
        row.touched_at = now
        row.save()
    return row


def answer(
    draft: Draft,
    *,
    request: str | None = None,
    answers: Mapping[str, Any] | None = None,
    now: datetime,
) -> Draft:
    """Merge answers into a draft; ``said`` is merged key by key, ``None`` unsays a key.

    ``unknown`` names a question that the customer cannot answer; an answer takes it back.

    Raises:
        Conflict: the draft was sent already.
    """
    with transaction.atomic():
        row = _locked(draft)
        if request is not None:
            row.request = request
        merge(row, answers or {})
        row.touched_at = now
        row.save()
    return row


def merge(draft: Draft, answers: Mapping[str, Any]) -> None:
    """Put answers into a draft's own; ``said`` key by key, where ``None`` unsays."""
    for key, value in answers.items():
        if key == "said":
            said = {**draft.answers.get("said", {}), **value}
            draft.answers["said"] = {k: v for k, v in said.items() if v is not None}
            unknown = [name for name in draft.answers.get("unknown", []) if name not in value]
            draft.answers["unknown"] = unknown
        elif key == "unknown":
            draft.answers.get("said", {}).pop(value, None)
            draft.answers["unknown"] = [*draft.answers.get("unknown", []), value]
        else:
            draft.answers[key] = value


def preview(draft: Draft, *, now: datetime) -> Preview:
    """Decide a draft as if it were sent now. Nothing is written."""
    return judge_in_time(draft, now)


def judge_in_time(
    draft: Draft,
    now: datetime,
    *,
    lines: Sequence[OrderLine] | None = None,
    files: Sequence[Evidence] | None = None,
) -> Preview:
    """Decide as of now; or, where the window closed meanwhile, as of an upload that had begun.

    An upload that began before its deadline and is complete within the pack's grace after it is
    in time, and so is the request that waited for it, for an hour from its last byte. It counts
    as asked when the latest of them began, but no longer than that grace before the deadline:
    an upload that was kept alive for days does not open an earlier window again.
    """
    mine = files if files is not None else list(draft.evidence.all())

    def at(instant: datetime) -> Preview:
        return judge(draft, facts_of_draft(draft, instant, lines=lines, evidence=mine))

    found = at(now)
    closes_at = found.decision.closes_at
    if found.decision.verdict != Verdict.REFUSED or closes_at is None or now < closes_at:
        return found
    grace = timedelta(hours=found.pack.upload_grace_hours)
    began = [
        row.began_at
        for row in mine
        if row.state in (EvidenceState.READY, EvidenceState.RECEIVED)
        and row.began_at < closes_at
        and row.completed_at <= closes_at + grace
        and now <= row.completed_at + SEND_WITHIN
    ]
    on_its_way = now <= closes_at + grace and draft.uploads.filter(
        state=UploadState.RECEIVING, began_at__lt=closes_at
    )
    began += [upload.began_at for upload in on_its_way or ()]
    return at(max(*began, closes_at - grace)) if began else found


def judge(draft: Draft, facts: Facts) -> Preview:
    """Decide by the version in force when the order was placed, or when the draft asks."""
    return judge_facts(draft.store_id, draft.order, facts)


def judge_facts(store_id: int, order: Order | None, facts: Facts) -> Preview:
    """Decide on facts, by the version of the order's day, or of today where there is none."""
    version = in_force(store_id, order.placed_at if order else facts.at)
    pack = pack_of(version)
    return Preview(decide(pack, facts), facts, version, pack)
