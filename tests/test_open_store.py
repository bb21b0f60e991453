"""A real shop opens its store by one command."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from policies.models import PolicyVersion
from tickets.models import Store

pytestmark = pytest.mark.django_db


def told(*args: str) -> str:
    out = StringIO()
    call_command("open_store", *args, stdout=out)
    return out.getvalue()


def test_a_store_opens_once_with_its_pack_as_version_one() -> None:
    assert "KPOP USA is open: /kpopusa/" in told("kpopusa", "--mail-from", "help@shop.test")
    assert "already" in told("kpopusa", "--mail-from", "other@shop.test")

    store = Store.objects.get()
    assert (store.time_zone, store.mail_from) == ("America/Los_Angeles", "help@shop.test")
    assert PolicyVersion.objects.get(store=store).number == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nosuch", "--mail-from", "a@b.test"), "kpop2, kpopusa, popmart"),
        (("kpopusa", "--mail-from", "nobody"), "valid"),
        (("kpopusa", "--mail-from", "a@b.test", "--accent", "red"), "valid"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_opened(
    args: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        told(*args)
    assert not Store.objects.exists()
