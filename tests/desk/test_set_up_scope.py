"""Set-up by a store's administrator: their own stores, nobody above them, nothing that happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import PASSWORD, Story, make_customer, make_order
from tickets.models import (
    Membership,
    Product,
    Role,
    Store,
    Supplier,
    Target,
    User,
)

ROLES = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0"}
NO_ROLES = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


@pytest.fixture
def adam(person: Callable[..., User], kpopusa: Store) -> User:
    """The administrator of KPOP USA, and of nothing else."""
    return person("adam", kpopusa, Role.ADMIN, is_staff=True)


@pytest.fixture
def setting_up(as_: Callable[[User], Client], adam: User) -> Client:
    """Adam's browser."""
    return as_(adam)


@pytest.fixture
def theirs(popmart: Store) -> dict[str, Any]:
    """What POP MART has: a supplier, a product, a customer, an order, a claim."""
    supplier = Supplier.objects.create(store=popmart, name="Secret Supplier")
    product = Product.objects.create(store=popmart, sku="PM-SECRET", title="Secret Product")
    customer = make_customer(popmart, "secret@example.com", "Secret Customer")
    claim = Story(make_order(customer, "PM-SECRET-1")).file("defect", opened=True)
    return {
        "store": popmart,
        "supplier": supplier,
        "product": product,
        "target": Target.objects.filter(store=popmart)[0],
        "customer": customer,
        "order": claim.order,
        "ticket": claim.ticket,
        "claim": claim,
        "shipment": claim.order.shipments.get(),
        "event": claim.ticket.events.first(),
    }


def change(client: Client, person: User, **typed: Any) -> Any:
    """POST the page of a person, as it stands but for what is given."""
    as_it_is = {"email": person.email, "name": person.name, "locale": "en", "is_active": "on"}
    if person.is_staff:
        as_it_is["is_staff"] = "on"
    path = f"/admin/tickets/user/{person.pk}/change/"
    return client.post(path, {**as_it_is, **NO_ROLES, **typed})


def test_what_another_store_has_is_not_there(setting_up: Client, theirs: dict[str, Any]) -> None:
    for model, row in theirs.items():
        listed = setting_up.get(f"/admin/tickets/{model}/")
        assert listed.status_code == 200, model
        told = listed.content.decode()
        assert "ecret" not in told and "POP MART" not in told, model
        one = setting_up.get(f"/admin/tickets/{model}/{row.pk}/change/")
        # Django leads back to the first page, as for a row that does not exist.
        assert (one.status_code, one["Location"]) == (302, "/admin/"), model
        found = setting_up.get(f"/admin/tickets/{model}/", {"q": "secret", "store__id__exact": 2})
        assert "ecret Pro" not in found.content.decode(), model


def test_nor_can_it_be_chosen(
    setting_up: Client, kpopusa: Store, popmart: Store, theirs: dict[str, Any]
) -> None:
    own = Product.objects.create(store=kpopusa, sku="OWN", title="Own")
    path = f"/admin/tickets/product/{own.pk}/change/"
    typed = {"store": kpopusa.pk, "sku": "OWN", "title": "Own", "kind": "goods"}

    assert setting_up.post(path, {**typed, "store": popmart.pk}).status_code == 200
    supplier = {**typed, "supplier": theirs["supplier"].pk}
    assert setting_up.post(path, supplier).status_code == 200
    own.refresh_from_db()
    assert (own.store, own.supplier) == (kpopusa, None)
    assert setting_up.post(path, {**typed, "title": "Better"}).status_code == 302


def test_an_administrator_does_not_rise(
    setting_up: Client, adam: User, kpopusa: Store, popmart: Store
) -> None:
    change(setting_up, adam, is_superuser="on", groups="1", user_permissions="1")
    change(
        setting_up,
        adam,
        **{**ROLES, "memberships-0-store": popmart.pk, "memberships-0-role": "admin"},
    )

    adam.refresh_from_db()
    assert not adam.is_superuser
    assert not adam.user_permissions.exists()
    assert [row.store for row in adam.memberships.all()] == [kpopusa]


def test_a_superuser_is_above_them(setting_up: Client, kpopusa: Store) -> None:
    ada = User.objects.create_superuser("ada@staff.test", PASSWORD, name="Ada")
    Membership.objects.create(user=ada, store=kpopusa, role=Role.AGENT)
    new = {"password1": "another secret 1", "password2": "another secret 1"}

    page = f"/admin/tickets/user/{ada.pk}"
    assert setting_up.post(f"{page}/password/", new).status_code == 403
    assert change(setting_up, ada, email="mine@staff.test").status_code == 403
    assert setting_up.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)
    assert ada.email == "ada@staff.test"
    assert "is_superuser" not in setting_up.get(f"{page}/change/").content.decode()


def test_who_works_elsewhere_too_keeps_address_password_and_account(
    setting_up: Client, person: Callable[..., User], kpopusa: Store, popmart: Store
) -> None:
    bo = person("bo", kpopusa)
    Membership.objects.create(user=bo, store=popmart, role=Role.MANAGER)
    new = {"password1": "another secret 1", "password2": "another secret 1"}

    page = f"/admin/tickets/user/{bo.pk}"
    assert setting_up.post(f"{page}/password/", new).status_code == 403
    typed = {"email": "mine@staff.test", "is_active": "", "is_staff": "on"}
    change(setting_up, bo, **typed)

    bo.refresh_from_db()
    assert bo.check_password(PASSWORD)
    assert (bo.email, bo.is_active, bo.is_staff) == ("bo@staff.test", True, False)
    assert "POP MART" not in setting_up.get(f"{page}/change/").content.decode()


def test_but_what_they_do_here_is_the_administrators_to_say(
    setting_up: Client, person: Callable[..., User], kpopusa: Store, popmart: Store
) -> None:
    bo = person("bo", kpopusa)
    Membership.objects.create(user=bo, store=popmart, role=Role.MANAGER)
    here = bo.memberships.get(store=kpopusa)

    answer = change(
        setting_up,
        bo,
        **{
            "memberships-TOTAL_FORMS": "1",
            "memberships-INITIAL_FORMS": "1",
            "memberships-0-id": here.pk,
            "memberships-0-user": bo.pk,
            "memberships-0-store": kpopusa.pk,
            "memberships-0-role": "lead",
        },
    )

    assert answer.status_code == 302
    roles = dict(bo.memberships.values_list("store__slug", "role"))
    assert roles == {"kpopusa": "lead", "popmart": "manager"}


def test_somebody_new_begins_in_one_of_their_stores(
    setting_up: Client, kpopusa: Store, popmart: Store
) -> None:
    typed = {
        "email": "petra@staff.test",
        "name": "Petra",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **ROLES,
    }
    add = "/admin/tickets/user/add/"

    assert setting_up.post(add, typed).status_code == 200  # nowhere
    there = {"memberships-0-store": popmart.pk, "memberships-0-role": "agent"}
    assert setting_up.post(add, {**typed, **there}).status_code == 200
    assert not User.objects.filter(email="petra@staff.test").exists()

    here = {"memberships-0-store": kpopusa.pk, "memberships-0-role": "agent"}
    assert setting_up.post(add, {**typed, **here}).status_code == 302
    petra = User.objects.get(email="petra@staff.test")
    assert (petra.is_staff, petra.is_superuser) == (False, False)
    assert [row.store for row in petra.memberships.all()] == [kpopusa]


def test_the_flag_alone_shows_nothing(
    as_: Callable[[User], Client], person: Callable[..., User], kpopusa: Store
) -> None:
    flagged = as_(person("flag", kpopusa, Role.MANAGER, is_staff=True))

    index = flagged.get("/admin/")
    assert index.status_code == 200
    assert "/admin/tickets/" not in index.content.decode()
    for model in ("store", "user", "product", "ticket", "event"):
        assert flagged.get(f"/admin/tickets/{model}/").status_code == 403


def test_staff_sign_in_at_one_door(client: Client, agent: User) -> None:
    asked = client.get("/admin/login/?next=/admin/")
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/login/")
    client.post("/admin/login/", {"username": agent.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
