"""A version in the database that cannot be read takes nothing down: the last good one stays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from policies.models import PolicyAlarm, PolicyVersion
from policies.publish import NoGoodVersion, beginnings, good, in_force, pack_of, publish
from tests.cast import NOON, Story, a_file, add_evidence
from tests.policybook.conftest import break_by_hand, forget
from tickets import alarms
from tickets.actor import Actor
from tickets.jobs import watch_policies
from tickets.models import Event, Store


@pytest.fixture(autouse=True)
def post(settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]  # pytest-django's own


def second(store: Store, at: datetime = NOON - timedelta(days=60)) -> PolicyVersion:
    """Ten days instead of seven, in force since ``at``."""
    source = in_force(store.pk, NOON).source
    assert "figures: {days: 7}" in source
    longer = source.replace("figures: {days: 7}", "figures: {days: 10}", 1)
    return publish(store.pk, longer, starts_at=at, now=NOON)


def days(version: PolicyVersion) -> object:
    return pack_of(version).rule("kpopusa.contact-window").figures["days"]


def test_the_last_good_version_stays_in_force(kpopusa: Store) -> None:
    first, broken = in_force(kpopusa.pk, NOON), second(kpopusa)
    assert in_force(kpopusa.pk, NOON).pk == broken.pk
    break_by_hand(broken)
    assert in_force(kpopusa.pk, NOON).pk == first.pk
    # Whoever still holds the broken row gets the very pack of the row that is in force.
    assert good(PolicyVersion.objects.get(pk=broken.pk)).pk == first.pk
    assert pack_of(PolicyVersion.objects.get(pk=broken.pk)) is pack_of(first)
    assert days(broken) == 7


def test_a_publication_that_was_taken_back_leaves_nothing_behind(kpopusa: Store) -> None:
    first = in_force(kpopusa.pk, NOON)
    with transaction.atomic():
        taken_back = second(kpopusa)
        assert (NOON - timedelta(days=60), taken_back.pk) in beginnings(kpopusa.pk)
        transaction.set_rollback(True)
    assert in_force(kpopusa.pk, NOON).pk == first.pk
    assert taken_back.pk not in [version for _, version in beginnings(kpopusa.pk)]


def test_a_version_that_names_nothing_at_all_is_passed_over_too(kpopusa: Store) -> None:
    first, broken = in_force(kpopusa.pk, NOON), second(kpopusa)
    for text in ("", "\x01", "a: &a [*a]", "- - -", "{" * 5000, "rules: 1"):
        break_by_hand(broken, text)
        assert in_force(kpopusa.pk, NOON).pk == first.pk, text[:10]


def test_another_stores_pack_is_passed_over_too(
    kpopusa: Store, kpop2: Store, client: Client
) -> None:
    first, broken = in_force(kpopusa.pk, NOON), second(kpopusa)
    break_by_hand(broken, in_force(kpop2.pk, NOON).source)
    assert in_force(kpopusa.pk, NOON).pk == first.pk
    assert days(broken) == 7
    assert client.get("/kpopusa/new/missing_photocard/").status_code == 200
    assert client.get("/kpopusa/help/contact-window/").status_code == 200
    assert alarms.watch(NOON) == 1


def test_pages_answer_and_a_claim_cites_the_version_that_decided(
    kpopusa: Store, client: Client, story: Story
) -> None:
    first, broken = in_force(kpopusa.pk, NOON), second(kpopusa)
    break_by_hand(broken)
    for address in ("/kpopusa/", "/kpopusa/new/missing_photocard/"):
        assert client.get(address).status_code == 200, address
    claim = story.file("missing_photocard", opened=False)
    assert claim.policy_version_id == first.pk
    filed = Event.objects.get(kind="claim_filed", claim=claim)
    assert filed.policy_version_id == first.pk


def test_a_claim_under_a_version_that_breaks_goes_on_under_the_one_before(
    kpopusa: Store, story: Story
) -> None:
    first, broken = in_force(kpopusa.pk, NOON), second(kpopusa)
    claim = story.file("missing_photocard", opened=False)
    assert claim.policy_version_id == broken.pk
    break_by_hand(broken)
    actor = Actor.of_customer(story.order.customer)
    add_evidence(a_file("unboxing_video", NOON), claim=claim, actor=actor, now=NOON)
    added = Event.objects.get(kind="evidence_added", claim=claim)
    assert added.policy_version_id == first.pk
    assert added.data["decision"]["verdict"] == "accepted"
    claim.refresh_from_db()
    assert (claim.state, claim.policy_version_id) == ("under_review", first.pk)


def test_staff_are_told_once_with_every_mistake(kpopusa: Store) -> None:
    broken = second(kpopusa)
    assert watch_policies() == 0
    break_by_hand(broken, broken.source.replace("figures: {days: 10}", "figures: {days: many}"))
    for _ in range(3):
        assert watch_policies() == 1
    (letter,) = mail.outbox
    assert letter.to == ["help@kpopusa.test"]
    assert letter.subject == "The rules of KPOP USA, version 2, cannot be read"
    assert "rules.kpopusa.contact-window.figures.days" in letter.body
    assert "version 2:" in letter.body
    assert f"/policies/kpopusa/versions/{broken.number}/" in letter.body
    alarm = PolicyAlarm.objects.get()
    assert alarm.version_id == broken.pk
    assert alarm.mistakes[0]["rule"] == "kpopusa.contact-window"
    assert list(alarms.standing([kpopusa])) == [alarm]


def test_what_can_be_read_again_is_an_alarm_no_more(kpopusa: Store) -> None:
    broken = second(kpopusa)
    whole = broken.source
    break_by_hand(broken)
    watch_policies()
    break_by_hand(broken, whole)
    assert watch_policies() == 0
    assert not alarms.standing([kpopusa]).exists()
    assert days(in_force(kpopusa.pk, NOON)) == 10
    assert len(mail.outbox) == 1


def test_where_the_only_version_is_broken_the_pack_that_ships_stands_in(
    kpopusa: Store, popmart: Store, client: Client
) -> None:
    only = in_force(kpopusa.pk, NOON)
    break_by_hand(only)
    with pytest.raises(NoGoodVersion):
        in_force(kpopusa.pk, NOON)
    # The first page that needs it has it published, as a version like any other, and tries again.
    answer = client.get("/kpopusa/")
    assert (answer.status_code, answer["Location"]) == (307, "/kpopusa/")
    assert client.get("/kpopusa/").status_code == 200
    stands = in_force(kpopusa.pk, NOON)
    assert stands.pk != only.pk
    assert (stands.number, stands.published_by_id) == (2, None)
    assert stands.starts_at < only.starts_at
    assert client.get("/popmart/").status_code == 200


def test_the_watch_lets_it_stand_in_as_well(kpopusa: Store) -> None:
    break_by_hand(in_force(kpopusa.pk, NOON))
    watch_policies()
    assert days(in_force(kpopusa.pk, NOON)) == 7
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2
    watch_policies()
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2


def test_without_any_pack_its_pages_say_so_and_other_stores_live_on(
    kpopusa: Store, popmart: Store, client: Client
) -> None:
    Store.objects.filter(pk=kpopusa.pk).update(slug="fourth")
    break_by_hand(PolicyVersion.objects.get(store=kpopusa))
    answer = client.get("/fourth/")
    assert answer.status_code == 503
    assert "rules cannot be read" in answer.content.decode()
    assert answer["Retry-After"]
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 1
    assert client.get("/popmart/").status_code == 200
    assert client.get("/").status_code == 200  # the choice of stores


def test_a_version_of_the_future_that_cannot_be_read_never_begins(kpopusa: Store) -> None:
    first = in_force(kpopusa.pk, NOON)
    broken = second(kpopusa, NOON + timedelta(days=3))
    break_by_hand(broken)
    assert in_force(kpopusa.pk, NOON + timedelta(days=4)).pk == first.pk
    third = publish(kpopusa.pk, first.source, starts_at=NOON + timedelta(days=5), now=NOON)
    forget()
    assert in_force(kpopusa.pk, NOON + timedelta(days=6)).pk == third.pk


def test_the_desk_and_the_rules_show_every_mistake_in_red(
    kpopusa: Store, popmart: Store, window: Client
) -> None:
    for address in ("/desk/", "/policies/kpopusa/"):
        assert "rules-alarm" not in window.get(address).content.decode()
    broken = second(kpopusa)
    break_by_hand(broken, broken.source.replace("figures: {days: 10}", "figures: {days: many}"))
    other = publish(popmart.pk, in_force(popmart.pk, NOON).source + "\n", starts_at=NOON, now=NOON)
    break_by_hand(other)
    watch_policies()
    for address in ("/desk/", "/policies/kpopusa/"):
        page = window.get(address).content.decode()
        assert "KPOP USA: version 2 of the rules cannot be read" in page, address
        assert "rules.kpopusa.contact-window.figures.days" in page, address
        assert "POP MART" not in page, address  # another store's is not Max's to see
    page = window.get("/policies/kpopusa/versions/2/").content.decode()
    assert "1 mistake" in page
    assert "cannot be read" in window.get("/policies/kpopusa/").content.decode()
