"""What a list can be narrowed down to: what is typed, and what is read for it.

One thing that was chosen decides which index the list is read from (`_selection`); what no index
knows is asked of a stretch of that list at a time (`stretches`). So no choice of filters makes a
page read all tickets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.desk import labels, lists
from tickets.desk.lists import AWAKE, Order, Selection
from tickets.desk.person import Desk
from tickets.models import Tag, User

GONE = _("“%(value)s” is no longer there: nothing can be found by it.")
STATES = [
    ("", _("Open, not snoozed")),
    ("new", _("New")),
    ("open", _("Ours to answer")),
    ("customer", _("Waiting for customer")),
    ("manufacturer", _("Waiting for manufacturer")),
    ("carrier", _("Waiting for carrier")),
    ("snoozed", _("Snoozed")),
    ("done", _("Done")),
    ("any", _("All, done and open")),
]
STAGES = [
    ("", _("Any")),
    ("ready", _("Ready to decide")),
    ("evidence", _("Waiting for evidence")),
    ("manufacturer", _("With the manufacturer")),
    ("fulfil", _("To fulfil")),
    ("cancellation", _("Cancellations")),
    ("parcel", _("Lost parcels")),
    ("question", _("Questions")),
    ("other", _("Something else")),
]
_DONE = "t.state IN ('solved', 'closed')"
_OF_STATE = {
    "": AWAKE,
    "new": f"{AWAKE} AND t.state = 'new'",
    "open": f"{AWAKE} AND t.state IN ('new', 'open')",
    "customer": f"{AWAKE} AND t.state = 'waiting' AND t.waiting_for = 'customer'",
    "manufacturer": f"{AWAKE} AND t.state = 'waiting' AND t.waiting_for = 'manufacturer'",
    "carrier": f"{AWAKE} AND t.state = 'waiting' AND t.waiting_for = 'carrier'",
    "snoozed": "t.snoozed_until IS NOT NULL",
    "done": _DONE,
    "any": "true",
}
_ORDERS: Mapping[str, Order] = {
    "new": lists.RANK,
    "customer": lists.RANK,
    "manufacturer": lists.RANK,
    "carrier": lists.RANK,
    "snoozed": lists.SNOOZE,
    "done": lists.NEWEST,
    "any": lists.OPENED,
}
# The order's lines that were complained about, or all of them where there is no claim.
_ON_LINE = """EXISTS (
    SELECT FROM tickets_orderline l JOIN tickets_product p ON p.id = l.product_id
    LEFT JOIN tickets_claim c ON c.ticket_id = t.id
    WHERE l.order_id = t.order_id AND {asked}
    AND (c.id IS NULL OR EXISTS (SELECT FROM tickets_claimitem i
                                 WHERE i.claim_id = c.id AND i.line_id = l.id)))"""
_ON_ORDER = "EXISTS (SELECT FROM tickets_order o WHERE o.id = t.order_id AND {asked})"


class _Choice(forms.ChoiceField):
    default_error_messages = {"invalid_choice": GONE}


class _Choices(forms.MultipleChoiceField):
    default_error_messages = {"invalid_choice": GONE}


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=12, decimal_places=2
    )


class FilterForm(forms.Form):
    """What a list is narrowed down by. Read from an address or from a saved view alike."""

    store = _Choice(label=_("Store"), required=False)
    state = _Choice(label=_("State"), choices=STATES, required=False)
    stage = _Choice(label=_("Stage"), choices=STAGES, required=False)
    assignee = _Choice(label=_("Assigned to"), required=False)
    tag = _Choice(label=_("Tag"), required=False)
    type = _Choices(
        label=_("Type"),
        choices=[*labels.REQUESTS.items()],
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 4}),
    )
    product = forms.CharField(label=_("Product: SKU or title"), required=False, max_length=100)
    released_from = _day(_("Released from"))
    released_to = _day(_("Released until"))
    amount_from = _amount(_("Order total from"))
    amount_to = _amount(_("Order total up to"))
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        required=False,
        error_messages={"invalid": _("Three letters, as in USD.")},
    )
    opened_from = _day(_("Opened from"))
    opened_to = _day(_("Opened until"))
    due_from = _day(_("Due from"))
    due_to = _day(_("Due until"))

    def __init__(self, desk: Desk, data: Any, **more: Any) -> None:
        self.desk = desk
        super().__init__(data, auto_id="filter_%s", **more)
        fields: dict[str, Any] = self.fields
        fields["store"].choices = [
            ("", _("All stores")),
            *((one.slug, one.name) for one in desk.stores),
        ]
        people = User.objects.filter(memberships__store__in=desk.here).distinct()
        named = [(str(one.pk), str(one)) for one in people.order_by("name", "email")]
        fields["assignee"].choices = [
            ("", _("Anybody")),
            ("me", _("Me")),
            ("nobody", _("Nobody")),
            *named,
        ]
        self.tags: dict[str, list[int]] = {}
        rows = Tag.objects.filter(store__in=desk.here).order_by("key", "pk")
        words = {row.key: row.name for row in rows}
        for row in rows:
            self.tags.setdefault(row.key, []).append(row.pk)
        fields["tag"].choices = [("", _("Any")), *words.items()]
        for field in fields.values():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs.setdefault("class", css)

    @property
    def told(self) -> list[str]:
        """What of it cannot be used, in sentences."""
        return [
            f"{self.fields[name].label}: {problem}"
            for name, problems in self.errors.items()
            for problem in problems
        ]


NAMES = tuple(FilterForm.base_fields)


def given(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Of an address or a saved view, the filters that say something: names to values."""
    found: dict[str, list[str]] = {}
    for name in NAMES:
        got = values.getlist(name) if hasattr(values, "getlist") else values.get(name, [])
        kept = [str(one).strip()[:200] for one in got if str(one).strip()][:40]
        if kept:
            found[name] = kept
    return found


def form_of(desk: Desk, filters: Mapping[str, list[str]]) -> FilterForm:
    """The form as filled in by these filters."""
    data = {name: one if name == "type" else one[0] for name, one in filters.items()}
    store = next((one for one in desk.stores if one.slug == data.get("store")), None)
    return FilterForm(replace(desk, store=store), data)


def selection(form: FilterForm) -> Selection | None:
    """What is read for a form; None where something in it cannot be used, which finds nothing."""
    desk = form.desk
    if not form.is_valid():
        return None
    asked = {
        name: value for name, value in form.cleaned_data.items() if value not in ("", None, [])
    }
    return _selection(desk, form, asked)


def _selection(desk: Desk, form: FilterForm, asked: dict[str, Any]) -> Selection:
    """By the first of these that is chosen: the tag, the due dates, the days, whose it is, …"""
    state = asked.get("state", "")
    told: dict[str, Any] = {"me": desk.user.pk, "stores": list(desk.here)}
    also, where = _also(desk, asked, told), [_OF_STATE[state]]
    order = _ORDERS.get(state, lists.QUEUE)
    source, each, keys = "tickets_ticket t", "t.store_id = {}", list(desk.here)
    awake = state not in ("snoozed", "done", "any")
    rest = [_OF_STATE[state]] if state else []
    if "tag" in asked:
        order, keys = lists.TAGGED, form.tags[asked["tag"]]
        source = "tickets_tickettag g JOIN tickets_ticket t ON t.id = g.ticket_id"
        each = "g.tag_id = {}"
        also, where = [*where, *also, "t.store_id = ANY(%(stores)s)"], []
    elif awake and ("due_from" in asked or "due_to" in asked):
        order, (due, also) = lists.DUE, _parted(also, "t.next_due_at")
        where, also = [AWAKE, *due], [*rest, *also]
    elif "opened_from" in asked or ("opened_to" in asked and state in ("done", "any")):
        order, (opened, also) = lists.OPENED, _parted(also, "t.opened_at")
        where, also = opened, [*where, *also]
    elif awake and ("assignee" in asked or ("stage" in asked and state in ("", "open"))):
        order, where, also = lists.QUEUE, [AWAKE, also[0]], [*rest, *also[1:]]
    elif state == "open":
        where = [AWAKE, "(t.state = 'waiting') IS FALSE"]
    return Selection(order, keys, tuple(where), told, tuple(also), source, each)


def _parted(conditions: list[str], column: str) -> tuple[list[str], list[str]]:
    """Those about one column, and the others."""
    about = [one for one in conditions if one.startswith(column)]
    return about, [one for one in conditions if one not in about]


def _also(desk: Desk, asked: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """Every filter but the state and the tag as a condition, in this order; fills in ``told``."""
    also: list[str] = []
    if whose := asked.get("assignee"):
        told["whose"] = int(whose) if whose.isdecimal() else desk.user.pk
        also.append("t.assignee_id IS NULL" if whose == "nobody" else "t.assignee_id = %(whose)s")
    for name, condition in _SIMPLE.items():
        if name in asked:
            told[name] = _VALUES.get(name, lambda value, _zone: value)(asked[name], _zone(desk))
            also.append(condition)
    line = [condition for name, condition in _LINE.items() if name in asked]
    if line:
        told |= {name: asked[name] for name in _LINE if name in asked and name != "product"}
        told["product"] = f"%{_plain(asked.get('product', ''))}%"
        also.append(_ON_LINE.format(asked=" AND ".join(line)))
    order = [condition for name, condition in _MONEY.items() if name in asked]
    if order:
        told |= {name: asked[name] for name in _MONEY if name in asked}
        told["currency"] = str(asked.get("currency", "")).upper()
        also.append(_ON_ORDER.format(asked=" AND ".join(order)))
    return also


_SIMPLE = {
    "stage": "t.stage = %(stage)s",
    "type": "t.request = ANY(%(type)s)",
    "due_from": "t.next_due_at >= %(due_from)s",
    "due_to": "t.next_due_at < %(due_to)s",
    "opened_from": "t.opened_at >= %(opened_from)s",
    "opened_to": "t.opened_at < %(opened_to)s",
}
_LINE = {
    "product": "(p.sku ILIKE %(product)s OR p.title ILIKE %(product)s)",
    "released_from": "p.release_on >= %(released_from)s",
    "released_to": "p.release_on <= %(released_to)s",
}
_MONEY = {
    "amount_from": "o.total >= %(amount_from)s",
    "amount_to": "o.total <= %(amount_to)s",
    "currency": "o.currency = %(currency)s",
}


def _zone(desk: Desk) -> ZoneInfo:
    """Whose days are meant: the person's own, else those of the store."""
    return ZoneInfo(desk.user.time_zone or (desk.store or desk.stores[0]).time_zone)


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _ends(day: date, zone: ZoneInfo) -> datetime:
    return _begins(min(day, date.max - timedelta(days=2)) + timedelta(days=1), zone)


_VALUES: Mapping[str, Any] = {
    "due_from": _begins,
    "due_to": _ends,
    "opened_from": _begins,
    "opened_to": _ends,
}


def _plain(text: str) -> str:
    """Typed text inside a pattern of LIKE: nothing in it is a wildcard."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
