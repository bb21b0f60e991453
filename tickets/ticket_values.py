"""What a ticket, its order, its decision and its store's rules say, each in a few words.

Read when it is asked for, and once. Dates stand in the words of mails: on the store's clock, and on
the customer's where it differs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from policies.carriers import Recognised, recognise
from policies.hours import opening_hours
from policies.pack import Pack
from policies.program import split_ref
from policies.publish import in_force, pack_of
from policies.types import Request
from policies.wording import joined, money
from supportdesk.zones import zone_or_none
from tickets import access, labels
from tickets.lifecycle import DeadlineState
from tickets.models import Claim, Deadline, Event, Refund, Shipment, Ticket, User
from tickets.models.deadline import BINDING_KINDS
from tickets.models.event import standing_of
from tickets.telling import instant_in_words, last_minute, sentences_of, wanted_in_words

MOST_ITEMS = 5
_OURS = ("first_target", "resolve_target")  # what we aim at is no promise to a customer
_PROMISED = tuple(kind for kind in BINDING_KINDS if kind not in _OURS)
# Names without a space between family and given name.
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


@dataclass
class About:
    """One ticket, read for the words of one message. ``user`` is who writes it."""

    ticket: Ticket
    user: User | None
    locale: str
    now: datetime

    # --- rows, each read when it is needed first ---

    @cached_property
    def _claim(self) -> Claim | None:
        return getattr(self.ticket, "claim", None)

    @cached_property
    def _event(self) -> Event | None:
        """The last event that kept a decision, and was not taken back."""
        standing = standing_of(self.ticket)
        decided = standing.filter(policy_version__isnull=False, data__has_key="decision")
        rows = decided.select_related("policy_version").defer("policy_version__source")
        return rows.order_by("-seq").first()

    @cached_property
    def _pack(self) -> Pack:
        """The rules it was decided by, else those of the order's day, else today's."""
        if self._claim is not None:
            return pack_of(self._claim.policy_version)
        if self._event is not None and self._event.policy_version is not None:
            return pack_of(self._event.policy_version)
        order = self.ticket.order
        return pack_of(in_force(self.ticket.store_id, order.placed_at if order else self.now))

    @cached_property
    def _zone(self) -> ZoneInfo | None:
        return zone_or_none(self.ticket.customer.time_zone)

    @cached_property
    def _due(self) -> dict[str, datetime]:
        """What is still to come, by kind; the first of each."""
        rows = Deadline.objects.filter(
            Q(ticket=self.ticket)
            | Q(claim__ticket=self.ticket)
            | Q(refund__ticket=self.ticket)
            | Q(refund__claim__ticket=self.ticket),
            kind__in=_PROMISED,
            state=DeadlineState.PENDING,
        )
        found: dict[str, datetime] = {}
        for kind, at in rows.order_by("due_at").values_list("kind", "due_at"):
            found.setdefault(kind, at)
        return found

    @cached_property
    def _parcel(self) -> Shipment | None:
        """The parcel that was sent last."""
        if self.ticket.order is None:
            return None
        sent = [row for row in self.ticket.order.shipments.all() if row.tracking_number]
        return (
            max(sent, key=lambda row: (row.shipped_at is not None, row.shipped_at, row.pk))
            if sent
            else None
        )

    @cached_property
    def _recognised(self) -> Recognised | None:
        parcel = self._parcel
        return recognise(parcel.tracking_number, self._pack, parcel.carrier) if parcel else None

    def _instant(self, at: datetime | None) -> str | None:
        if at is None:
            return None
        until = last_minute(at, self._pack)
        return instant_in_words(self._pack, until, self.now, self.locale, self._zone)

    # --- people ---

    def customer_name(self) -> str | None:
        """As the customer writes it."""
        return self.ticket.customer.name or None

    def first_name(self) -> str | None:
        """The first word of a name; the whole of one that is written family name first."""
        name = self.ticket.customer.name.strip()
        if not name or _EAST_ASIAN.search(name):
            return name or None
        return name.split()[0]

    def agent_name(self) -> str | None:
        """Who writes."""
        return self.user.get_full_name() if self.user is not None else None

    # --- the ticket and its order ---

    def store_name(self) -> str | None:
        """The store."""
        return self.ticket.store.name

    def reference(self) -> str | None:
        """As people read it out."""
        return self.ticket.spoken_reference

    def order_number(self) -> str | None:
        """The order's."""
        return self.ticket.order.number if self.ticket.order is not None else None

    def item(self) -> str | None:
        """The items of the claim, else those of the order, where they are few."""
        if self._claim is not None:
            items = self._claim.items.select_related("line").order_by("id")
            titles = [row.line.title for row in items]
        elif self.ticket.order is not None:
            titles = [row.title for row in self.ticket.order.lines.all()]
        else:
            titles = []
        if not titles or len(titles) > MOST_ITEMS:
            return None
        return joined(titles, self.locale)

    def request(self) -> str | None:
        """What was asked for, in a customer's words."""
        known = {str(name) for name in Request}
        if self.ticket.request not in known:
            return None
        return self._pack.label(self.ticket.request, self.locale)

    # --- the decision ---

    def outcome(self) -> str | None:
        """What came of the claim."""
        found = self._claim.outcome if self._claim is not None else ""
        if found not in labels.OUTCOMES:
            return None
        with translation.override(self.locale):
            return str(labels.OUTCOMES[found])

    def amount(self) -> str | None:
        """The refund of the ticket or its claim."""
        found = Refund.objects.filter(Q(ticket=self.ticket) | Q(claim__ticket=self.ticket)).first()
        return money(found.amount, found.currency, self.locale) if found is not None else None

    def _rule_id(self) -> str:
        if self._claim is not None:
            return self._claim.refused_rule or self._claim.rule
        return self._event.rule if self._event is not None else ""

    def rule(self) -> str | None:
        """The sentence of the rule that decided."""
        rule = self._rule_id()
        return self._pack.rule(rule).sentence(self.locale) if rule in self._pack.rules else None

    def decision(self) -> str | None:
        """All that the rules said when it was decided last."""
        if self._event is None:
            return None
        return " ".join(sentences_of(self._event, self.locale, self._zone)) or None

    def _decided(self) -> dict[str, object]:
        return (self._event.data.get("decision") or {}) if self._event is not None else {}

    def window_days(self) -> str | None:
        """The days of the window that counts for the request; of a law's window none is told."""
        requests = self._pack.document.requests
        known = {str(name) for name in Request}
        found = requests.get(Request(self.ticket.request)) if self.ticket.request in known else None
        if found is not None and found.same_as is not None:
            found = requests[found.same_as]
        if found is None or self._decided().get("floor"):
            return None
        for check in found.checks:
            if check.check == "window":
                rule, figure = split_ref(check.days, check.rule)
                days = self._pack.rules[rule].figures.get(figure)
                return str(days) if isinstance(days, int) else None
        return None

    def closes_at(self) -> str | None:
        """Until when it can be asked for."""
        if self._claim is not None:
            return self._instant(self._claim.closes_at)
        told = self._decided().get("closes_at")
        return self._instant(datetime.fromisoformat(str(told))) if told else None

    def evidence_needed(self) -> str | None:
        """What a claim still waits for."""
        missing = self._claim.missing if self._claim is not None else []
        return wanted_in_words(self._pack, missing, self.locale) if missing else None

    # --- dates ---

    def evidence_due(self) -> str | None:
        """Until when evidence can come."""
        return self._instant(self._due.get("evidence_due"))

    def manufacturer_due(self) -> str | None:
        """By when the manufacturer answers."""
        return self._instant(self._due.get("manufacturer_due"))

    def next_due(self) -> str | None:
        """What was promised next."""
        return self._instant(min(self._due.values(), default=None))

    # --- the parcel ---

    def carrier(self) -> str | None:
        """Who carries it."""
        if self._recognised is not None:
            return self._recognised.carrier or None
        return self._parcel.carrier or None if self._parcel is not None else None

    def tracking_number(self) -> str | None:
        """As the carrier writes it."""
        return self._parcel.tracking_number if self._parcel is not None else None

    def tracking_link(self) -> str | None:
        """The carrier's page."""
        return self._recognised.page or None if self._recognised is not None else None

    # --- ways to us ---

    def status_link(self) -> str | None:
        """The customer's own page."""
        return str(settings.BASE_URL) + access.link_for(self.ticket)

    def contact_mail(self) -> str | None:
        """The store's address that is open today, else the one it writes from."""
        today = pack_of(in_force(self.ticket.store_id, self.now))
        named = (one.value for one in today.channels if one.kind == "email" and one.open)
        return next(named, self.ticket.store.mail_from) or None

    def opening_hours(self) -> str | None:
        """The weekly hours."""
        today = pack_of(in_force(self.ticket.store_id, self.now))
        return opening_hours(today, self.locale) or None
