"""The table of how staff sign in, and of the set-up's own pages that are of no model."""

from __future__ import annotations

from typing import Any

from tests.matrix.rows import Call, Row, public, signed_in
from tests.matrix.setup import nobodys, opened, through
from tests.matrix.world import MANAGE, VISITORS, World

BOTH = {"GET": 200, "POST": 200}


def _visitors(row: Row, who: str) -> int | str | None:
    """Who is in already is led on to the desk."""
    return None if who in VISITORS else 302


def _page(path: str, door: Any, methods: dict[str, int], data: Any = None, **more: Any) -> Row:
    def call(world: World, who: str, thing: Any) -> Call:
        return Call(path, data or {})

    return Row(door, methods, call, **more)


_WRONG = {"login": "agent@staff.test", "password": "not that"}
ACCOUNTS = {
    "account_login": _page("/accounts/login/", _visitors, BOTH, _WRONG),
    "account_logout": _page("/accounts/logout/", public, BOTH),
    "account_inactive": _page("/accounts/inactive/", public, BOTH),
    # Nobody makes an account of their own.
    "account_signup": _page(
        "/accounts/signup/", _visitors, BOTH, {"email": "a@b.test", "password1": "x" * 20}
    ),
    "account_reauthenticate": _page("/accounts/reauthenticate/", signed_in, BOTH),
    "account_email": _page("/accounts/email/", signed_in, BOTH),
    "account_email_verification_sent": _page("/accounts/confirm-email/", public, BOTH),
    "account_confirm_email": _page("/accounts/confirm-email/AA/", public, BOTH),
    "account_change_password": _page("/accounts/password/change/", signed_in, BOTH),
    "account_set_password": _page("/accounts/password/set/", signed_in, BOTH),
    "account_reset_password": _page("/accounts/password/reset/", public, BOTH),
    "account_reset_password_done": _page("/accounts/password/reset/done/", public, BOTH),
    "account_reset_password_from_key": _page("/accounts/password/reset/key/1-x/", public, BOTH),
    "account_reset_password_from_key_done": _page(
        "/accounts/password/reset/key/done/", public, BOTH
    ),
    "account_confirm_login_code": _page("/accounts/login/code/confirm/", public, BOTH),
}
SET_UP = {
    "admin:index": _page("/admin/", opened, BOTH),
    "admin:login": _page("/admin/login/", public, BOTH),
    "admin:logout": _page("/admin/logout/", opened, {"POST": 200}),
    "admin:password_change": _page("/admin/password_change/", opened, BOTH),
    "admin:password_change_done": _page("/admin/password_change/done/", opened, BOTH),
    "admin:jsi18n": _page("/admin/jsi18n/", opened, BOTH),
    "admin:autocomplete": _page(
        "/admin/autocomplete/?app_label=tickets&model_name=product&field_name=supplier&term=a",
        through,
        BOTH,
        verb=MANAGE,
    ),
    "admin:view_on_site": _page("/admin/r/1/1/", nobodys, BOTH),
    "admin:app_list": _page("/admin/tickets/", through, BOTH, verb=MANAGE),
    # Whatever else is typed there.
    "/admin/(?P<url>.*)$": _page("/admin/nothing/", opened, BOTH),
}
ROWS = ACCOUNTS | SET_UP
