"""The chain of custody in words: what somebody did with a file, who, and whether it all fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tickets.actions.attachments import KIND
from tickets.actions.custody import broken_at
from tickets.models import CustodyEntry, Evidence, Store, Ticket
from tickets.spreadsheets import sheet

ACTS: Mapping[str, Promise] = {
    "arrived": gettext_lazy("Arrived"),
    "checked": gettext_lazy("Checked"),
    "filed": gettext_lazy("Sent with the request"),
    "marked": gettext_lazy("Moments marked"),
    "viewed": gettext_lazy("Viewed"),
    "downloaded": gettext_lazy("Saved"),
    "exported": gettext_lazy("Exported"),
    "held": gettext_lazy("Held: not to be erased"),
    "released": gettext_lazy("Hold released"),
    "erased": gettext_lazy("Erased"),
}
WHAT: Mapping[str, Promise] = {
    "original": pgettext_lazy("file", "the original"),
    "sheet": gettext_lazy("the contact sheet"),
    "preview": gettext_lazy("the preview"),
}


@dataclass(frozen=True, slots=True)
class Chain:
    """One file with its log. ``broken`` is the number of the first entry that does not fit."""

    evidence: Evidence
    entries: Sequence[CustodyEntry]
    broken: int | None


def files_of(ticket: Ticket) -> list[Evidence]:
    """The files of a request, in the order in which they arrived; not what came with messages."""
    claim = getattr(ticket, "claim", None)
    owner = claim if claim is not None else ticket
    return list(owner.evidence.exclude(kind=KIND).order_by("pk"))


def chains(ticket: Ticket) -> list[Chain]:
    """The logs of all files of a request, each looked over from its first entry."""
    files = files_of(ticket)
    rows = CustodyEntry.objects.filter(evidence__in=files).order_by("evidence", "seq")
    logs: dict[int, list[CustodyEntry]] = {one.pk: [] for one in files}
    for row in rows.select_related("actor_user", "actor_customer"):
        logs[row.evidence_id].append(row)
    return [Chain(one, logs[one.pk], broken_at(logs[one.pk])) for one in files]


def act(entry: CustodyEntry) -> str:
    """What was done, in a few words: ``Viewed: the contact sheet``."""
    told = str(ACTS.get(entry.act, entry.act))
    what = WHAT.get(str(entry.data.get("what", "")))
    return f"{told}: {what}" if what else told


def who(entry: CustodyEntry) -> str:
    """Who did it, as staff know them."""
    if entry.actor_user is not None:
        return str(entry.actor_user.get_full_name())
    if entry.actor_customer is not None:
        return str(entry.actor_customer)
    return _("the shop system") if entry.actor_kind == "integration" else _("by itself")


def as_csv(found: Sequence[Chain], store: Store) -> Iterator[str]:
    """Every entry of every file as CSV, times on the store's clock; each with its seal."""
    zone = ZoneInfo(store.time_zone)
    head = [
        *(_("File"), "SHA-256", _("Entry"), _("When"), _("What"), _("Who"), _("From where")),
        *(_("Details"), _("Seal"), _("Fits")),
    ]
    yield from sheet(head, (_row(chain, entry, zone) for chain in found for entry in chain.entries))


def _row(chain: Chain, entry: CustodyEntry, zone: ZoneInfo) -> list[str]:
    fits = chain.broken is None or entry.seq < chain.broken
    details = "; ".join(f"{key}: {value}" for key, value in entry.data.items() if key != "what")
    return [
        chain.evidence.original_name,
        chain.evidence.sha256,
        str(entry.seq),
        entry.at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
        act(entry),
        who(entry),
        entry.address or "",
        details,
        entry.seal,
        _("yes") if fits else _("no"),
    ]
