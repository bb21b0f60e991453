"""Small parts of the wiring that everything leans on."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from django.core.management import call_command
from django.test import RequestFactory

from policies.pack import PACKS
from policies.publish import in_force, publish
from supportdesk import nudge
from supportdesk.storage import s3_options
from supportdesk.visitor import visitor_of
from tests.cast import NOON, Story
from tickets import outbox
from tickets.models import Outbox, Store


def test_the_migrations_make_what_the_models_say(db: None) -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_one_variable_names_any_s3() -> None:
    options = s3_options("s3://KEY:se%2Fcret@films/evidence?endpoint=https://s3.test&region=eu-1")
    assert options["bucket_name"] == "films"
    assert (options["access_key"], options["secret_key"]) == ("KEY", "se/cret")
    assert (options["endpoint_url"], options["region_name"]) == ("https://s3.test", "eu-1")
    assert options["location"] == "evidence"
    assert options["default_acl"] is None
    with pytest.raises(ValueError, match="s3://bucket"):
        s3_options("https://bucket")


def test_a_visitor_cannot_name_themselves_unless_a_proxy_is_trusted(settings: Any) -> None:
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.7")
    settings.TRUST_PROXY = False
    assert visitor_of(request) == "127.0.0.1"
    settings.TRUST_PROXY = True
    assert visitor_of(request) == "203.0.113.7"  # the last word is our own proxy's


def test_with_the_broker_away_a_claim_is_taken_at_once_and_mailed_later(
    story: Story,
    monkeypatch: pytest.MonkeyPatch,
    mailoutbox: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    away = Celery("away", broker="redis://127.0.0.1:1/0")
    monkeypatch.setattr(nudge, "app", away)
    with django_capture_on_commit_callbacks(execute=True) as asked:
        claim = story.file("missing_photocard", opened=True)
    assert asked
    started = time.monotonic()
    nudge.Nudger("tickets.jobs.drain_outbox")()
    assert time.monotonic() - started < 1  # nobody waits for the broker

    assert Outbox.objects.get(event__claim=claim).state == "pending"
    outbox.drain(NOON)
    assert Outbox.objects.get(event__claim=claim).state == "done"
    assert [mail.to for mail in mailoutbox] == [[claim.ticket.customer.email]]


def test_orders_keep_the_version_in_force_when_they_were_placed(kpopusa: Store) -> None:
    first = in_force(kpopusa.pk, NOON)
    source = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
    second = publish(kpopusa.pk, source, starts_at=NOON, now=NOON)

    assert in_force(kpopusa.pk, NOON - timedelta(seconds=1)).pk == first.pk
    assert in_force(kpopusa.pk, NOON).pk == second.pk
    assert (first.number, second.number) == (1, 2)
