"""The papers of a sealed export: what happened, who had the files, and how to check it all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tickets.labels import EVENTS
from tickets.models import Event, Evidence, Ticket
from tickets.spreadsheets import sheet


def timeline_rows(ticket: Ticket) -> list[Event]:
    """Every event of a request, in order."""
    rows = ticket.events.select_related("actor_user", "actor_customer", "policy_version")
    return list(rows.defer("policy_version__source").order_by("seq"))


def who(event: Event) -> str:
    """The name of an event's actor."""
    if event.actor_user is not None:
        return str(event.actor_user.get_full_name())
    if event.actor_customer is not None:
        return str(event.actor_customer)
    return _("the shop system") if event.actor_kind == "integration" else _("by itself")


def timeline_csv(events: Sequence[Event], zone: ZoneInfo) -> bytes:
    """The events as a table; what a decision saw is the last column."""
    head = [
        *(_("Entry"), _("When"), _("What happened"), _("Kind"), _("Who")),
        *(_("Rule"), _("Version of the rules"), _("Details"), _("Facts")),
    ]
    rows = (
        [
            str(event.seq),
            event.at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
            str(EVENTS.get(event.kind, event.kind)),
            event.kind,
            who(event),
            event.rule,
            str(event.policy_version.number) if event.policy_version else "",
            _json({key: value for key, value in event.data.items() if key != "facts"}),
            _json(event.data["facts"]) if "facts" in event.data else "",
        ]
        for event in events
    )
    return "".join(sheet(head, rows)).encode()


def timeline_json(ticket: Ticket, events: Sequence[Event]) -> bytes:
    """The same for machines: nothing is left out, times are UTC."""
    told = [
        {
            "seq": event.seq,
            "at": event.at.isoformat(),
            "kind": event.kind,
            "actor": {"kind": event.actor_kind, "name": who(event)},
            "rule": event.rule,
            "policy_version": event.policy_version.number if event.policy_version else None,
            "policy_sha256": event.policy_version.sha256 if event.policy_version else None,
            "data": event.data,
        }
        for event in events
    ]
    whole = {"request": ticket.reference, "store": ticket.store.slug, "events": told}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def readme(
    ticket: Ticket,
    originals: Sequence[tuple[str, Evidence]],
    left_out: Sequence[Evidence],
    now: datetime,
) -> bytes:
    """What this is and how to check it, for somebody who has never heard of us."""
    zone = ZoneInfo(ticket.store.time_zone)
    lines = [
        _("Evidence of the request %(reference)s at %(store)s")
        % {"reference": ticket.spoken_reference, "store": ticket.store.name},
        _("Exported %(when)s") % {"when": now.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")},
        "",
        _("What is in here:"),
        "  originals/     " + _("the files as they arrived, unchanged"),
        "  decision.pdf   " + _("the request, the decision, and the list of files, to read"),
        "  timeline.csv   " + _("all that happened; timeline.json says the same for machines"),
        "  custody.csv    " + _("who had the files in their hands, when, and from where"),
        "  SHA256SUMS     " + _("the hash of every file in here"),
        "",
        _("How to check that nothing was changed: unpack, open a terminal in this folder, and run"),
        "  sha256sum -c SHA256SUMS",
        _("(on a Mac: shasum -a 256 -c SHA256SUMS). Every line has to end with OK."),
        _("The hashes of the originals were taken when they arrived, not when they were exported."),
        _("The store can tell whether SHA256SUMS is its own: it keeps that file's hash."),
        "",
        *_listed(_("Files:"), [f"{name}  {evidence.sha256}" for name, evidence in originals]),
        *_listed(
            _("Not in here:"),
            [f"{evidence.original_name}  {why_left_out(evidence)}" for evidence in left_out],
        ),
    ]
    return ("\n".join(lines) + "\n").encode()


def why_left_out(evidence: Evidence) -> str:
    """Why a file cannot be given along."""
    if evidence.erased_at is not None:
        return _("erased %(day)s, its time was over; SHA-256 %(hash)s") % {
            "day": evidence.erased_at.strftime("%Y-%m-%d"),
            "hash": evidence.sha256 or "–",
        }
    if evidence.state == "infected":
        return _("the virus scanner found something harmful in it; SHA-256 %(hash)s") % {
            "hash": evidence.sha256 or "–"
        }
    return _("it has not been checked yet")


def _listed(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  {line}" for line in lines), ""] if lines else []


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
