"""Every route of the rules against every role: what may be, and that nothing else happens.

A new route fails the first test until it stands in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from policies.models import PolicyDraft, PolicyTrial, PolicyTrialCase, PolicyVersion
from policies.publish import in_force
from tests.cast import NOON, Story
from tickets import trials
from tickets.actions import policies
from tickets.actor import Actor
from tickets.models import Order, Role, Store, User
from tickets.policybook.urls import urlpatterns

READS, PUBLISHES = "see", "publish"
# name: (what it needs, what is typed when it changes something)
ROUTES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "home": (READS, None),
    "store": (READS, None),
    "version": (READS, None),
    "changes": (READS, None),
    "version-file": (READS, None),
    "begin": (PUBLISHES, {"base": 1}),
    "draft": (PUBLISHES, None),
    "figures": (PUBLISHES, None),
    "text": (PUBLISHES, None),
    "draft-file": (PUBLISHES, None),
    "rebase": (PUBLISHES, {"revision": 2}),
    "drop": (PUBLISHES, {}),
    "publication": (
        PUBLISHES,
        {
            "publication-revision": 2,
            "publication-day": "2026-03-09",
            "publication-deliberate": "on",
        },
    ),
    "try": (
        PUBLISHES,
        {"trial-revision": 2, "trial-first": "2026-01-01", "trial-last": "2026-01-31"},
    ),
    "trial": (PUBLISHES, None),
    "progress": (PUBLISHES, None),
    "cancellation": (PUBLISHES, {}),
    "case": (PUBLISHES, None),
}
ROLES = [Role.READ_ONLY, Role.AGENT, Role.LEAD, Role.MANAGER, Role.ADMIN]
MAY = {Role.MANAGER: {READS, PUBLISHES}, Role.ADMIN: {READS, PUBLISHES}}


def test_every_route_stands_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ROUTES)


@pytest.fixture
def things(kpopusa: Store, max_: User, album_order: Order) -> dict[str, int]:
    """Two versions, a draft that changes something, a finished trial with a case."""
    actor = Actor.staff(max_)
    Story(album_order).file("defect", "photo", "photo", opened=True)
    version = in_force(kpopusa.pk, NOON)
    draft = policies.start_draft(kpopusa, version, title="Tried", actor=actor, now=NOON)
    text = draft.source.replace("outcomes: [replacement, refund]", "outcomes: [replacement]")
    draft = policies.save_draft(draft, text, revision=1, actor=actor, now=NOON)
    days = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    trial = policies.start_trial(draft, **days, revision=2, actor=actor, now=NOON)
    trials.run_due(NOON)
    policies.publish_draft(
        policies.start_draft(kpopusa, version, actor=actor, now=NOON),
        date(2026, 3, 6),
        revision=1,
        actor=actor,
        now=NOON,
    )
    case = PolicyTrialCase.objects.get(trial=trial)
    return {"draft": draft.pk, "trial": trial.pk, "case": case.pk}


def address(name: str, things: dict[str, int], slug: str = "kpopusa") -> str:
    pattern = str(next(p.pattern for p in urlpatterns if p.name == name))
    pk = things["trial" if "trials/<int:pk>" in pattern else "draft"]
    return "/policies/" + pattern.replace("<slug:slug>", slug).replace("<int:number>", "2").replace(
        "<int:pk>", str(pk)
    ).replace("<int:case>", str(things["case"]))


def trace() -> tuple[Any, ...]:
    """What every change leaves behind."""
    return (
        PolicyVersion.objects.count(),
        PolicyTrial.objects.count(),
        list(PolicyDraft.objects.order_by("pk").values_list("pk", "revision", "state")),
    )


def call(client: Client, name: str, path: str) -> int:
    typed = ROUTES[name][1]
    if typed is None:
        return client.get(path).status_code
    assert client.get(path).status_code in (302, 404, 405)
    return client.post(path, typed).status_code


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ROUTES)
def test_a_role_may_what_it_may(
    as_: Callable[[User], Client],
    person: Callable[..., User],
    things: dict[str, int],
    kpopusa: Store,
    name: str,
    role: str,
) -> None:
    client, before = as_(person("somebody", kpopusa, role)), trace()
    status = call(client, name, address(name, things))
    verb, typed = ROUTES[name]
    if verb not in MAY.get(Role(role), {READS}):
        assert (status, trace()) == (404, before)
    elif typed is None:
        assert status == (302 if name == "home" else 200)
        assert trace() == before
    else:
        assert status in (200, 302)
        # A trial that has ended cannot be stopped any more.
        assert (trace() == before) == (name == "cancellation")


@pytest.mark.parametrize("name", ROUTES)
def test_strangers_find_nothing(
    as_: Callable[[User | None], Client],
    person: Callable[..., User],
    things: dict[str, int],
    popmart: Store,
    name: str,
) -> None:
    path, before = address(name, things), trace()
    visitor = as_(None)
    answer = visitor.get(path) if ROUTES[name][1] is None else visitor.post(path)
    # A form's address answers GET with 405 to everybody; a visitor is asked to sign in.
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/policies/")
    assert call(as_(person("nobody")), name, path) == 404
    other = as_(person("pia", popmart, Role.MANAGER))
    assert call(other, name, path) == (302 if name == "home" else 404)
    if name not in ("home", "store", "begin"):
        # Nor does a number of this store lead anywhere under one's own.
        path = address(name, things, "popmart")
        assert call(other, name, path) == 404
    assert trace() == before


@pytest.mark.parametrize("name", [n for n in ROUTES if n not in ("home", "store", "begin")])
def test_what_does_not_exist_is_not_found(
    window: Client, things: dict[str, int], name: str
) -> None:
    nothing = dict.fromkeys(things, 999_999)
    path = address(name, nothing).replace("versions/2", "versions/99")
    answer = window.get(path) if ROUTES[name][1] is None else window.post(path, ROUTES[name][1])
    assert answer.status_code == 404


def test_changes_need_the_forms_own_token(max_: User, things: dict[str, int]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(max_, backend="django.contrib.auth.backends.ModelBackend")
    before = trace()
    for name, (_verb, typed) in ROUTES.items():
        if typed is not None:
            assert client.post(address(name, things), typed).status_code == 403, name
    assert trace() == before


def test_the_pages_keep_to_the_strict_policy(window: Client, things: dict[str, int]) -> None:
    for name in ("store", "version", "changes", "draft", "figures", "text", "trial", "case"):
        answer = window.get(address(name, things))
        page = answer.content.decode()
        assert "style=" not in page, name
        assert "onclick" not in page, name
        assert answer["Cache-Control"] == "no-store", name


def test_managers_find_the_rules_from_the_desk_and_the_reports(window: Client) -> None:
    assert 'href="/policies/' in window.get("/desk/").content.decode()
    assert 'href="/policies/' in window.get("/reports/").content.decode()
