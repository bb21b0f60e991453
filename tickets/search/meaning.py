"""What a query asks the database for: a tsquery, conditions on the ticket, and what was unclear.

Text and most operators are lexemes of the ticket's words (see `tickets.search.vector`); what
changes without its words (its state, whose it is) is a condition on its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.actions.deeds import tag_key
from tickets.models import Store, User
from tickets.search import days
from tickets.search.query import MOST_PARTS, Part, Query
from tickets.search.vector import LONG, quoted
from tickets.wording import Lexeme, asked, fold

NEVER = "@never"  # a mark that no ticket has
_STATES: Mapping[str, tuple[str, ...]] = {
    "new": ("new",),
    "open": ("new", "open", "waiting"),
    "waiting": ("waiting",),
    "solved": ("solved",),
    "closed": ("closed",),
    "done": ("solved", "closed"),
}
_SPEAKERS = {"agent": "@wagent", "customer": "@wcustomer", "note": "@wnote"}
_HAS_FILE = (
    "(EXISTS (SELECT 1 FROM tickets_evidence e WHERE e.ticket_id = t.id)"
    " OR EXISTS (SELECT 1 FROM tickets_evidence e JOIN tickets_claim c ON c.id = e.claim_id"
    " WHERE c.ticket_id = t.id))"
)


@dataclass(frozen=True, slots=True)
class Around:
    """What a query is read with: who asks, in which stores, when; what requests are called."""

    user: User
    stores: Sequence[Store]
    now: datetime
    requests: Mapping[str, str]


@dataclass(slots=True)
class Meaning:
    """The query as the database is asked.

    ``clauses`` hold each one tsquery for every alternative. ``conditions`` are SQL on the ticket
    ``t`` with its values; ``since`` and ``until`` are the widest bounds of its opening among them.
    ``problems`` are sentences for the person; ``shown`` what to mark.
    """

    stores: list[int]
    clauses: list[list[str]] = field(default_factory=list)
    conditions: list[tuple[str, list[Any]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None
    joins: bool = False  # whether an OR can join the next part to the last clause

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for at all."""
        return not self.clauses and not self.conditions

    def tsquery(self, *, every_store: bool) -> str:
        """All clauses as one tsquery, the stores' marks among them unless these are all."""
        stores = [quoted(f"@s{pk}") for pk in self.stores] or [quoted(NEVER)]
        # Something must be asked for, if only what every ticket has.
        clauses = [*self.clauses, *([] if every_store and self.clauses else [stores])]
        return "&".join(f"({'|'.join(either)})" for either in clauses)


def understand(query: Query, around: Around) -> Meaning:
    """Read a query for somebody. What cannot be understood is told and left out."""
    meaning = Meaning([store.pk for store in around.stores])
    for name in query.unknown:
        meaning.problems.append(
            _("“%(name)s:” is no search word here; it was looked for as text.") % {"name": name}
        )
    if query.cut:
        meaning.problems.append(
            _("Only the first %(n)d words were looked for.") % {"n": MOST_PARTS}
        )
    for part in query.parts:
        if part.name:
            _OPERATORS[part.name](meaning, part, around)
        else:
            _text(meaning, part)
    return meaning


# -- lexemes -------------------------------------------------------------------------


def _clause(meaning: Meaning, part: Part, lexical: str) -> None:
    wanted = f"!({lexical})" if part.no else lexical
    if part.either and meaning.joins:
        meaning.clauses[-1].append(wanted)
    else:
        meaning.clauses.append([wanted])
    meaning.joins = True


def _condition(meaning: Meaning, part: Part, sql: str, values: list[Any]) -> None:
    if part.either:
        meaning.problems.append(
            _("OR joins words, from:, type: and tag:; “%(name)s:” was asked for as well.")
            % {"name": part.name}
        )
    meaning.conditions.append((f"NOT ({sql})" if part.no else sql, values))
    meaning.joins = False


def phrase(wanted: Sequence[Lexeme]) -> str:
    """Lexemes that stand as they were typed. Of a long ticket that cannot be known: all of them."""
    if len(wanted) == 1:
        return quoted(wanted[0].text)
    joined = quoted(wanted[0].text)
    for before, after in pairwise(wanted):
        joined += f"<{after.place - before.place}>{quoted(after.text)}"
    loosely = "&".join(quoted(text) for text in dict.fromkeys(lexeme.text for lexeme in wanted))
    return f"(({joined})|({quoted(LONG)}&{loosely}))"


def _text(meaning: Meaning, part: Part) -> None:
    wanted = asked(fold(part.value))
    if not wanted:
        return
    _clause(meaning, part, phrase(wanted))
    if not part.no:
        meaning.shown.append(part.value)


def _from(meaning: Meaning, part: Part, around: Around) -> None:
    value = fold(part.value)
    if value == "me":
        return _clause(meaning, part, quoted(f"@u{around.user.pk}"))
    if value in _SPEAKERS:
        return _clause(meaning, part, quoted(_SPEAKERS[value]))
    words = dict.fromkeys(quoted("@f" + lexeme.text) for lexeme in asked(value))
    if not words:
        return meaning.problems.append(_("Say who it is from: from:mina, or from:me."))
    return _clause(meaning, part, f"({'&'.join(words)})")


def _type(meaning: Meaning, part: Part, around: Around) -> None:
    value = " ".join(fold(part.value).replace("_", " ").split())
    keys = [
        key
        for key, label in around.requests.items()
        if value in (key.replace("_", " "), fold(str(label)))
    ] or [
        key
        for key, label in around.requests.items()
        if value and (value in key.replace("_", " ") or value in fold(str(label)))
    ]
    if not keys:
        return meaning.problems.append(
            _("No kind of request is called “%(value)s”.") % {"value": part.value}
        )
    return _clause(meaning, part, f"({'|'.join(quoted('@t' + key) for key in keys)})")


def _tag(meaning: Meaning, part: Part, around: Around) -> None:
    _clause(meaning, part, quoted("@g" + tag_key(part.value)))


def _has(meaning: Meaning, part: Part, around: Around) -> None:
    value = fold(part.value)
    if value in ("note", "notes"):
        return _clause(meaning, part, quoted("@wnote"))
    if value in ("file", "files", "attachment", "photo", "video"):
        return _condition(meaning, part, _HAS_FILE, [])
    return meaning.problems.append(
        _("“has:” knows file and note, not “%(value)s”.") % {"value": part.value}
    )


# -- conditions ----------------------------------------------------------------------


def _state(meaning: Meaning, part: Part, around: Around) -> None:
    states: list[str] = []
    snoozed = False
    for value in fold(part.value).split(","):
        if value == "snoozed":
            snoozed = True
        elif value in _STATES:
            states += _STATES[value]
        else:
            known = ", ".join([*_STATES, "snoozed"])
            meaning.problems.append(
                _("No state is called “%(value)s”. There are: %(known)s.")
                % {"value": value, "known": known}
            )
    either = (["t.state = ANY(%s)"] if states else []) + (
        ["t.snoozed_until IS NOT NULL"] if snoozed else []
    )
    if either:
        _condition(meaning, part, f"({' OR '.join(either)})", [states] if states else [])


def _assignee(meaning: Meaning, part: Part, around: Around) -> None:
    value = " ".join(part.value.split())
    if fold(value) == "me":
        found = [around.user.pk]
    elif fold(value) in ("nobody", "none", "no"):
        return _condition(meaning, part, "t.assignee_id IS NULL", [])
    else:
        colleagues = User.objects.filter(
            Q(name__icontains=value) | Q(email__istartswith=value),
            Q(memberships__store__in=[store.pk for store in around.stores]) | Q(is_superuser=True),
        )
        found = sorted(set(colleagues.values_list("pk", flat=True)[:50]))
    if not found:
        return meaning.problems.append(
            _("No colleague is called “%(value)s”. Say me, nobody, or a name.")
            % {"value": part.value}
        )
    # NULL is nobody: who asks for all but me asks for those, too.
    return _condition(meaning, part, "coalesce(t.assignee_id, 0) = ANY(%s)", [found])


def _store(meaning: Meaning, part: Part, around: Around) -> None:
    value = fold(part.value)
    named = {
        store.pk
        for store in around.stores
        if store.slug == value or fold(store.name).startswith(value)
    }
    if not named:
        return meaning.problems.append(
            _("None of your stores is called “%(value)s”.") % {"value": part.value}
        )
    meaning.stores = [pk for pk in meaning.stores if (pk in named) is not part.no]
    meaning.joins = False
    return None


def _day(meaning: Meaning, part: Part, around: Around) -> None:
    bounds = days.bounds(part.value, around.stores, around.now)
    if not bounds:
        return meaning.problems.append(
            _("“%(value)s” is no day. Say 2026-03-05, 2026-03, 2026, today, yesterday or 7d.")
            % {"value": part.value}
        )
    from_then_on = (part.name == "after") is not part.no
    sign = ">=" if from_then_on else "<"
    either = " OR ".join(f"(t.store_id = ANY(%s) AND t.opened_at {sign} %s)" for _at in bounds)
    values = [value for at, stores in bounds.items() for value in (stores, at)]
    meaning.conditions.append((f"({either})", values))
    meaning.joins = False
    # Each may be named more than once: the narrowest counts.
    if from_then_on:
        meaning.since = max(min(bounds), meaning.since or min(bounds))
    else:
        meaning.until = min(max(bounds), meaning.until or max(bounds))
    return None


_OPERATORS: Mapping[str, Callable[[Meaning, Part, Around], None]] = {
    "from": _from,
    "type": _type,
    "state": _state,
    "tag": _tag,
    "assignee": _assignee,
    "store": _store,
    "before": _day,
    "after": _day,
    "has": _has,
}
