"""The command palette: what a few letters find, for whom, and what they never do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON, make_customer, make_order
from tests.desk.talk import question
from tickets.desk import shortcuts
from tickets.models import Customer, Event, Macro, Membership, Role, SavedView, Store, Ticket, User

As = Callable[[User | None], Client]
MOST = 10  # statements of a whole request, sessions and users among them
HOSTILE = (
    '<script>alert("1")</script>',
    '"><img src=x onerror=alert(1)>',
    "{{ closes_at }} {% now 'Y' %}",
    "\u202eeroM \u2066kcab\u2069",
    "' OR 1=1 --",
    "👾" * 150,
    "%s %(x)s \\",
)


@pytest.fixture
def asked(mina: Customer) -> Ticket:
    return question(mina)


def palette(client: Client, typed: str = "", **more: str) -> dict[str, list[str]]:
    """What the script is shown: the names of the entries, by the title of their group."""
    answer = client.get("/desk/palette/", {"q": typed, "show": "found", **more})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return {group.title: [one.label for one in group.entries] for group in answer.context["groups"]}


def hrefs(client: Client, typed: str, **more: str) -> list[str]:
    answer = client.get("/desk/palette/", {"q": typed, **more})
    entries = [one for group in answer.context["groups"] for one in group.entries]
    for one in entries:
        assert f'href="{one.href}"'.replace("&", "&amp;") in answer.text
    return [one.href for one in entries]


def test_one_field_finds_everything_by_its_name(
    nora: Client, asked: Ticket, mina: Customer, agent: User
) -> None:
    order = make_order(mina, "#1042")
    view = SavedView.objects.create(
        owner=agent, name="Minty fresh", filters={"state": ["new"]}, made_at=NOON
    )
    found = palette(nora, "김미나")
    assert found["Customers"] == ["김미나"]
    assert found["Tickets"] == [asked.spoken_reference]
    assert palette(nora, "mina.k")["Customers"] == ["김미나"]
    assert palette(nora, asked.spoken_reference.lower())["Tickets"] == [asked.spoken_reference]
    assert palette(nora, "#1042")["Orders"] == ["#1042"]
    assert "Orders" not in palette(nora, "김미나")
    assert palette(nora, "min")["Lists"] == ["Minty fresh"]
    assert palette(nora, "min")["Queues"] == ["Mine"]
    assert palette(nora, "due w")["Queues"] == ["Due within four hours"]
    assert palette(nora, "call")["Commands"] == ["New call"]
    assert f"/desk/tickets/{asked.reference}/" in hrefs(nora, asked.reference)
    assert f"/desk/customers/{order.customer_id}/#orders-title" in hrefs(nora, "1042")
    assert f"/desk/views/{view.pk}/" in hrefs(nora, "minty")
    for address in hrefs(nora, "min"):
        assert nora.get(address).status_code == 200, address


def test_what_finds_nothing_leads_to_the_search(nora: Client, asked: Ticket) -> None:
    assert palette(nora, "zzz & co") == {"Everything else": ["Search for “zzz & co”"]}
    assert hrefs(nora, "zzz & co") == ["/desk/search/?q=zzz+%26+co"]


def test_of_each_kind_there_are_a_few(nora: Client, kpopusa: Store) -> None:
    for n in range(12):
        question(make_customer(kpopusa, f"kim{n}@example.com", f"Kim Number{n}"))
    found = palette(nora, "kim")
    assert (len(found["Customers"]), len(found["Tickets"])) == (6, 6)


def test_nobody_finds_what_is_not_theirs(
    as_: As, nora: Client, asked: Ticket, mina: Customer, agent: User, stranger: User
) -> None:
    make_order(mina, "#1042")
    SavedView.objects.create(owner=agent, name="Mine alone", filters={}, made_at=NOON)
    stan = as_(stranger)
    for typed in ("김미나", "mina.kim@example.com", asked.reference, "#1042", "mine alone"):
        found = palette(stan, typed)
        assert set(found) == {"Everything else"}, typed
        assert asked.spoken_reference not in str(found)
    # Not even by the address of the page that is open.
    assert "This ticket" not in palette(stan, "", ticket=asked.reference)
    assert asked.reference not in stan.get("/desk/palette/", {"ticket": asked.reference}).text


def test_a_ticket_offers_what_may_be_done_on_it(
    as_: As, nora: Client, reader: User, asked: Ticket
) -> None:
    offered = palette(nora, "", ticket=asked.spoken_reference)["This ticket"]
    assert {"Reply", "Internal note", "Mark as solved", "Put off"} <= set(offered)
    assert palette(nora, "sol", ticket=asked.reference)["This ticket"] == ["Mark as solved"]
    assert "This ticket" not in palette(nora)
    assert "This ticket" not in palette(nora, "", ticket="2222222W")
    assert "This ticket" not in palette(as_(reader), "", ticket=asked.reference)
    # Without a script each of them leads to the page on which it can be done.
    before = Event.objects.count()
    for address in hrefs(nora, "", ticket=asked.reference):
        assert nora.get(address, follow=True).status_code == 200, address
    assert Event.objects.count() == before


def a_macro(store: Store, name: str, owner: User | None = None, by: User | None = None) -> Macro:
    maker = owner or by
    assert maker is not None
    told = {"made_by": maker, "made_at": NOON, "changed_at": NOON, "priority": 0}
    return Macro.objects.create(store=store, owner=owner, name=name, key=name.casefold(), **told)


def test_macros_are_found_where_they_can_be_run(
    as_: As, nora: Client, asked: Ticket, agent: User, second_agent: User, reader: User
) -> None:
    stores = a_macro(asked.store, "Urgent restock", by=agent)
    a_macro(asked.store, "Urgent, mine", owner=agent)
    a_macro(asked.store, "Urgent, Omar's", owner=second_agent)
    Macro.objects.filter(pk=a_macro(asked.store, "Urgent once", by=agent).pk).update(
        retired_at=NOON
    )
    found = palette(nora, "urg", ticket=asked.reference)
    assert sorted(found["Macros"]) == ["Urgent restock", "Urgent, mine"]
    assert palette(nora, "rest", ticket=asked.reference)["Macros"] == ["Urgent restock"]
    assert "Macros" not in palette(nora, "urg")
    assert "Macros" not in palette(as_(reader), "urg", ticket=asked.reference)
    address = f"/desk/tickets/{asked.reference}/macros/{stores.pk}/"
    assert address in hrefs(nora, "restock", ticket=asked.reference)
    assert nora.get(address).status_code == 200


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_a_name(
    nora: Client, kpopusa: Store, agent: User, name: str
) -> None:
    kept = name[:150]
    customer = make_customer(kpopusa, "eve@example.com", kept)
    ticket = question(customer, name)
    SavedView.objects.create(owner=agent, name=kept[:60], filters={}, made_at=NOON)
    for typed in (name, "eve@example.com", ticket.reference):
        for show in ("found", ""):
            page = nora.get("/desk/palette/", {"q": typed, "show": show})
            assert page.status_code == 200
            for piece in ("<script>alert", "<img src=x", "2026-", "SQL"):
                assert piece not in page.text.replace("2026-03", ""), piece
            if typed != name:
                assert kept in unescape(page.text)
            # Whatever is written in it turns nothing around beside it.
            labels = re.findall(r'class="palette-name">(.)', page.text)
            assert set(labels) <= {"<"}


@pytest.mark.parametrize("typed", ["x" * 2000, " ", "%", "_", "'", "\\", "٣", "²"])
def test_whatever_is_typed_is_answered(nora: Client, asked: Ticket, typed: str) -> None:
    for show in ("found", "dialog", "", "other"):
        answer = nora.get("/desk/palette/", {"q": typed, "show": show, "ticket": typed})
        assert answer.status_code == 200
    assert "Customers" not in palette(nora, typed)


def test_it_costs_few_statements(
    nora: Client, asked: Ticket, mina: Customer, popmart: Store, agent: User
) -> None:
    Membership.objects.create(user=agent, store=popmart, role=Role.AGENT)
    make_order(mina, "#1042")
    for typed in ("", "mi", "김미나", asked.reference, "#1042", "mina.kim@example.com"):
        palette(nora, typed, ticket=asked.reference)
        with CaptureQueriesContext(connection) as seen:
            palette(nora, typed, ticket=asked.reference)
        assert len(seen) <= MOST, [one["sql"] for one in seen.captured_queries]


def test_the_dialog_asks_nothing_of_the_database_but_who_it_is(nora: Client, asked: Ticket) -> None:
    nora.get("/desk/palette/", {"show": "dialog"})
    with CaptureQueriesContext(connection) as seen:
        page = nora.get("/desk/palette/", {"show": "dialog", "ticket": '"><b>'}).text
    assert len(seen) <= 3
    assert page.strip().startswith("<dialog")
    assert '"><b>' not in page


# --- the keys ---------------------------------------------------------------------


def test_the_help_shows_every_key_of_the_table(nora: Client) -> None:
    for address in ("/desk/keys/", "/desk/keys/?show=dialog"):
        page = unescape(nora.get(address).text)
        shown = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)
        told = {(re.sub(r"<[^>]+>", "", keys), label) for keys, label in shown}
        assert told == {(one.keys, str(one.label)) for one in shortcuts.SHORTCUTS}


def test_a_key_means_one_thing() -> None:
    places: dict[str, Any] = {}
    for one in shortcuts.SHORTCUTS:
        assert places.setdefault(one.keys, one.does) == one.does, one.keys
    # A key that begins two others is none itself.
    firsts = {one.keys[0] for one in shortcuts.SHORTCUTS if " " in one.keys}
    assert not firsts & set(places)


def test_each_page_tells_its_script_the_table(nora: Client, asked: Ticket) -> None:
    told = f'data-keys="{shortcuts.WIRE}"'
    assert "gm:go.mine" in told
    assert "Ctrl" not in told
    for address in ("/desk/", f"/desk/tickets/{asked.reference}/", "/desk/calls/"):
        page = nora.get(address).text
        assert told in page
        # The dialogs themselves come when somebody asks for them.
        assert "<dialog" not in page
        assert "palette-entry" not in page
