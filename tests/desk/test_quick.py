"""The compiled templates say, letter for letter, what Django's own engine says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.forms.renderers import get_default_renderer
from django.template import Context, engines
from django.test import Client
from django.utils import translation
from django.utils.safestring import mark_safe

from supportdesk.quick import loader
from supportdesk.quick.compiler import QuickNode, quicken
from tests.cast import NOON, a_file, add_evidence
from tests.desk.conftest import Clock
from tests.desk.steps import take
from tickets.actor import Actor
from tickets.desk import fields
from tickets.models import Claim, Pickup, User

# What is another one on each page, whoever makes it.
_OWN = re.compile(r'(name="(?:csrfmiddlewaretoken|form_key)" value)="[^"]*"')


@contextmanager
def as_django_has_it(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(loader, "QUICK", ("no such place/",))
        forget()
        assert not card().nodelist.get_nodes_by_type(QuickNode)
        yield
    forget()


def card() -> Any:
    return engines["django"].engine.get_template("desk/cards/shipments.html")  # type: ignore[attr-defined]  # Django's own backend has it


def forget() -> None:
    for one in engines["django"].engine.template_loaders:  # type: ignore[attr-defined]  # Django's own backend has it
        one.reset()
    get_default_renderer.cache_clear()
    fields._made.cache_clear()


def page(client: Client, address: str, **extra: Any) -> str:
    return _OWN.sub(r"\1", client.get(address, **extra).content.decode())


@pytest.fixture
def busy(lead: User, as_: Any, ready: Claim, still: Clock) -> Claim:
    """A claim on which much has happened."""
    client = as_(lead)
    reference = ready.ticket.reference
    add_evidence(a_file("photo", NOON, "c"), claim=ready, actor=Actor.staff(lead), now=NOON)
    for kind, body in (("agent", "We look at it.\n<b>Soon</b> & well."), ("note", "100 % sure?")):
        ready.ticket.refresh_from_db()
        client.post(
            f"/desk/tickets/{reference}/messages/",
            {
                "kind": kind,
                "body": body,
                "seen": ready.ticket.last_seq,
                "form_key": f"6f1c1c1e-0000-4000-8000-00000000000{len(kind)}",
            },
        )
    take(client, ready, "hold", reason="A dispute")
    still.at = NOON + timedelta(hours=3)
    return ready


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_claims_page_is_the_same(
    as_: Any, lead: User, busy: Claim, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, client = f"/desk/tickets/{busy.ticket.reference}/", as_(lead)
    quick = page(client, address, headers={"accept-language": language})
    with as_django_has_it(monkeypatch):
        plain = page(client, address, headers={"accept-language": language})
    assert quick == plain
    assert busy.ticket.spoken_reference in quick


@pytest.mark.parametrize("step", ["manufacturer", "evidence-request", "decision"])
def test_a_form_that_was_not_accepted_is_the_same(
    nora: Client, ready: Claim, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> str:
        answer = take(
            nora, ready, step, decide="refuse", rule="", days="x", seen=None, note="x" * 5000
        )
        assert answer.status_code == 422
        return _OWN.sub(r"\1", answer.content.decode())

    quick = refused()
    with as_django_has_it(monkeypatch):
        assert refused() == quick


@pytest.mark.parametrize(
    "address",
    ["", "?queue=done", "pickups/", "refunds/", "parcels/", "releases/", "evidence/export-check/"],
)
def test_every_other_page_of_the_desk_is_the_same(
    nora: Client, busy: Claim, pickup: Pickup, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = page(nora, f"/desk/{address}")
    with as_django_has_it(monkeypatch):
        assert page(nora, f"/desk/{address}") == quick


class Thing:
    """Something with everything that a template can ask for."""

    name = "<b>Ann</b>"
    none = None
    pairs = {"a": 1, "b": 2}

    def __init__(self, *rows: Any) -> None:
        self.rows = rows

    def called(self) -> str:
        return "called & shown"

    def saved(self) -> str:
        raise AssertionError("a template must not call this")

    saved.alters_data = True  # type: ignore[attr-defined]  # as Django's models have it

    @property
    def gone(self) -> str:
        error = ValueError("nothing here")
        error.silent_variable_failure = True  # type: ignore[attr-defined]  # as Django's have it
        raise error


# A piece a paragraph.
PIECES = r"""
{{ thing.name }} {{ thing.called }} {{ thing.saved }}|{{ thing.gone }}|
{{ thing.nothing.more }}|

{{ safe }} {{ number }} {{ big }} {{ half }} {{ yes }} {{ thing.none }} {{ nobody }}

{{ nobody|default:'—' }} {{ thing.none|default_if_none:'?' }}
{{ thing.name|upper|lower }}

{{ safe|upper }} {{ thing.name|safe }} {{ text|linebreaksbr }} {{ at|date:'Y-m-d H:i' }}
 {{ at }}

{{ thing.pairs.a|add:number }} {{ thing.rows.1 }} {{ thing.rows.9 }} {{ text.0 }}
{{ 'a"b' }} {{ 5 }}

{% if nobody %}a{% elif thing.none or yes and not number == 3 %}b{% else %}c{% endif %}

{% if number > 'x' %}a{% endif %}{% if 2 in thing.rows %}b{% endif %}
{% if yes is True %}c{% endif %}

{% if nobody is None %}a{% endif %}{% if thing.rows|length >= 2 %}b{% endif %}
{% if 'z' not in text %}c{% endif %}{% if nobody != thing.none %}d{% endif %}

{% for row in thing.rows %}{{ forloop.counter }}{% if not forloop.last %},{% endif %}
{{ row }}{% empty %}none{% endfor %}{{ row }}

{% for row in nobody %}x{% empty %}none{% endfor %}{% for a, b in thing.pairs.items %}
{{ a }}={{ b }};{% endfor %}{% for row in thing.rows reversed %}{{ forloop.revcounter }}
{{ row }}{% endfor %}

{% for row in thing.rows %}{% cycle 'odd' 'even' %}{% for row in thing.rows %}
{{ forloop.parentloop.counter }}{% endfor %}{% endfor %}

{% with a=thing.name b=nobody %}{{ a }}|{{ b }}|{% with a=number %}{{ a }}{% endwith %}
{{ a }}{% endwith %}

{% translate 'Queues' %} {% translate 'Queues' as said %}{{ said }}
{% translate '100% of <b>' %}

{% translate 'From' context 'a point in time' %} {% translate thing.name %}

{% blocktranslate with who=thing.name %}{{ who }} gets 100% of this, {{ number }}.
{% endblocktranslate %}

{% blocktranslate count n=thing.rows|length %}{{ n }} file{% plural %}{{ n }} files of
{{ text }}{% endblocktranslate %}

{% url 'desk:ticket' text %}{% url 'desk:queue' as there %}{{ there }}
{% url 'none:such' as no %}[{{ no }}]

{% icon 'check' %}{% icon 'check' thing.name %}{% icon name='x' as drawn %}{{ drawn }}
{% verdict 'wait' %}

{% csrf_token %}{% spaceless %}<p> {{ thing.name }} </p> <p></p>{% endspaceless %}

{% if number %}{% firstof nobody thing.name as first %}{{ first }}{% endif %}{{ first }}

{# nothing #}{% comment %}{{ thing.saved }}{% endcomment %}{% autoescape off %}
{{ thing.name }}{% endautoescape %}

{% load static %}{% static 'desk.css' %}{% static 'desk.css' as sheet %}{{ sheet }}
{% static text %}

{% include 'components/empty.html' with title=thing.name text=text only %}

{% for title in thing.rows %}{% include 'components/empty.html' with symbol='x' %}
{% endfor %}
""".strip().split("\n\n")


@pytest.mark.parametrize("rows", [(), (1, 2, "<3>")], ids=["no rows", "rows"])
@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_means_what_it_means_to_django(piece: str, rows: tuple[Any, ...]) -> None:
    engine = engines["django"].engine  # type: ignore[attr-defined]  # Django's own backend has it

    def given() -> Context:
        return Context(
            {
                "thing": Thing(*rows),
                "safe": mark_safe("<i>safe</i>"),
                "number": 3,
                "big": 1234567,
                "half": 0.5,
                "yes": True,
                "text": "zwei\nZeilen & mehr",
                "at": NOON,
                "csrf_token": "a<b",
            }
        )

    for language in ("en", "ko"):
        with translation.override(language):
            plain, quick = engine.from_string(piece), engine.from_string(piece)
            quicken(quick.nodelist, engine)
            assert quick.render(given()) == plain.render(given())


def test_the_desks_templates_are_compiled() -> None:
    assert [type(node) for node in card().nodelist] == [QuickNode]


def test_the_widgets_of_forms_are_compiled() -> None:
    text = get_default_renderer().get_template("django/forms/widgets/textarea.html")
    assert [type(node) for node in text.template.nodelist] == [QuickNode]


def test_no_other_templates_are() -> None:
    engine = engines["django"].engine  # type: ignore[attr-defined]  # Django's own backend has it
    assert not engine.get_template("403.html").nodelist.get_nodes_by_type(QuickNode)
