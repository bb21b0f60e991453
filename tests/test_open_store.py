"""A real shop opens its store by one command."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from policies.models import PolicyVersion
from supportdesk import addresses
from tickets.models import Store

SMALL = Path(__file__).parent / "policies" / "small.yaml"
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


def test_any_store_opens_from_a_pack_file_of_its_own(tmp_path: Path) -> None:
    pack = tmp_path / "corner.yaml"
    pack.write_text(SMALL.read_text("utf-8"), "utf-8")

    assert "The Corner is open: /corner/" in told(
        "corner", "--pack", str(pack), "--mail-from", "help@corner.test"
    )

    store = Store.objects.get()
    assert (store.name, store.time_zone) == ("The Corner", "Europe/Oslo")
    assert PolicyVersion.objects.get(store=store).source == SMALL.read_text("utf-8")


@pytest.mark.parametrize(
    ("slug", "text", "said"),
    [
        ("other", SMALL.read_text("utf-8"), "is 'corner': the pack is another's"),
        ("desk", SMALL.read_text("utf-8").replace("corner", "desk"), "an address of the desk's"),
        ("corner", "format: 1\n", "store: is missing"),
        ("corner", None, "there is no such file"),
    ],
)
def test_a_pack_file_that_cannot_be_used_opens_nothing(
    tmp_path: Path, slug: str, text: str | None, said: str
) -> None:
    pack = tmp_path / "pack.yaml"
    if text is not None:
        pack.write_text(text, "utf-8")

    with pytest.raises(CommandError, match=said):
        told(slug, "--pack", str(pack), "--mail-from", "help@shop.test")

    assert not Store.objects.exists()


def test_no_store_may_have_the_name_of_a_page_of_the_desk() -> None:
    """Derived from the routes: a page that is added later is taken as well."""
    assert {"desk", "admin", "accounts", "uploads", "api", "reports", "mailbox", "healthz"} <= (
        addresses.taken()
    )
    assert {"t", "stores", "static"} <= addresses.taken()
    assert not addresses.taken() & {"kpopusa", "kpop2", "popmart", ""}


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
