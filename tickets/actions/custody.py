"""The chain of custody: who had a filed piece of evidence in their hands, when, and from where.

Each entry seals the one before it: SHA-256 over the seal before and the entry's own content.
Whoever changes or takes out a row past the database's trigger breaks every seal after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from django.db import transaction

from tickets.actor import Actor
from tickets.models import CustodyEntry, Evidence

# A film is asked for in many pieces; the same person's within this time are one view.
ONE_VIEW = timedelta(minutes=10)


def seal_of(before: str, entry: CustodyEntry) -> str:
    """The seal of an entry, in hex: over the seal before it (else empty) and its content."""
    content = json.dumps(
        {
            "evidence": entry.evidence_id,
            "seq": entry.seq,
            "act": entry.act,
            "at": entry.at.astimezone(UTC).isoformat(),
            "actor": [entry.actor_kind, entry.actor_user_id, entry.actor_customer_id],
            "address": _plain(entry.address),
            "data": entry.data,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(f"{before}\n{content}".encode()).hexdigest()


def _plain(address: str | None) -> str | None:
    """One way of writing an address: the database gives some back otherwise than it got them."""
    return address and str(ip_address(address))


def broken_at(entries: Sequence[CustodyEntry]) -> int | None:
    """The ``seq`` of the first entry of one file that does not fit, or None when all do."""
    before, expected = "", 1
    for entry in entries:
        if entry.seq != expected or entry.seal != seal_of(before, entry):
            return entry.seq
        before, expected = entry.seal, expected + 1
    return None


def begin(
    evidence: Iterable[Evidence], act: str, *, actor: Actor, now: datetime, **data: Any
) -> None:
    """The first entry of files that have none yet; the caller holds them."""
    CustodyEntry.objects.bulk_create(
        _entry(one, None, act, actor, now, None, {**first_facts(one), **data}) for one in evidence
    )


def first_facts(evidence: Evidence) -> dict[str, Any]:
    """What was known of a file when its log began."""
    return {
        "name": evidence.original_name,
        "size": evidence.size,
        "sha256": evidence.sha256,
        "began_at": evidence.began_at.astimezone(UTC).isoformat(),
        "completed_at": evidence.completed_at.astimezone(UTC).isoformat(),
    }


def add(
    evidence: Evidence,
    act: str,
    *,
    actor: Actor,
    now: datetime,
    address: str | None = None,
    **data: Any,
) -> CustodyEntry:
    """One more entry. The file's row is locked, so that the numbers have no gaps."""
    with transaction.atomic():
        Evidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
        last = CustodyEntry.objects.filter(evidence=evidence).order_by("-seq").first()
        entry = _entry(evidence, last, act, actor, now, address, data)
        entry.save(force_insert=True)
    return entry


def viewed(
    evidence: Evidence,
    *,
    what: str,
    actor: Actor,
    now: datetime,
    address: str | None,
    download: bool = False,
) -> CustodyEntry | None:
    """Somebody looked at a filed file, or saved it. The pieces of one view are one entry.

    ``what`` is ``original``, ``sheet`` or ``preview``. Returns None where the view is noted
    already.
    """
    act = "downloaded" if download else "viewed"
    noted = CustodyEntry.objects.filter(
        evidence=evidence,
        act=act,
        actor_kind=actor.kind,
        actor_user=actor.user,
        actor_customer=actor.customer,
        address=address,
        data__what=what,
        at__gt=now - ONE_VIEW,
        at__lte=now,
    )
    if noted.exists():
        return None
    with transaction.atomic():
        # A player asks for several pieces at once: the second sees what the first has noted.
        Evidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
        if noted.all().exists():
            return None
        return add(evidence, act, actor=actor, now=now, address=address, what=what)


def _entry(
    evidence: Evidence,
    last: CustodyEntry | None,
    act: str,
    actor: Actor,
    now: datetime,
    address: str | None,
    data: dict[str, Any],
) -> CustodyEntry:
    entry = CustodyEntry(
        evidence=evidence,
        seq=last.seq + 1 if last else 1,
        act=act,
        at=now,
        address=address,
        data=data,
        **actor.on_event(),
    )
    entry.seal = seal_of(last.seal if last else "", entry)
    return entry
