"""What must be so for an automation to act: the whole list, each a pure question to the facts.

A condition reads nothing but `Facts` and its own value; of several all must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets import wording
from tickets.actions.deeds import LONGEST_TAG, MOST_TAGS, tag_key
from tickets.automations.condition_words import (
    CHANNELS,
    PRODUCTS,
    WAITS,
    assignee_words,
    channel_words,
    hours_words,
    language_words,
    nth_words,
    priority_words,
    product_words,
    request_words,
    says_words,
    state_words,
    tag_words,
    total_words,
    waits_words,
)
from tickets.automations.facts import Facts
from tickets.automations.inputs import (
    CURRENCY,
    MANY,
    MONEY,
    NUMBER,
    ONE,
    TERMS,
    About,
    Choices,
    Input,
    Known,
    Value,
    clean_inputs,
    known_of,
)
from tickets.desk.labels import PRIORITIES, REQUESTS
from tickets.errors import InvalidInput
from tickets.labels import TICKET_STATES
from tickets.models.store import PRODUCT_KINDS

_AT_LEAST = {str(key): label for key, label in PRIORITIES.items()}
MOST_WORDS, LONGEST_WORD = 20, 60


@dataclass(frozen=True, slots=True)
class Condition:
    """One *if*: `holds` is pure, and asked of a value that `clean` has made."""

    key: str
    label: Promise
    inputs: tuple[Input, ...]
    told: Callable[[Value, Known], str]
    asked: Callable[[Facts, Value], bool]

    def holds(self, facts: Facts, value: Value) -> bool:
        """Whether it is so."""
        return self.asked(facts, value)

    def clean(self, raw: object, about: About) -> Value:
        """What was filled in, as it is stored.

        Raises:
            InvalidInput: it cannot be; ``field`` names the input.
        """
        return clean_inputs(self.inputs, raw, about)

    def words(self, value: Value, about: About) -> str:
        """A clause that follows *if*: ``it is urgent``."""
        return self.told(value, known_of(about))


def _table(words: Mapping[Any, Promise]) -> Callable[[Known], Choices]:
    return lambda known: [(str(key), str(label)) for key, label in words.items()]


def _products(known: Known) -> Choices:
    return [(kind, str(PRODUCTS[kind])) for kind in PRODUCT_KINDS]


def _languages(known: Known) -> Choices:
    return [(code, str(name)) for code, name in settings.LANGUAGES]


def _assignees(known: Known) -> Choices:
    return [("any", _t("Somebody")), ("none", _t("Nobody")), *known.people]


_HOURS: Mapping[str, Promise] = {
    "open": pgettext_lazy("store", "open"),
    "closed": pgettext_lazy("store", "closed"),
}


# --- whether it is so --------------------------------------------------------------------


def _same_language(facts: Facts, value: Value) -> bool:
    theirs = facts.language.replace("_", "-").split("-")[0].casefold()
    wanted: str = value["language"]
    return theirs == wanted.split("-")[0].casefold()


def _assigned(facts: Facts, value: Value) -> bool:
    wanted: str = value["assignee"]
    if wanted in ("any", "none"):
        return (facts.assignee_id is None) == (wanted == "none")
    return facts.assignee_id == int(wanted)


def _costs(facts: Facts, value: Value) -> bool:
    """Of an order in another currency nothing is said: it is not so."""
    if facts.order_total is None or facts.currency != value["currency"]:
        return False
    return facts.order_total >= Decimal(value["amount"])


def _by_channel(facts: Facts, value: Value) -> bool:
    wanted: str = value["channel"]
    return (facts.channel or "page") == wanted


def _says(facts: Facts, value: Value) -> bool:
    there = _places(facts.last_words)
    return any(_occurs(word, there) for word in value["words"])


@lru_cache(maxsize=64)
def _places(text: str) -> Mapping[str, frozenset[int]]:
    """Where each lexeme of a text stands; many rules ask about one message."""
    found: dict[str, set[int]] = {}
    for one in wording.lexemes(wording.fold(text)):
        found.setdefault(one.text, set()).add(one.place)
    return {text: frozenset(places) for text, places in found.items()}


@lru_cache(maxsize=1024)
def _wanted(word: str) -> tuple[wording.Lexeme, ...]:
    return tuple(wording.asked(wording.fold(word)))


def _occurs(word: str, there: Mapping[str, frozenset[int]]) -> bool:
    """Whether the words of one entry stand in a text side by side, cut as a search cuts them."""
    first, *rest = _wanted(word) or (None,)
    if first is None:
        return False
    nowhere: frozenset[int] = frozenset()
    return any(
        all(start + one.place - first.place in there.get(one.text, nowhere) for one in rest)
        for start in there.get(first.text, nowhere)
    )


# --- the list ----------------------------------------------------------------------------

_TAGS = Input(
    "tags",
    _("Tags"),
    TERMS,
    most=MOST_TAGS,
    longest=LONGEST_TAG,
    hint=_("With commas between them; one of them is enough."),
)
_ALL = (
    Condition(
        "request_type",
        _("What it is about"),
        (Input("requests", _("One of these"), MANY, _table(REQUESTS)),),
        request_words,
        lambda facts, value: facts.request_type in value["requests"],
    ),
    Condition(
        "product_kind",
        _("Kind of product"),
        (Input("kinds", _("One of these"), MANY, _products),),
        product_words,
        lambda facts, value: not facts.product_kinds.isdisjoint(value["kinds"]),
    ),
    Condition(
        "priority_at_least",
        _("Priority at least"),
        (Input("priority", _("Priority"), ONE, _table(_AT_LEAST), number=True),),
        priority_words,
        lambda facts, value: facts.priority <= value["priority"],
    ),
    Condition(
        "state",
        _("State"),
        (Input("states", _("One of these"), MANY, _table(TICKET_STATES)),),
        state_words,
        lambda facts, value: facts.state in value["states"],
    ),
    Condition(
        "waiting_for",
        _("It waits for"),
        (Input("whom", _("Whom"), ONE, _table(WAITS)),),
        waits_words,
        lambda facts, value: facts.waiting_for == value["whom"],
    ),
    Condition(
        "has_tag",
        _("It has a tag"),
        (_TAGS,),
        tag_words(_("it has the tag %(tags)s")),
        lambda facts, value: not facts.tags.isdisjoint(map(tag_key, value["tags"])),
    ),
    Condition(
        "has_not_tag",
        _("It does not have a tag"),
        (
            Input(
                "tags",
                _("Tags"),
                TERMS,
                most=MOST_TAGS,
                longest=LONGEST_TAG,
                hint=_("With commas between them; it may have none of them."),
            ),
        ),
        tag_words(_("it does not have the tag %(tags)s")),
        lambda facts, value: facts.tags.isdisjoint(map(tag_key, value["tags"])),
    ),
    Condition(
        "assignee",
        _("Who takes care of it"),
        (Input("assignee", _("Who"), ONE, _assignees),),
        assignee_words,
        _assigned,
    ),
    Condition(
        "language",
        _("The customer's language"),
        (Input("language", _("Language"), ONE, _languages),),
        language_words,
        _same_language,
    ),
    Condition(
        "order_total_at_least",
        _("The order is worth at least"),
        (
            Input("amount", _("Amount"), MONEY),
            Input("currency", _("Currency"), CURRENCY, hint=_("Three letters, like USD.")),
        ),
        total_words,
        _costs,
    ),
    Condition(
        "nth_request_at_least",
        _("How often they have asked"),
        (Input("n", _("At least so many times"), NUMBER, least=2, most=999),),
        nth_words,
        lambda facts, value: facts.nth_request >= value["n"],
    ),
    Condition(
        "channel",
        _("How it came"),
        (Input("channel", _("By"), ONE, _table(CHANNELS)),),
        channel_words,
        _by_channel,
    ),
    Condition(
        "opening_hours",
        _("Opening hours"),
        (Input("hours", _("The store is"), ONE, _table(_HOURS)),),
        hours_words,
        lambda facts, value: facts.within_hours == (value["hours"] == "open"),
    ),
    Condition(
        "words",
        _("Words of the customer's last message"),
        (
            Input(
                "words",
                _("Words"),
                TERMS,
                most=MOST_WORDS,
                longest=LONGEST_WORD,
                hint=_("With commas between them; one of them is enough. Endings do not matter."),
            ),
        ),
        says_words,
        _says,
    ),
)
CONDITIONS: Mapping[str, Condition] = {one.key: one for one in _ALL}


def condition(key: object) -> Condition:
    """One of the list.

    Raises:
        InvalidInput: there is none of that name.
    """
    found = CONDITIONS.get(key) if isinstance(key, str) else None
    if found is None:
        raise InvalidInput(_t("Choose a condition of the list."), "key")
    return found
