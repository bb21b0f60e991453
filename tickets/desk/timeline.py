"""What happened on a ticket, in order: messages and events in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from tickets import labels as common
from tickets.actions.cancel_order import ADDRESS
from tickets.attached import Shown
from tickets.desk import labels
from tickets.models import Event, Message
from tickets.references import spoken
from tickets.templatetags import dates

ICONS: Mapping[str, str] = {
    "claim_filed": "inbox",
    "ticket_opened": "inbox",
    "call_logged": "phone",
    "request_accepted": "inbox",
    "request_repeated": "inbox",
    "evidence_added": "paperclip",
    "evidence_complete": "checks",
    "evidence_asked": "camera",
    "evidence_reminded": "bell",
    "evidence_overridden": "key",
    "evidence_waived": "user-check",
    "file_received": "upload",
    "file_ready": "circle-check",
    "file_repeated": "copy",
    "file_refused": "circle-x",
    "evidence_marked": "flag",
    "evidence_exported": "archive",
    "evidence_held": "lock",
    "evidence_released": "arrow-back-up",
    "evidence_erased": "trash",
    "claim_approved": "check",
    "claim_refused": "minus",
    "claim_expired": "hourglass",
    "claim_reopened": "arrow-back-up",
    "claim_withdrawn": "x",
    "claim_fulfilled": "circle-check",
    "sent_to_manufacturer": "building-factory-2",
    "manufacturer_updated": "mail",
    "manufacturer_answered": "building-factory-2",
    "return_requested": "truck-return",
    "return_received": "package-import",
    "inspected": "zoom-in",
    "refund_requested": "receipt-refund",
    "refund_paid": "cash",
    "deadline_missed": "clock-exclamation",
    "deadline_near": "clock",
    "target_missed": "clock-exclamation",
    "delivery_recorded": "truck-delivery",
    "mail_bounced": "mail-exclamation",
    "assigned": "user",
    "automation_noted": "lock",
    "automation_ran": "adjustments",
    "macro_used": "sparkles",
    "macro_undone": "arrow-back-up",
    "snoozed": "clock",
    "woken": "bell",
    "tagged": "tag",
    "priority_set": "flag",
    "linked": "link",
    "merged": "affiliate",
    "unmerged": "arrows-exchange",
    "split_off": "corner-up-left",
    "split_undone": "arrow-back-up",
    "unlinked": "link",
    "ticket_solved": "check",
    "solution_undone": "arrow-back-up",
    "step_undone": "arrow-back-up",
    "order_cancelled": "shopping-cart-x",
    "address_changed": "map-pin",
    "request_refused": "minus",
    "request_done": "circle-check",
    "carrier_asked": "truck",
    "carrier_answered": "truck-delivery",
    "parcel_made_good": "receipt-refund",
}


WORDS_SHOWN = 600  # characters of a message in a list of what happened meanwhile


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the line. ``look`` is ``customer``, ``agent``, ``note`` or ``event``."""

    look: str
    who: str
    at: datetime
    text: str
    detail: str = ""
    icon: str = "circle"
    event: Event | None = None
    rule: str = ""
    version: str = ""
    channel: str = ""
    files: tuple[Shown, ...] = ()
    key: int = 0  # of its message
    origin: str = ""  # the reference of the merged ticket that it is from
    automation: int = 0  # the key of the one that has acted
    bulk: int = 0  # the key of the change of several tickets that it is a part of


def who(event: Event) -> str:
    """The name of an event's actor, as staff know them."""
    if event.actor_user is not None:
        return event.actor_user.get_full_name()
    if event.actor_customer is not None:
        return str(event.actor_customer)
    return _("the shop system") if event.actor_kind == "integration" else _("by itself")


def title(event: Event) -> str:
    """What happened, in a few words."""
    return str(common.EVENTS.get(event.kind, event.kind.replace("_", " ").capitalize()))


def _files(wanted: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{count} × {labels.EVIDENCE.get(kind, kind)}" for kind, count in wanted.items()
    )


def detail(event: Event) -> str:
    """What else an event's own data says to a colleague, one fact a line."""
    data = event.data
    said: list[str] = []
    if data.get("outcome"):
        said.append(str(common.OUTCOMES.get(data["outcome"], data["outcome"])).capitalize())
    if data.get("amount"):
        said.append(f"{data['amount']} {data.get('currency', '')}".strip())
    if isinstance(data.get("wanted"), dict):
        said.append(_files(data["wanted"]))
    if data.get("evidence_kind"):
        kind = str(labels.EVIDENCE.get(data["evidence_kind"], data["evidence_kind"]))
        late = "" if data.get("in_time", True) else " · " + _("too late: it does not count")
        said.append(f"{kind}: {data.get('name', '')}{late}")
    said += [str(_ANSWERS[key][bool(data[key])]) for key in _ANSWERS if key in data]
    if event.kind in _OWN:
        said += _OWN[event.kind](event)
    said += [line for line in _in_order(data.get("details") or {}) if line != "yes"]
    told = ("tracking", "sentence", "reason") + (() if event.kind == "claim_filed" else ("note",))
    said += [str(data[key]) for key in told if data.get(key)]
    if "bulk" in data:
        said.append(_("together with other tickets"))
    return "\n".join(part for part in said if part)


_WOKEN = {
    "customer": _l("The customer has written."),
    "time": _l("Its day has come."),
    "end": _l("It is solved."),
}


_ANSWERS: Mapping[str, tuple[Promise, Promise]] = {
    "agreed": (_l("It did not agree."), _l("It agreed.")),
    "passed": (_l("Not as claimed."), _l("As claimed.")),
    "found": (_l("It is lost."), _l("It was found.")),
}


def _snoozed(event: Event) -> list[str]:
    until = datetime.fromisoformat(event.data["until"])
    return [_("Until %(when)s") % {"when": dates.say(until, event.data["zone"], event.at)}]


def _woken(event: Event) -> list[str]:
    by = event.data["by"]
    return [str(_WOKEN[by])] if by in _WOKEN else []


def _tagged(event: Event) -> list[str]:
    data = event.data
    return [*(f"+ {name}" for name in data["added"]), *(f"− {key}" for key in data["removed"])]


def _priority(event: Event) -> list[str]:
    data = event.data
    return [f"{labels.PRIORITIES[data['before']]} → {labels.PRIORITIES[data['after']]}"]


def _other(event: Event) -> list[str]:
    return [spoken(event.data["other"])]


def _merged(event: Event) -> list[str]:
    into = event.data["way"] == "into"
    words = _("Into %(other)s") if into else _("%(other)s is a part of this now")
    return [words % {"other": spoken(event.data["other"])}]


def _assigned(event: Event) -> list[str]:
    """Who has it now, and how it came to them."""
    data = event.data
    said = [data.get("name") or _("Nobody")]
    if data.get("how") == "next":
        said.append(_("taken as the next ticket"))
    if data.get("handover"):
        said.append(_("handed over with a note"))
    return said


def _macro(event: Event) -> list[str]:
    said = [event.data["name"]]
    if event.data.get("left"):
        left = ", ".join(str(common.EVENTS.get(kind, kind)) for kind in event.data["left"])
        said.append(_("Left, as it was changed since: %(what)s") % {"what": left})
    return said


def _step(event: Event) -> list[str]:
    return [", ".join(str(common.EVENTS.get(kind, kind)) for kind in event.data["kinds"])]


def _automation(event: Event) -> list[str]:
    return [event.data["name"]]


def _noted(event: Event) -> list[str]:
    return [event.data["text"]]


def _moved(event: Event) -> list[str]:
    data = event.data
    return [_address(data, "before", _("Before:")), _address(data, "after", _("Now:"))]


def _asked(event: Event) -> list[str]:
    number = event.data.get("number")
    return [_("Inquiry %(number)s") % {"number": number}] if number else []


# What the events of one kind say of themselves, in a line or two.
_OWN: Mapping[str, Callable[[Event], list[str]]] = {
    "address_changed": _moved,
    "assigned": _assigned,
    "automation_noted": _noted,
    "automation_ran": _automation,
    "carrier_asked": _asked,
    "linked": _other,
    "macro_undone": _macro,
    "macro_used": _macro,
    "merged": _merged,
    "priority_set": _priority,
    "snoozed": _snoozed,
    "split_off": _other,
    "split_undone": _other,
    "step_undone": _step,
    "tagged": _tagged,
    "unlinked": _other,
    "unmerged": _other,
    "woken": _woken,
}


def _address(data: Mapping[str, Any], key: str, label: str) -> str:
    parts = _in_order(data.get(key) or {})
    return f"{label} {', '.join(parts)}" if parts else ""


def _in_order(parts: Mapping[str, Any]) -> list[str]:
    """The lines of an address as it is written; the database keeps its keys in no order."""
    rank = {name: at for at, pair in enumerate(ADDRESS.items()) for name in pair}
    last = len(rank)
    return [str(parts[key]) for key in sorted(parts, key=lambda key: rank.get(key, last))]


def entry(event: Event, origin: str = "") -> Entry:
    """One event as a line of the history. ``origin``: of a ticket that is merged into this one."""
    return Entry(
        "event",
        who(event),
        event.at,
        title(event),
        _undone(event) + detail(event),
        ICONS.get(event.kind, "circle-dashed"),
        event,
        event.rule,
        str(event.policy_version.number) if event.policy_version else "",
        origin=origin,
        automation=event.data["automation"]["id"] if event.kind == "automation_ran" else 0,
        bulk=event.data.get("bulk", 0),
    )


def _undone(event: Event) -> str:
    """That it is the way back from another; of a step the title says so."""
    return f"{_('Undone')}\n" if "undoes" in event.data and event.kind != "step_undone" else ""


CHANNELS: Mapping[str, Promise] = {
    "page": _l("on the page of the request"),
    "mail": _l("by mail"),
    "phone": _l("by telephone"),
}


def channel(message: Message) -> str:
    """By which way it was said; an answer of ours is mailed, wherever it was written."""
    if message.kind == "note" and message.channel != "phone":
        return ""
    ours = message.kind in ("agent", "system")
    way = "mail" if ours and message.channel == "desk" else message.channel
    return str(CHANNELS.get(way, ""))


def said(message: Message, files: Sequence[Shown] = (), origin: str = "") -> Entry:
    """One message with its files, as it stands in the conversation."""
    customer = str(message.ticket.customer)
    name = message.author.get_full_name() if message.author else customer
    if message.kind == "system":
        name = _("by itself")
    look = "agent" if message.kind == "system" else message.kind
    return Entry(
        look,
        name,
        message.at,
        message.body,
        icon="message",
        channel=channel(message),
        files=tuple(files),
        key=message.pk,
        origin=origin,
    )


def with_words(line: Entry, words: str) -> Entry:
    """An event with the beginning of what was said, where its message does not stand beside it."""
    short = words if len(words) <= WORDS_SHOWN else f"{words[:WORDS_SHOWN]}…"
    return replace(line, detail="\n".join(part for part in (line.detail, short) if part))


def asked(event: Event, origin: str = "") -> Entry | None:
    """What a customer typed when they filed a claim, which is no message of its own."""
    if event.kind != "claim_filed" or not event.data.get("note"):
        return None
    way = str(CHANNELS["page"])
    note = event.data["note"]
    return Entry("customer", who(event), event.at, note, channel=way, origin=origin)
