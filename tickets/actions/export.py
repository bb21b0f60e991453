"""A request's evidence goes out of the house, sealed: who took it, and what exactly it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tickets.actions import custody
from tickets.actions.base import ticket_turn
from tickets.actor import Actor
from tickets.models import Event, Evidence, Ticket


def note_export(
    ticket: Ticket,
    manifest: str,
    files: Sequence[Evidence],
    *,
    actor: Actor,
    now: datetime,
    address: str | None,
    seen: int,
) -> Event:
    """Keep that this very export was made: ``manifest`` is the SHA-256 of its list of hashes.

    ``files`` are the originals that go along; each one's custody log says so. ``seen`` is the
    last event that the export tells of.

    Raises:
        NotAllowed: only a lead may.
        Conflict: something happened to the request since the export was put together.
    """
    with ticket_turn(ticket.pk, "override", actor=actor, now=now) as turn:
        turn.saw(seen)
        event = turn.event(
            "evidence_exported", manifest=manifest, files=[each.pk for each in files]
        )
        for each in files:
            custody.add(each, "exported", actor=actor, now=now, address=address, manifest=manifest)
    return event


def export_with(manifest: str, stores: Sequence[int], hashes: Sequence[str]) -> Event | None:
    """The export of these stores that a list of hashes came from; None when it is not ours.

    ``manifest`` is the SHA-256 of the list, ``hashes`` what it lists: they lead to the request
    by an index, so that not every event ever is looked at. A list without any file of ours is
    looked for among the stores' exports.
    """
    exports = Event.objects.filter(
        kind="evidence_exported", store__in=stores, data__manifest=manifest
    ).select_related("ticket__store", "actor_user")
    files = Evidence.objects.filter(sha256__in=hashes)
    tickets = {
        pk
        for row in files.values_list("claim__ticket_id", "ticket_id")
        for pk in row
        if pk is not None
    }
    if tickets:
        found = exports.filter(ticket__in=tickets).order_by("pk").first()
        if found is not None:
            return found
    return exports.order_by("pk").first()
