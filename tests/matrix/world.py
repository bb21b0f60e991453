"""One cast in one transaction: who comes to every door, and what they find behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test import Client

from tests.cast import NOON, PASSWORD, Story, a_file, add_evidence, make_customer, make_order
from tickets import access
from tickets.actions.stores import open_store
from tickets.models import Claim, Draft, Evidence, Membership, Order, Pickup, Role, Store, User

SEE, WORK, OVERRIDE = "see", "work", "override"
REPORT, PUBLISH, MANAGE = "report", "publish", "manage"
# Who comes to every door, and what they may do at KPOP USA. Mina holds the link of her request
# and the key of her draft; Jo holds his own. Stan works at another store. Lee has left.
PEOPLE: dict[str, frozenset[str]] = {
    "anonymous": frozenset(),
    "mina": frozenset(),
    "jo": frozenset(),
    "reader": frozenset({SEE}),
    "agent": frozenset({SEE, WORK}),
    "lead": frozenset({SEE, WORK, OVERRIDE}),
    "manager": frozenset({SEE, WORK, OVERRIDE, REPORT, PUBLISH}),
    "admin": frozenset({SEE, WORK, OVERRIDE, REPORT, PUBLISH, MANAGE}),
    "superuser": frozenset({SEE, WORK, OVERRIDE, REPORT, PUBLISH, MANAGE}),
    "stan": frozenset(),
    "nobody": frozenset(),  # a colleague whom no store has taken on yet, with the set-up's flag
    "lee": frozenset(),
}
VISITORS = ("anonymous", "mina", "jo", "lee")  # who is not signed in, or not any more
_ROLES = {
    "reader": Role.READ_ONLY,
    "agent": Role.AGENT,
    "lead": Role.LEAD,
    "manager": Role.MANAGER,
    "admin": Role.ADMIN,
    "lee": Role.ADMIN,
}
# Written by looking at any page: who is signed in, and how often somebody tried.
_NOISE = {"django_session", "tickets_ratebucket", "cache"}


class World:
    """The cast, each in their own browser, and the things of KPOP USA that routes are about."""

    def __init__(self) -> None:
        self.store: Store = _store("kpopusa")
        self.other: Store = _store("popmart")
        self.users = {name: self._person(name) for name in PEOPLE if name not in VISITORS[:3]}
        self.browsers = {name: self._browser(name) for name in PEOPLE}
        self._cookies = {name: copy(web.cookies) for name, web in self.browsers.items()}
        self._made: dict[str, Any] = {}
        self._watched = _tables()
        for name in ("mina", "jo", "album_order", "pickup", "ready", "waiting", "defect", "jos"):
            self.get(name)

    def _person(self, name: str) -> User:
        user = User.objects.create_user(
            f"{name}@staff.test",
            PASSWORD,
            name=name.title(),
            is_staff=name in ("admin", "nobody", "superuser", "lee"),
            is_superuser=name == "superuser",
        )
        store = self.other if name == "stan" else self.store
        if name not in ("superuser", "nobody"):
            role = _ROLES.get(name, Role.AGENT)
            Membership.objects.create(user=user, store=store, role=role)
        return user

    def _browser(self, name: str) -> Client:
        web = Client(raise_request_exception=True)
        if name in self.users:
            backend = "django.contrib.auth.backends.ModelBackend"
            web.force_login(self.users[name], backend=backend)
        if name == "lee":  # signed in, and deactivated since
            User.objects.filter(pk=self.users[name].pk).update(is_active=False)
        return web

    def browser(self, who: str) -> Client:
        """This person's browser, as it was when the stories began."""
        web = self.browsers[who]
        web.cookies = copy(self._cookies[who])
        return web

    def get(self, name: str) -> Any:
        """A part of the cast by the name that it has in `tests.cast` and `tests.desk`."""
        if name not in self._made:
            self._made[name] = getattr(self, f"_{name}")()
        found = self._made[name]
        if hasattr(found, "refresh_from_db"):
            found = type(found)._base_manager.get(pk=found.pk)
        return found

    def _mina(self) -> Any:
        return make_customer(self.store, "Mina.Kim@example.com", "김미나")

    def _jo(self) -> Any:
        return make_customer(self.store, "jo@example.com", "Jo Doe")

    def _album_order(self) -> Order:
        return make_order(self.get("mina"), "#1042")

    def _ready(self) -> Claim:
        story = Story(self.get("album_order"))
        return story.file("missing_photocard", "unboxing_video", opened=True)

    def _waiting(self) -> Claim:
        return Story(make_order(self.get("mina"), "#1043")).file("missing_photocard", opened=False)

    def _defect(self) -> Claim:
        story = Story(make_order(self.get("mina"), "#1044"))
        return story.file("defect", "photo", "photo", opened=True)

    def _jos(self) -> Claim:
        return Story(make_order(self.get("jo"), "#1099")).file("missing_photocard", opened=False)

    def _pickup(self) -> Pickup:
        order = make_order(
            self.get("jo"),
            "#2001",
            shipped=None,
            shipping_method="pickup",
            placed=timedelta(days=1),
        )
        return Pickup.objects.create(store=order.store, order=order)

    def link(self, who: str, claim: Claim | None = None) -> tuple[str, str]:
        """The reference of Mina's ticket and the token by which this person comes."""
        ticket = (claim or self.get("ready")).ticket
        mine = access.link_for(ticket).strip("/").split("/")[-1]
        tokens = {"mina": mine, "jo": access.link_for(self.get("jos").ticket).split("/")[-2]}
        return ticket.reference, tokens.get(who, "A" * 24)

    @cached_property
    def film(self) -> Evidence:
        """A file of Mina's claim that really lies in the storage."""
        found = Evidence.objects.filter(claim=self.get("ready")).get()
        if not default_storage.exists(str(found.file.name)):
            default_storage.save(str(found.file.name), ContentFile(b"a film"))
        return found

    def draft(self, request: str = "missing_photocard", **said: Any) -> Draft:
        """A draft of Mina's, with everything but the sending."""
        order = make_order(self.get("mina"), f"#{5000 + Draft.objects.count()}")
        return Story(order).draft(request, **({"opened": False} | said))

    def file_of(self, draft: Draft) -> Evidence:
        """A film in a draft."""
        found = add_evidence(a_file(mark="d"), draft=draft, actor=None, now=NOON)
        assert found is not None
        return found

    # --- what is left behind ------------------------------------------------------------

    def written(self) -> int:
        """How many rows were ever written in this transaction, but for the noise."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sum(pg_stat_get_xact_tuples_inserted(one) +"
                " pg_stat_get_xact_tuples_updated(one) + pg_stat_get_xact_tuples_deleted(one))"
                " FROM unnest(%s::oid[]) AS one",
                [self._watched],
            )
            return int(cursor.fetchone()[0])


def _store(slug: str) -> Store:
    return open_store(slug, now=NOON, mail_from=f"help@{slug}.test", accent="#c2255c")


def _tables() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid, relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="
                       " 'public'::regnamespace")  # fmt: skip
        return [oid for oid, name in cursor.fetchall() if name not in _NOISE]


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is looked at, and has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
