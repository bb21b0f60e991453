"""The table of how staff sign in, and of the set-up's own pages that are of no model."""

from __future__ import annotations

from typing import Any

from tests.matrix.rows import SIGN_IN, Call, Row, public, signed_in
from tests.matrix.setup import opened, through
from tests.matrix.world import MANAGE, VISITORS, World

SHOW = {"GET": 200}
LED_ON = {"GET": 302, "POST": 302}  # to sign in once more, or to where it is done
BOTH = {"GET": 200, "POST": 200}


def _visitors(row: Row, who: str) -> int | str | None:
    """Who is in already is led on to the desk."""
    return None if who in VISITORS else 302


def _inside(row: Row, who: str) -> int | str | None:
    """Who is not in has nothing to leave, and is led on."""
    return 302 if who in VISITORS else None


def _staffs_login(row: Row, who: str) -> int | str | None:
    """No second door: it leads to the one where staff sign in."""
    if who in VISITORS:
        return SIGN_IN
    return None if opened(row, who) is None else 403


def _out(row: Row, who: str) -> int | str | None:
    """Who is not in is led to the first page, and asked there."""
    return None if opened(row, who) is None else 302


def _page(path: str, door: Any, methods: dict[str, int], data: Any = None, **more: Any) -> Row:
    def call(world: World, who: str, thing: Any) -> Call:
        return Call(path, data or {})

    return Row(door, methods, call, **more)


_WRONG = {"login": "agent@staff.test", "password": "not that"}
ACCOUNTS = {
    "account_login": _page("/accounts/login/", _visitors, BOTH, _WRONG),
    "account_logout": _page("/accounts/logout/", _inside, {"GET": 200, "POST": 302}),
    "account_inactive": _page("/accounts/inactive/", public, SHOW),
    # Nobody makes an account of their own.
    "account_signup": _page(
        "/accounts/signup/", _visitors, BOTH, {"email": "a@b.test", "password1": "x" * 20}
    ),
    "account_reauthenticate": _page("/accounts/reauthenticate/", signed_in, BOTH),
    # A person's own addresses; the first look with a form notes the one that is known.
    "account_email": _page(
        "/accounts/email/", signed_in, {"GET": 200, "POST": 302}, writes=frozenset(BOTH)
    ),
    "account_email_verification_sent": _page("/accounts/confirm-email/", public, SHOW),
    "account_confirm_email": _page(
        "/accounts/confirm-email/AA/", public, {"GET": 200, "POST": 404}
    ),
    "account_change_password": _page("/accounts/password/change/", signed_in, BOTH),
    "account_set_password": _page("/accounts/password/set/", signed_in, LED_ON),
    "account_reset_password": _page("/accounts/password/reset/", public, BOTH),
    "account_reset_password_done": _page("/accounts/password/reset/done/", public, SHOW),
    "account_reset_password_from_key": _page("/accounts/password/reset/key/1-x/", public, BOTH),
    "account_reset_password_from_key_done": _page(
        "/accounts/password/reset/key/done/", public, SHOW
    ),
    "account_confirm_login_code": _page(
        "/accounts/login/code/confirm/", public, {"GET": 302, "POST": 302}
    ),
}
SET_UP = {
    "admin:index": _page("/admin/", opened, BOTH),
    "admin:login": _page("/admin/login/", _staffs_login, {"GET": 302, "POST": 200}),
    "admin:logout": _page("/admin/logout/", _out, {"POST": 200}, door_first=True),
    "admin:password_change": _page("/admin/password_change/", opened, BOTH),
    "admin:password_change_done": _page(
        "/admin/password_change/done/", opened, SHOW, door_first=True
    ),
    "admin:jsi18n": _page("/admin/jsi18n/", opened, SHOW, door_first=True),
    "admin:autocomplete": _page(
        "/admin/autocomplete/?app_label=tickets&model_name=product&field_name=supplier&term=a",
        through,
        SHOW,
        verb=MANAGE,
        door_first=True,
        odd={("nobody", "POST"): 405},  # asked for its method first
    ),
    "admin:view_on_site": _page("/admin/r/1/1/", opened, {"GET": 404, "POST": 404}),
    "admin:app_list": _page(
        "/admin/tickets/",
        through,
        BOTH,
        verb=MANAGE,
        odd={("nobody", "GET"): 404, ("nobody", "POST"): 404},  # no page without anything on it
    ),
    # Whatever else is typed there.
    "/admin/(?P<url>.*)$": _page("/admin/nothing/", opened, {"GET": 404, "POST": 404}),
}
ROWS = ACCOUNTS | SET_UP
