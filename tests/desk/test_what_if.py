"""Changing a fact shows another decision, and changes nothing."""

from __future__ import annotations

from django.test import Client

from tickets.models import Claim, Event, Outbox


def ask(client: Client, claim: Claim, *, htmx: bool = True, **facts: str) -> str:
    headers = {"HX-Request": "true"} if htmx else {}
    answer = client.get(f"/desk/claims/{claim.ticket.reference}/what-if/", facts, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_photo_less_would_not_be_enough(nora: Client, defect: Claim) -> None:
    said = ask(nora, defect, files_photo="1")
    assert "Evidence needed" in said
    assert "1 of 2" in said
    assert "<html" not in said


def test_a_later_delivery_and_an_earlier_one(nora: Client, ready: Claim) -> None:
    assert "Accepted" in ask(nora, ready, delivered_at="2026-03-04")
    said = ask(nora, ready, delivered_at="2026-02-20")
    assert "Refused" in said
    assert "kpopusa.contact-window" in said


def test_without_a_video_and_none_to_come_a_person_decides(nora: Client, ready: Claim) -> None:
    said = ask(nora, ready, files_unboxing_video="0", video_exists="no", opened="yes")
    assert "kpopusa.missing-contents.no-evidence" in said


def test_it_works_without_script(nora: Client, defect: Claim) -> None:
    page = ask(nora, defect, htmx=False, files_photo="1")
    assert "<html" in page
    assert "1 of 2" in page


def test_looking_changes_nothing(nora: Client, defect: Claim) -> None:
    before = Claim.objects.filter(pk=defect.pk).values().get()
    events, mails = Event.objects.count(), Outbox.objects.count()
    ask(nora, defect, files_photo="0", opened="no", delivered_at="2020-01-01")
    ask(nora, defect, files_photo="x", opened="maybe", delivered_at="0000-99-99", other="1")
    assert Claim.objects.filter(pk=defect.pk).values().get() == before
    assert (Event.objects.count(), Outbox.objects.count()) == (events, mails)
