"""Conditions in words: each a clause that follows *if*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.automations.inputs import Known, Value, or_list, quoted
from tickets.desk.labels import PRIORITIES, REQUESTS
from tickets.labels import TICKET_STATES
from tickets.templatetags.desk import money

PRODUCTS: Mapping[str, Promise] = {
    "album": _("an album"),
    "lightstick": _("a lightstick"),
    "poster": _("a poster"),
    "blind_box": _("a blind box"),
    "goods": _("other goods"),
    "gift_card": _("a gift card"),
}
CHANNELS: Mapping[str, Promise] = {
    "page": _("the store's pages"),
    "mail": _("mail"),
    "phone": _("telephone"),
    "desk": _("the desk"),
}
WAITS: Mapping[str, Promise] = {
    "customer": _("the customer"),
    "manufacturer": _("the manufacturer"),
    "carrier": _("the carrier"),
}


def request_words(value: Value, known: Known) -> str:
    """``it is about “Defect” or “Charts”``."""
    names = [quoted(str(REQUESTS.get(one, one))) for one in value["requests"]]
    return _t("it is about %(requests)s") % {"requests": or_list(names)}


def product_words(value: Value, known: Known) -> str:
    """``it is about an album or a poster``."""
    names = [str(PRODUCTS[one]) for one in value["kinds"]]
    return _t("it is about %(products)s") % {"products": or_list(names)}


def priority_words(value: Value, known: Known) -> str:
    """``its priority is “High” or more``."""
    name = quoted(str(PRIORITIES[value["priority"]]))
    if value["priority"] == min(PRIORITIES):
        return _t("its priority is %(name)s") % {"name": name}
    return _t("its priority is %(name)s or more") % {"name": name}


def state_words(value: Value, known: Known) -> str:
    """``it is “new” or “open”``."""
    names = [quoted(str(TICKET_STATES[one])) for one in value["states"]]
    return _t("it is %(states)s") % {"states": or_list(names)}


def waits_words(value: Value, known: Known) -> str:
    """``it waits for the carrier``."""
    return _t("it waits for %(whom)s") % {"whom": WAITS[value["whom"]]}


def tag_words(pattern: Promise) -> Callable[[Value, Known], str]:
    """A pattern with the tags in it, any of which is meant."""

    def say(value: Value, known: Known) -> str:
        return str(pattern) % {"tags": or_list([quoted(name) for name in value["tags"]])}

    return say


def assignee_words(value: Value, known: Known) -> str:
    """``nobody takes care of it``."""
    wanted = value["assignee"]
    if wanted == "any":
        return _t("somebody takes care of it")
    if wanted == "none":
        return _t("nobody takes care of it")
    return _t("%(name)s takes care of it") % {"name": known.person(int(wanted))}


def language_words(value: Value, known: Known) -> str:
    """``the customer's language is Korean``."""
    spoken = {code: str(name) for code, name in settings.LANGUAGES}
    name = spoken.get(value["language"], value["language"])
    return _t("the customer's language is %(name)s") % {"name": name}


def total_words(value: Value, known: Known) -> str:
    """``the order is worth $200.00 or more``."""
    amount = money(Decimal(value["amount"]), value["currency"])
    return _t("the order is worth %(amount)s or more") % {"amount": amount}


def nth_words(value: Value, known: Known) -> str:
    """``the customer has asked for something at least 3 times``."""
    return _t("the customer has asked for something at least %(n)d times") % {"n": value["n"]}


def channel_words(value: Value, known: Known) -> str:
    """``it came by telephone``."""
    return _t("it came by %(channel)s") % {"channel": CHANNELS[value["channel"]]}


def hours_words(value: Value, known: Known) -> str:
    """``the store is closed then``."""
    is_open = value["hours"] == "open"
    return _t("the store is open then") if is_open else _t("the store is closed then")


def says_words(value: Value, known: Known) -> str:
    """``the customer's last message says “broken” or “깨진”``."""
    names = or_list([quoted(word) for word in value["words"]])
    return _t("the customer's last message says %(words)s") % {"words": names}
