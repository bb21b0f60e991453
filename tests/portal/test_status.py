"""The page behind the signed link: what it shows, what it takes, and to whom it stays shut."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import NOON, Story
from tests.checks import check_files
from tests.evidence_files import make_video
from tests.portal.conftest import Clock
from tickets import access
from tickets.actions.decide_claim import (
    approve,
    ask_for_evidence,
    record_answer,
    refuse,
    send_to_manufacturer,
)
from tickets.actions.fulfil_claim import receive_return
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.models import Claim, Event, Evidence, Message, User


@pytest.fixture
def claim(story: Story) -> Claim:
    """Filed without the video, so seven days are left."""
    return story.file("missing_photocard", opened=True)


def _page(web: Client, claim: Claim) -> str:
    return web.get(access.link_for(claim.ticket)).text


def test_it_shows_the_stepper_the_deadline_and_who_acts_next(web: Client, claim: Claim) -> None:
    page = _page(web, claim)

    assert claim.ticket.spoken_reference in page
    assert 'aria-current="step"' in page
    assert "<strong>You:</strong> Add the evidence that is missing" in page
    assert "Thu 12 Mar, 23:59" in page
    assert "in Las Vegas" in page
    assert "that is Fri 15:59 for you" in page  # Seoul, after the American clocks have changed
    assert "7 days left" in page
    assert "You sent your request." in page


def test_the_only_date_of_a_filed_claim_is_the_evidence_deadline(web: Client, claim: Claim) -> None:
    page = _page(web, claim)

    assert "we still need a video of the unboxing" in page
    assert "window" not in page  # Tue 10 Mar: it was for sending, and this is sent
    assert "10 Mar" not in page
    assert set(re.findall(r"\w+ \d+ Mar, 23:59", page)) == {"Thu 12 Mar, 23:59"}


def _steps(page: str) -> list[tuple[str, str]]:
    """The stepper as it is read: each step's class and its words."""
    stepper = page.partition('<ol class="stepper"')[2].partition("</ol>")[0]
    found = re.findall(r'<li class="(\w*)".*?</span>([^<]+)', stepper)
    return [(state, words.strip()) for state, words in found]


def test_the_step_of_today_says_what_is_going_on_and_not_that_it_is_done(
    web: Client, story: Story, claim: Claim, agent: User, at_noon: Clock
) -> None:
    assert _steps(_page(web, claim))[:3] == [
        ("done", "Filed"),
        ("now", "Your evidence"),
        ("", "Looked at by a person"),
    ]

    staff = Actor.staff(agent)
    sent = story.file("defect", "photo", "photo", opened=True)
    assert _steps(_page(web, sent))[1:3] == [
        ("done", "Evidence checked"),
        ("now", "A person looks at it"),
    ]
    send_to_manufacturer(sent, actor=staff, now=at_noon.now)
    assert ("now", "The manufacturer is asked") in _steps(_page(web, sent))
    record_answer(sent, True, outcome="replacement", actor=staff, now=at_noon.now)
    assert ("now", "You send the items back") in _steps(_page(web, sent))
    receive_return(sent, actor=staff, now=at_noon.now)
    assert ("now", "We inspect them") in _steps(_page(web, sent))
    assert ("done", "With the manufacturer") in _steps(_page(web, sent))


def test_the_missing_video_is_added_later_by_the_link(web: Client, claim: Claim) -> None:
    link = access.link_for(claim.ticket)
    token = link.split("/")[3]
    response = web.post(
        f"/uploads/?ticket={claim.ticket.reference}&token={token}&kind=unboxing_video",
        {"file": SimpleUploadedFile("unboxing.mp4", make_video())},
    )

    assert response.headers["Location"].startswith(link)
    claim.refresh_from_db()
    assert claim.state == "awaiting_evidence"
    page = _page(web, claim)
    assert "We are checking whether it opens…" in page
    assert "Look again" in page  # for those without JavaScript

    check_files(NOON)
    claim.refresh_from_db()
    assert (claim.state, claim.missing) == ("under_review", [])
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["claim_filed", "file_received", "evidence_added", "evidence_complete"]
    page = _page(web, claim)
    assert "Look again" not in page
    evidence = Evidence.objects.get()
    assert f"/uploads/t/{claim.ticket.reference}/{token}/{evidence.pk}/" in page


def test_a_reply_is_one_message_even_when_sent_twice(web: Client, claim: Claim) -> None:
    link = access.link_for(claim.ticket)
    key = str(uuid.uuid4())
    for _ in range(2):
        response = web.post(f"{link}say/", {"body": "I found the video!", "form_key": key})
        assert response.headers["Location"] == f"{link}#conversation"

    assert Message.objects.get().kind == "customer"
    assert "I found the video!" in _page(web, claim)


def test_internal_notes_and_rule_ids_stay_inside(
    web: Client, claim: Claim, agent: User, at_noon: Clock
) -> None:
    staff = Actor.staff(agent)
    say(claim.ticket, "Third claim this month.", kind="note", actor=staff, now=at_noon.now)
    say(claim.ticket, "Could you look again?", kind="agent", actor=staff, now=at_noon.now)
    page = _page(web, claim)

    assert "Third claim this month." not in page
    assert "Could you look again?" in page
    assert "kpopusa." not in page
    assert agent.email not in page


def test_withdrawing_ends_it_and_twice_changes_nothing(web: Client, claim: Claim) -> None:
    link = access.link_for(claim.ticket)
    web.post(f"{link}withdraw/")
    web.post(f"{link}withdraw/")

    claim.refresh_from_db()
    assert claim.state == "withdrawn"
    assert Event.objects.filter(kind="claim_withdrawn").count() == 1
    page = _page(web, claim)
    assert "You have withdrawn this request." in page
    assert "Withdraw my request" not in page


def test_a_refusal_is_told_with_the_rules_sentence_and_the_note(
    web: Client, story: Story, agent: User, at_noon: Clock
) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    refuse(
        claim,
        "kpopusa.missing-contents",
        note="The box is cut open before the film begins.",
        actor=Actor.staff(agent),
        now=at_noon.now,
    )
    page = _page(web, claim)

    assert "Your request was refused." in page
    assert "we need an unboxing video" in page
    assert "The box is cut open before the film begins." in page
    assert "kpopusa.missing-contents" not in page


def test_more_evidence_asked_for_is_shown_with_the_note(
    web: Client, story: Story, agent: User, at_noon: Clock
) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    ask_for_evidence(
        claim,
        {"photo": 2},
        5,
        note="Of the back, please.",
        actor=Actor.staff(agent),
        now=at_noon.now,
    )
    page = _page(web, claim)

    assert "0 of 2 here" in page
    assert "Of the back, please." in page
    assert "We are waiting for your evidence." in page
    assert "Tue 10 Mar, 23:59" in page


def test_an_approval_is_told(web: Client, story: Story, agent: User, at_noon: Clock) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    approve(claim, "replacement", actor=Actor.staff(agent), now=at_noon.now)
    page = _page(web, claim)

    assert "Your request is approved." in page
    assert "Your request was approved." in page
    assert "On its way" in page


def test_after_the_deadline_the_page_says_that_it_is_over(
    web: Client, claim: Claim, at_noon: Clock
) -> None:
    at_noon.now += timedelta(days=8)
    assert "over</span>" in _page(web, claim)


@pytest.mark.parametrize("broken", ["reference", "token"])
def test_without_the_right_link_there_is_nothing(web: Client, claim: Claim, broken: str) -> None:
    reference, token = access.link_for(claim.ticket).strip("/").split("/")[1:]
    if broken == "token":
        token = "A" * len(token)
    else:
        reference = "22222222"
    for path, method in (("", web.get), ("say/", web.post), ("withdraw/", web.post)):
        assert method(f"/t/{reference}/{token}/{path}").status_code == 404
    claim.refresh_from_db()
    assert claim.state == "awaiting_evidence"
    assert not Message.objects.exists()


def test_it_is_kept_out_of_caches_and_search_engines(web: Client, claim: Claim) -> None:
    response = web.get(access.link_for(claim.ticket))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
