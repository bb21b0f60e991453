"""Set-up: an administrator makes stores and staff; what happened can only be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import PASSWORD
from tickets.models import Claim, Event, Pickup, Store, User


@pytest.fixture
def ada(as_: Callable[[User], Client]) -> Client:
    """The administrator's browser."""
    return as_(User.objects.create_superuser("ada@staff.test", PASSWORD, name="Ada"))


def test_a_new_colleague_gets_an_address_a_password_and_a_store(
    ada: Client, kpopusa: Store
) -> None:
    answer = ada.post(
        "/admin/tickets/user/add/",
        {
            "email": "Petra@staff.test",
            "name": "Petra",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "memberships-TOTAL_FORMS": "1",
            "memberships-INITIAL_FORMS": "0",
            "memberships-0-store": kpopusa.pk,
            "memberships-0-role": "agent",
        },
    )
    assert answer.status_code == 302
    petra = User.objects.get(email__iexact="petra@staff.test")
    if not petra.memberships.exists():  # Django shows inlines only once the person is there
        ada.post(
            f"/admin/tickets/user/{petra.pk}/change/",
            {
                "email": petra.email,
                "name": petra.name,
                "locale": "en",
                "is_active": "on",
                "memberships-TOTAL_FORMS": "1",
                "memberships-INITIAL_FORMS": "0",
                "memberships-0-store": kpopusa.pk,
                "memberships-0-role": "agent",
            },
        )
    assert petra.check_password(PASSWORD)
    assert petra.memberships.get().store == kpopusa


@pytest.mark.parametrize(
    "model",
    [
        "tickets/store",
        "tickets/user",
        "tickets/supplier",
        "tickets/product",
        "tickets/customer",
        "tickets/order",
        "tickets/ticket",
        "tickets/claim",
        "tickets/pickup",
        "tickets/refund",
        "tickets/deadline",
        "tickets/event",
        "tickets/outbox",
        "policies/policyversion",
    ],
)
def test_every_list_opens_and_can_be_searched(
    ada: Client, ready: Claim, pickup: Pickup, model: str
) -> None:
    assert ada.get(f"/admin/{model}/").status_code == 200
    assert ada.get(f"/admin/{model}/", {"q": "kpop"}).status_code == 200


@pytest.mark.parametrize(
    "model",
    ["customer", "order", "ticket", "claim", "pickup", "refund", "deadline", "event", "outbox"],
)
def test_what_happened_can_be_read_and_not_changed(ada: Client, ready: Claim, model: str) -> None:
    assert ada.get(f"/admin/tickets/{model}/add/").status_code == 403


def test_a_claim_is_not_changed_through_the_back_door(ada: Client, ready: Claim) -> None:
    page = f"/admin/tickets/claim/{ready.pk}/change/"
    assert ada.get(page).status_code == 200
    assert ada.post(page, {"state": "approved", "outcome": "refund"}).status_code == 403
    assert ada.post(f"/admin/tickets/claim/{ready.pk}/delete/", {"post": "yes"}).status_code == 403
    ready.refresh_from_db()
    assert ready.state == "under_review"
    assert Event.objects.filter(claim=ready).count() == 1


def test_an_agent_has_no_business_in_set_up(nora: Client) -> None:
    answer = nora.get("/admin/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
