"""Every route of the product against everybody, by every method: what may be, and that nothing
else happens.

A route that does not stand in the table fails the first test, and so does a row whose route is
gone. Each cell really sends the request, to a real object, in a transaction that is undone; it
asserts the answer, and that no row of any table was written where it was refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partialmethod
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from unittest import mock

from django.conf import settings
from django.test import TestCase, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from supportdesk import clock
from tests.matrix import accounts, inside, outside, setup
from tests.matrix.rows import ADMIN_SIGN_IN, SIGN_IN, Row
from tests.matrix.world import NOON, PEOPLE, World, undone

ROWS: dict[str, Row] = {**outside.ROWS, **inside.ROWS, **accounts.ROWS, **setup.ROWS}
# Tried where a row does not take it: 405 for everybody, before anything is looked for.
_METHODS = ("GET", "POST")
_LEFT_OUT = ("/static/",)  # files without an address of their own: WhiteNoise, not a route


def routes() -> Iterator[str]:
    """Every route by its name, or by its pattern where it has none."""

    def walk(patterns: list[Any], spaces: str, path: str) -> Iterator[str]:
        for one in patterns:
            here = f"{path}{one.pattern}"
            if isinstance(one, URLResolver):
                space = f"{one.namespace}:" if one.namespace else ""
                yield from walk(one.url_patterns, spaces + space, here)
            elif isinstance(one, URLPattern) and not here.startswith(_LEFT_OUT):
                yield f"{spaces}{one.name}" if one.name else here

    yield from walk(get_resolver().url_patterns, "", "/")


def test_every_model_of_the_set_up_stands_in_its_table() -> None:
    assert setup.registered() == set(setup.MODELS)


def test_every_route_stands_in_the_table_and_nothing_else_does() -> None:
    found = list(routes())
    assert sorted(set(found) - set(ROWS)) == [], "routes without a row"
    assert sorted(set(ROWS) - set(found)) == [], "rows without a route"
    # Two routes of one name would be tried once.
    assert sorted(name for name in found if found.count(name) > 1) == []


class Matrix(TestCase):
    """One cast for all cells, in one transaction; below, one test for each row."""

    world: ClassVar[World]

    @classmethod
    def setUpClass(cls) -> None:
        """The cast comes together, on a clock that stands."""
        super().setUpClass()
        media = cls.enterClassContext(TemporaryDirectory())
        storage = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": media, "base_url": None},
        }
        cls.enterClassContext(
            override_settings(
                STORAGES={**settings.STORAGES, "default": storage},
                PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            )
        )
        cls.enterClassContext(mock.patch.object(clock, "now", lambda: NOON))
        cls.world = World()

    def row(self, row: Row) -> None:
        """Everybody may what this row says, by every method, and nothing else happens."""
        wrong = []
        extra = [method for method in row.methods if method not in _METHODS]
        thing = row.stage(self.world)
        for who in PEOPLE:
            for method in (*_METHODS, *extra):
                wrong += _tried(self.world, row, thing, who, method)
        assert not wrong, "\n" + "\n".join(wrong)


for _name, _row in ROWS.items():
    setattr(Matrix, f"test_{_name}", partialmethod(Matrix.row, _row))


def _tried(world: World, row: Row, thing: Any, who: str, method: str) -> list[str]:
    """What was not as the table says in one cell; empty where all was."""
    expected = row.expects(who, method)
    with undone():
        call = row.call(world, who, thing)
        web, before = world.browser(who), world.written()
        path = f"{call.path}?{call.query}" if call.query else call.path
        sent = dict(call.extra)
        if method in ("GET", "HEAD"):
            sent.pop("content_type", None)
        elif call.data is not None:
            sent["data"] = call.data
        response = getattr(web, method.lower())(path, **sent)
        if response.streaming:  # read to its end, as a browser does
            b"".join(response)
        changed = world.written() - before
    told = _answer(response)
    here = f"{who} {method} {call.path}: "
    if told != expected:
        return [f"{here}{told}, not {expected}"]
    let_in = expected == row.methods.get(method)
    if let_in and method in row.writes and not changed:
        return [f"{here}nothing happened"]
    if changed and not (let_in and method in row.writes):
        return [f"{here}{expected}, and {changed} rows were written"]
    return []


def _answer(response: Any) -> int | str:
    """The status, or where one is asked to sign in."""
    where = response.headers.get("Location", "")
    if response.status_code == 302 and where.startswith("/accounts/login/?next="):
        return SIGN_IN
    if response.status_code == 302 and where.startswith("/admin/login/?next="):
        return ADMIN_SIGN_IN
    return int(response.status_code)
