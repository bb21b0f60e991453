"""The evidence as an agent meets it: where it stands, and a way to it without any player."""

from __future__ import annotations

from django.test import Client

from tests.desk.steps import take
from tickets.models import Claim


def page_of(client: Client, claim: Claim) -> str:
    return client.get(f"/desk/tickets/{claim.ticket.reference}/").content.decode()


def test_what_is_to_be_decided_shows_its_evidence_before_the_conversation(
    nora: Client, ready: Claim
) -> None:
    page = page_of(nora, ready)
    assert page.count('id="evidence"') == 1
    assert page.index('id="evidence"') < page.index('id="talk-title"') < page.index('id="decision"')


def test_without_a_decision_to_take_the_evidence_stands_aside(nora: Client, ready: Claim) -> None:
    take(nora, ready, "manufacturer")
    page = page_of(nora, ready)
    assert page.count('id="evidence"') == 1
    assert page.index('id="decision"') < page.index('id="evidence"')


def test_nothing_handed_in_takes_no_room_in_the_middle(nora: Client, waiting: Claim) -> None:
    page = page_of(nora, waiting)
    assert "Nothing has been handed in yet." in page
    assert page.index('id="decision"') < page.index('id="evidence"')


def test_every_file_can_be_saved_without_any_script(nora: Client, defect: Claim) -> None:
    page = page_of(nora, defect)
    files = list(defect.evidence.all())
    assert len(files) == 2
    for file in files:
        assert f'href="/uploads/{file.pk}/?download" download' in page
    # That a browser cannot show it is said only where a script has found it so.
    assert page.count("data-blind hidden") == 2
