"""What has to be proved: later, without scripts, or with a file that is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import PHONE, Person
from tests.e2e.steps import ALBUM, says_it_is_missing, says_which_order
from tests.evidence_files import make_photo
from tickets.models import Claim, Evidence, Order, User

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"
File = tuple[str, str, bytes]


def test_a_defect_with_two_photos_without_any_script(
    house: House, meets: Meets, album_order: Order
) -> None:
    mina = meets(PHONE, java_script_enabled=False)
    says_which_order(mina, "It is defective", "#1042", MINA)
    mina.ticks(ALBUM)
    mina.presses("Go on")
    mina.reads("You are in time", "Tue 10 Mar, 23:59 in Las Vegas")
    mina.follows("Go on")
    mina.reads("One of these is enough:")
    mina.hands_in(
        "Choose or take photos",
        ("cover.jpg", "image/jpeg", make_photo(size=(640, 480))),
        ("spine.png", "image/png", make_photo("PNG", size=(480, 640))),
    )
    mina.presses("Send this file")
    mina.reads("“cover.jpg” has arrived. We are checking whether it opens.", "2 of 2 here")
    mina.follows("Go on")
    mina.reads("cover.jpg", "spine.png")
    mina.types("Anything to add?", "The spine is torn.")
    mina.presses("Send it")
    mina.reads("We have it.", "We have everything.")

    claim = Claim.objects.get()
    assert (claim.type, claim.state, claim.evidence.count()) == ("defect", "under_review", 2)
    house.post_goes()
    mina.opens(house.link_in(house.newest_mail(MINA, "we have it")))
    mina.types("Your message", "Shall I keep the box?")
    mina.presses("Send message")
    mina.reads("Your message is with us.", "Shall I keep the box?")


def test_what_is_missing_is_added_later_by_the_link_of_the_reminder(
    house: House, phone: Person, album_order: Order, film: File
) -> None:
    mina = phone
    says_it_is_missing(mina, "#1042", MINA)
    mina.follows("Go on")
    mina.follows("Go on, and add it later")
    mina.presses("Send it")
    mina.reads("We are waiting for your evidence.", "Add the evidence that is missing")
    mina.reads("Thu 12 Mar, 23:59 in Las Vegas", "that is Fri 15:59 for you")

    assert house.time_passes(days=4, hours=14) == {"evidence_reminder": 1}
    reminder = house.newest_mail(MINA, "something is still missing")
    assert "unboxing video" in reminder.text
    mina.opens(house.link_in(reminder))
    mina.hands_in("Choose or record the video", film)
    mina.reads(f"Unboxing video: {film[0]}", "We have everything. A person looks at it now.")
    mina.does_not_read("Add the evidence that is missing")
    mina.opens(house.link_in(reminder))
    mina.reads("The evidence is complete.")

    assert "evidence_due" not in house.time_passes(days=10)
    assert Claim.objects.get().state == "under_review"
    assert len([each for each in house.mails_to(MINA) if "still missing" in each]) == 1


def test_a_file_chosen_before_the_script_has_come_is_sent_when_it_comes(
    house: House, phone: Person, album_order: Order, film: File
) -> None:
    mina = phone
    says_it_is_missing(mina, "#1042", MINA)
    slow: list[Route] = []
    mina.page.route("**/portal/upload*.js", lambda route: slow.append(route))
    mina.page.get_by_role("link", name="Go on").click(no_wait_after=True)
    mina.hands_in("Choose or record the video", film)
    expect(mina.page.get_by_role("button", name="Send this file")).to_be_visible()
    assert not Evidence.objects.exists()

    for script in slow:
        script.continue_()
    mina.reads("1 of 1 here", film[0])
    assert Evidence.objects.get().original_name == film[0]


def test_without_it_the_claim_closes_and_a_person_can_open_it_again(
    house: House,
    phone: Person,
    at_desk: Callable[[User], Person],
    album_order: Order,
    agent: User,
) -> None:
    mina = phone
    says_it_is_missing(mina, "#1042", MINA)
    mina.follows("Go on")
    mina.follows("Go on, and add it later")
    mina.presses("Send it")
    house.post_goes()
    page = house.link_in(house.newest_mail(MINA, "we have it"))

    assert house.time_passes(days=9) == {"evidence_reminder": 2, "evidence_due": 1}
    mina.opens(page)
    mina.reads("This was closed, because the evidence did not come in time.", "Closed")
    assert not mina.page.get_by_label("Choose or record the video").count()

    nora = at_desk(agent)
    nora.opens("/desk/?queue=done")
    nora.follows(Claim.objects.get().ticket.spoken_reference)
    nora.unfolds("Reopen")
    nora.types("Reason", "She was in hospital, and phoned.")
    nora.presses("Reopen and mail")
    house.post_goes()
    mina.opens(page)
    mina.reads("We are waiting for your evidence.", "Your request was taken up again.")
    mina.does_not_read("hospital")


BROKEN = [("unboxing.mp4", "video/mp4", b"Dear diary, today I bought an album.\n" * 40)]
BROKEN.append(("empty.mp4", "video/mp4", b""))


def test_a_file_that_is_no_film_is_told_at_once_and_nothing_else_is_lost(
    house: House, phone: Person, album_order: Order, film: File
) -> None:
    mina = phone
    says_it_is_missing(mina, "#1042", MINA)
    mina.follows("Go on")
    diary, empty = BROKEN
    mina.hands_in("Choose or record the video", empty)
    row = mina.page.locator(".progress-list > li", has_text=empty[0])
    expect(row).to_contain_text("This file is empty.")
    mina.hands_in("Choose or record the video", diary)
    mina.reads("This is not a video.", "Not usable", "0 of 1 here")
    expect(row).to_be_visible()  # what was told stays until it is taken away
    assert Evidence.objects.get().state == "unreadable"

    mina.hands_in("Choose or record the video", film)
    mina.reads("1 of 1 here")
    mina.presses("Remove unboxing.mp4")
    mina.reads("“unboxing.mp4” is removed.", "1 of 1 here")
    mina.follows("Go on")
    mina.reads("photocard of Haneul", film[0])
    mina.does_not_read("empty.mp4")


def test_the_same_without_scripts(house: House, meets: Meets, album_order: Order) -> None:
    mina = meets(PHONE, java_script_enabled=False)
    says_it_is_missing(mina, "#1042", MINA)
    mina.follows("Go on")
    diary, empty = BROKEN
    mina.hands_in("Choose or record the video", empty)
    mina.presses("Send this file")
    mina.reads("empty.mp4: This file is empty.", "0 of 1 here")
    mina.hands_in("Choose or record the video", diary)
    mina.presses("Send this file")
    mina.reads("“unboxing.mp4” has arrived.")
    mina.reads("This is not a video.", "0 of 1 here")  # the page comes anew by itself
    assert Evidence.objects.get().state == "unreadable"
    mina.follows("Go on, and add it later")
    mina.reads("photocard of Haneul", "This is not a video.")
