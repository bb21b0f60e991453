"""A customer files a claim, page by page, as a browser without JavaScript would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.evidence_files import make_video
from tests.portal.conftest import Customer
from tickets.models import Claim, Draft, Event, Evidence, Order, Outbox, Ticket


def test_a_missing_photocard_from_the_tile_to_the_reference(customer: Customer) -> None:
    assert customer.begin("missing_photocard").status_code == 302
    assert customer.get().headers["Location"].endswith("/items/")
    assert "Aurora – 3rd Mini Album" in customer.get("items/").text

    customer.tick()
    assert customer.get().headers["Location"].endswith("/question/opened/")
    customer.say("opened", "yes")
    customer.say("video_exists", "yes")

    answer = customer.get("answer/").text
    assert "in time" in answer
    assert "in Las Vegas" in answer
    assert "for you" in answer  # the browser said Vienna

    evidence = customer.get("evidence/").text
    assert "Film the box" in evidence
    assert "A photo or video straight from your phone is fine." in evidence
    sent = customer.upload("unboxing_video", make_video(), "unboxing.mp4")
    assert sent.headers["Location"].endswith("/evidence/")
    assert "unboxing.mp4" in customer.get("evidence/").text

    review = customer.get("review/").text
    assert "photocard of Haneul" in review
    assert "unboxing.mp4" in review
    done = customer.post("review/", {"note": "It was not in the box."})

    claim = Claim.objects.get()
    assert (claim.state, claim.verdict) == ("under_review", "accepted")
    assert claim.items.get().component == "photocard of Haneul"
    assert [event.kind for event in Event.objects.all()] == ["claim_filed"]
    assert Outbox.objects.get().template == "claim_filed"
    assert claim.ticket.customer.time_zone == "Europe/Vienna"

    status = customer.web.get(done.headers["Location"]).text
    assert claim.ticket.spoken_reference in status
    assert "Mina.Kim@example.com" in status
    assert "It was not in the box." in status
    assert "kpopusa.missing-contents" not in status  # customers are told sentences, not ids


def test_sent_twice_is_one_claim_and_every_old_page_leads_to_it(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    first = customer.post("review/")
    second = customer.post("review/")

    assert Claim.objects.count() == 1
    page = first.headers["Location"].split("?")[0]
    assert second.headers["Location"].startswith(page)
    for step in ("", "items/", "answer/", "evidence/", "review/"):
        assert customer.get(step).headers["Location"].startswith(page)


def test_going_back_and_changing_an_answer_loses_nothing(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.tick(component="lyric card")
    customer.say("opened", "yes")
    customer.say("video_exists", "no")
    assert "a person" in customer.get("answer/").text

    customer.say("opened", "no")

    assert "lyric card" in customer.get("items/").text
    assert customer.draft.answers["said"] == {"opened": False, "video_exists": False}
    assert "we still need a video" in customer.get("answer/").text


def test_a_question_that_changes_nothing_is_not_asked(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    response = customer.say("opened", "no")

    # Unopened: whether a video exists makes no difference any more.
    assert response.headers["Location"].endswith("/answer/")


def test_too_late_is_refused_with_the_rule_in_words_and_nothing_is_filed(
    visiting: Callable[[Order], Customer], late_order: Order
) -> None:
    late = visiting(late_order)
    late.begin("missing_photocard")
    response = late.tick()

    assert response.headers["Location"].endswith("/answer/")  # no question could change it
    text = late.get("answer/").text
    assert "within 7 days of delivery" in text
    assert "kpopusa.contact-window" not in text
    assert late.get("review/").headers["Location"].endswith("/answer/")
    late.post("review/")
    assert not Ticket.objects.exists()


def test_no_item_ticked_is_told_beside_the_items(customer: Customer) -> None:
    customer.begin("missing_photocard")
    response = customer.post("items/", {})

    assert response.status_code == 422
    assert "Please tick at least one item." in response.text
    assert "items" not in customer.draft.answers


def test_an_item_with_an_open_claim_cannot_be_chosen_again(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    customer.post("review/")

    customer.begin("missing_photocard")
    assert "There is an open request about this already" in customer.get("items/").text
    assert customer.tick().status_code == 422
    assert Claim.objects.count() == 1


def test_a_file_can_be_taken_out_again_before_sending(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")
    customer.upload("unboxing_video", make_video(), "wrong.mp4")
    evidence = Evidence.objects.get()
    path = evidence.file.path

    customer.post(f"evidence/{evidence.pk}/remove/")
    customer.post(f"evidence/{evidence.pk}/remove/")  # twice is no error

    assert not Evidence.objects.exists()
    assert not Path(path).exists()


def test_another_drafts_file_cannot_be_taken_out(customer: Customer) -> None:
    customer.begin("missing_photocard")
    customer.upload("unboxing_video", make_video(), "mine.mp4")
    evidence = Evidence.objects.get()
    customer.begin("defect")

    customer.post(f"evidence/{evidence.pk}/remove/")

    assert Evidence.objects.count() == 1
    assert Draft.objects.count() == 2
