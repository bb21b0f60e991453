"""Lists that staff keep: what they find, who sees them, and what nobody else may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story, make_customer, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import ask, step
from tickets.desk import stretches
from tickets.models import (
    Claim,
    Customer,
    Event,
    Membership,
    Product,
    SavedView,
    Store,
    Tag,
    Ticket,
    TicketTag,
    User,
)

As = Callable[[User | None], Client]


@pytest.fixture
def omar(as_: As, second_agent: User) -> Client:
    return as_(second_agent)


def found(answer: Any) -> set[str]:
    return {row["ticket"].reference for row in answer.context["rows"]}


@pytest.fixture
def three(mina: Customer, jo: Customer, agent: User, nora: Client) -> dict[str, Ticket]:
    """A claim to decide, a parcel that is lost, and a cancellation that is Nora's and tagged."""
    light = (("LS-NOVA", "Nova Light Stick", 1, "80.00"),)
    ready = Story(make_order(mina, "#1")).file("missing_photocard", "unboxing_video", opened=True)
    lost = make_order(
        jo, "#2", lines=light, placed=timedelta(days=41), shipped=timedelta(days=40), delivered=None
    )
    fresh = make_order(jo, "#3", lines=light, placed=timedelta(hours=3), shipped=None)
    Product.objects.filter(sku="LS-NOVA").update(release_on=date(2026, 4, 1))
    tickets = {
        "ready": ready.ticket,
        "lost": ask(lost, "lost_parcel", note="Where?"),
        "cancel": ask(fresh, "cancel_order", note="Twice, sorry."),
    }
    vip = Tag.objects.create(store=mina.store, key="vip", name="VIP")
    TicketTag.objects.create(ticket=tickets["cancel"], tag=vip)
    step(nora, tickets["cancel"], "assignee", assignee=agent.pk)
    return tickets


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=missing_photocard", "ready"),
        ("type=missing_photocard&type=lost_parcel", "ready lost"),
        ("tag=vip", "cancel"),
        ("assignee=me", "cancel"),
        ("assignee=nobody", "ready lost"),
        ("assignee=me&type=lost_parcel", ""),
        ("stage=ready", "ready"),
        ("stage=parcel&assignee=nobody", "lost"),
        ("product=ls-nova", "lost cancel"),
        ("product=Nova Light", "lost cancel"),
        ("product=%", ""),
        ("product=Aurora&state=new", "ready"),
        ("released_from=2026-03-15&released_to=2026-04-01", "lost cancel"),
        ("released_from=2026-04-02", ""),
        ("amount_from=90", "ready"),
        ("amount_to=80&currency=usd", "lost cancel"),
        ("amount_to=80&currency=EUR", ""),
        ("opened_from=2026-03-05&opened_to=2026-03-05", "ready lost cancel"),
        ("opened_from=2026-03-06", ""),
        ("opened_to=2026-03-04&state=any", ""),
        ("due_from=2020-01-01&due_to=2030-01-01&stage=cancellation", "cancel"),
        ("due_to=2020-01-01", ""),
        ("state=new&stage=ready", "ready"),
        ("state=open&assignee=me", "cancel"),
        ("state=done", ""),
        ("state=any", "ready lost cancel"),
        ("state=any&tag=vip", "cancel"),
        ("state=snoozed&tag=vip", ""),
        ("store=kpopusa&type=lost_parcel", "lost"),
    ],
)
def test_a_list_holds_what_fits_its_filters(
    nora: Client, three: dict[str, Ticket], query: str, names: str
) -> None:
    answer = nora.get(f"/desk/?{query}")
    assert answer.status_code == 200
    assert found(answer) == {three[name].reference for name in names.split()}
    assert not answer.context["narrowed"].told


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("tag=gone", "“gone” is no longer there"),
        ("assignee=99999", "“99999” is no longer there"),
        ("type=lost_parcel&type=teleport", "“teleport” is no longer there"),
        ("stage=limbo", "“limbo” is no longer there"),
        ("store=nowhere&type=lost_parcel", "“nowhere” is no longer there"),
        ("amount_from=much", "Enter a number"),
        ("due_from=someday", "Enter a valid date"),
        ("currency=dollars", "Three letters"),
    ],
)
def test_what_cannot_be_used_is_told_and_finds_nothing(
    nora: Client, three: dict[str, Ticket], query: str, says: str
) -> None:
    answer = nora.get(f"/desk/?{query}")
    assert answer.status_code == 200
    assert says in answer.text
    assert found(answer) == set()


def test_another_stores_things_are_not_filters_here(
    nora: Client, popmart: Store, stranger: User, three: dict[str, Ticket]
) -> None:
    Tag.objects.create(store=popmart, key="secret", name="Secret tag")
    page = nora.get("/desk/?panel=1").text
    assert "VIP" in page
    assert "Secret tag" not in page
    assert "Stan" not in page
    assert found(nora.get("/desk/?tag=secret")) == set()
    assert found(nora.get(f"/desk/?assignee={stranger.pk}")) == set()


def save(client: Client, name: str = "Night shift", share: str = "", **filters: Any) -> Any:
    return client.post("/desk/views/", {"name": name, "share": share, **filters})


def test_a_list_is_saved_from_the_panel_and_stands_on_the_left(
    nora: Client, agent: User, three: dict[str, Ticket]
) -> None:
    before = Event.objects.count()
    panel = nora.get("/desk/?queue=ready&panel=1").text
    assert re.search(r'<option value="ready" selected', panel), "begun from what the queue holds"
    page = nora.get("/desk/?type=lost_parcel").text
    form = re.search(r'<form class="filters-save".*?</form>', page, re.DOTALL)
    assert form
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    answer = nora.post("/desk/views/", {**hidden, "name": " Lost   parcels "})
    view = SavedView.objects.get()
    assert answer["Location"] == f"/desk/views/{view.pk}/"
    assert (view.owner, view.store, view.name) == (agent, None, "Lost parcels")
    assert view.filters == {"type": ["lost_parcel"]}
    shown = nora.get(answer["Location"])
    assert found(shown) == {three["lost"].reference}
    assert f'href="/desk/views/{view.pk}/"' in nora.get("/desk/").text
    assert nora.get("/desk/views/counts/").json() == {str(view.pk): "1"}
    assert Event.objects.count() == before


def test_a_private_list_is_nobody_elses(
    nora: Client, omar: Client, as_: As, person: Callable[..., User], three: dict[str, Ticket]
) -> None:
    save(nora, type="lost_parcel")
    view = SavedView.objects.get()
    root = as_(person("root", is_superuser=True))
    for other in (omar, root):
        assert other.get(f"/desk/views/{view.pk}/").status_code == 404
        assert other.get(f"/desk/?view={view.pk}").status_code == 404
        assert other.get(f"/desk/live/?saved={view.pk}").status_code == 404
        assert "Night shift</span>" not in other.get("/desk/").text
        assert other.get("/desk/views/counts/").json() == {}
        for what in ("change", "removal"):
            typed = {"name": "Mine now", "state": "done"}
            assert other.post(f"/desk/views/{view.pk}/{what}/", typed).status_code == 404
    view.refresh_from_db()
    assert view.name == "Night shift"


def test_a_shared_list_is_read_by_the_staff_of_its_store_alone(
    nora: Client,
    omar: Client,
    as_: As,
    agent: User,
    stranger: User,
    popmart: Store,
    three: dict[str, Ticket],
) -> None:
    Membership.objects.create(user=agent, store=popmart, role="agent")
    theirs = make_customer(popmart, "p@example.com", "Poppy")
    elsewhere = Ticket.objects.create(
        store=popmart,
        reference="ELSEWHER",
        customer=theirs,
        request="lost_parcel",
        subject="Lost",
        opened_at=NOON,
        updated_at=NOON,
    )
    save(nora, share="kpopusa", type="lost_parcel")
    view = SavedView.objects.get()
    assert view.store is not None and view.store.slug == "kpopusa"
    lost = three["lost"].reference
    assert found(nora.get(f"/desk/views/{view.pk}/")) == {lost, elsewhere.reference}
    # Each sees of it what they may see, and only who made it may change it.
    shown = omar.get(f"/desk/views/{view.pk}/")
    assert found(shown) == {lost}
    assert "shares this list" in shown.text
    assert "Delete this list" not in shown.text
    for what in ("change", "removal"):
        typed = {"name": "Mine now", "state": "done"}
        assert omar.post(f"/desk/views/{view.pk}/{what}/", typed).status_code == 403
    assert as_(stranger).get(f"/desk/views/{view.pk}/").status_code == 404
    assert "Night shift</span>" not in as_(stranger).get("/desk/").text
    view.refresh_from_db()
    assert view.name == "Night shift"
    # Who no longer works there no longer sees it.
    Membership.objects.filter(user__name="Omar").delete()
    Membership.objects.create(user=User.objects.get(name="Omar"), store=popmart, role="agent")
    assert omar.get(f"/desk/views/{view.pk}/").status_code == 404


def test_a_list_is_renamed_saved_anew_deleted_and_back(
    nora: Client, agent: User, three: dict[str, Ticket]
) -> None:
    save(nora, type="lost_parcel")
    view = SavedView.objects.get()
    changed = nora.get(f"/desk/?view={view.pk}&type=cancel_order")
    assert "(changed)" in changed.text
    assert found(changed) == {three["cancel"].reference}
    typed = {"name": "Cancellations of mine", "type": "cancel_order"}
    assert nora.post(f"/desk/views/{view.pk}/change/", typed).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.filters) == ("Cancellations of mine", {"type": ["cancel_order"]})
    gone = nora.post(f"/desk/views/{view.pk}/removal/")
    assert not SavedView.objects.exists()
    page = nora.get(gone["Location"]).text
    action = re.search(r'action="(/desk/views/\d+/restoration/)"', page)
    token = re.search(r'name="undo" value="([^"]+)"', page)
    assert action and token
    assert nora.get(f"/desk/views/{view.pk}/").status_code == 404
    for _twice in range(2):
        assert nora.post(action[1], {"undo": unescape(token[1])}).status_code == 302
    back = SavedView.objects.get()
    assert (back.pk, back.name, back.filters) == (view.pk, view.name, view.filters)
    assert "Undo" not in nora.get(gone["Location"]).text, "offered once"


def test_nobody_brings_back_anothers_list(nora: Client, omar: Client) -> None:
    save(nora, type="lost_parcel")
    view = SavedView.objects.get()
    page = nora.get(nora.post(f"/desk/views/{view.pk}/removal/")["Location"]).text
    token = re.search(r'name="undo" value="([^"]+)"', page)
    assert token
    path = f"/desk/views/{view.pk}/restoration/"
    assert omar.post(path, {"undo": unescape(token[1])}).status_code == 404
    assert omar.post(path, {"undo": "forged"}).status_code == 404
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("typed", "says", "status"),
    [
        ({"name": "  ", "state": "done"}, "This field is required", 422),
        ({"name": "x" * 61, "state": "done"}, "at most 60", 422),
        ({"name": "All"}, "Choose at least one filter", 422),
        ({"name": "Taken", "state": "done"}, "of that name already", 409),
        ({"name": "Theirs", "state": "done", "share": "popmart"}, "popmart", 422),
    ],
)
def test_what_cannot_be_saved_is_told_with_what_was_typed(
    nora: Client, popmart: Store, typed: dict[str, str], says: str, status: int
) -> None:
    save(nora, "Taken", type="defect")
    answer = nora.post("/desk/views/", typed)
    assert answer.status_code == status
    assert says in answer.text
    assert SavedView.objects.count() == 1


def test_who_only_reads_keeps_no_lists(as_: As, reader: User, three: dict[str, Ticket]) -> None:
    rita = as_(reader)
    assert "Save this list" not in rita.get("/desk/?type=defect").text
    assert save(rita, type="defect").status_code == 403
    assert not SavedView.objects.exists()


def test_script_in_a_name_or_a_filter_stays_text(nora: Client) -> None:
    save(nora, "<script>alert(1)</script>", product="<b>x</b>\"'")
    view = SavedView.objects.get()
    for address in (f"/desk/views/{view.pk}/", "/desk/"):
        page = nora.get(address).text
        assert "<script>alert" not in page
        assert "<b>x</b>" not in page


def test_however_rare_a_page_looks_through_a_stretch_and_says_so(
    nora: Client, mina: Customer, monkeypatch: pytest.MonkeyPatch, still: Clock
) -> None:
    monkeypatch.setattr(stretches, "STRETCH", 5)
    monkeypatch.setattr(stretches, "ROUNDS", 2)
    made = Ticket.objects.bulk_create(
        Ticket(
            store=mina.store,
            reference=f"{number:08d}",
            customer=mina,
            request="charts" if number in (3, 27) else "restock",
            subject="When?",
            opened_at=NOON,
            updated_at=NOON,
        )
        for number in range(30)
    )
    seen: list[str] = []
    address, pages = "/desk/?type=charts", 0
    while address:
        answer = nora.get(address)
        seen += [row["ticket"].reference for row in answer.context["rows"]]
        pages += 1
        link = re.search(r'<a href="([^"]+)">Look further', answer.text)
        address = f"/desk/{unescape(link[1])}" if link else ""
        assert bool(link) == ("Looked through 10 tickets" in answer.text)
    assert seen == [made[3].reference, made[27].reference]
    assert pages == 4


def test_lists_of_a_claims_items_and_not_of_the_orders_others(nora: Client, ready: Claim) -> None:
    claimed = ready.items.get().line.product.sku
    others = ready.order.lines.exclude(product__sku=claimed)
    assert found(nora.get("/desk/", {"product": claimed})) == {ready.ticket.reference}
    assert found(nora.get("/desk/", {"product": others.get().product.sku})) == set()
