"""What the demo's customers and staff did in the weeks before: short stories over the actions.

A story is a generator that yields how many days before the day of loading it goes on. Between
two of them the deadlines are swept and the mails sent, as the jobs would have done.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tickets.actions import carrier, fulfil_claim, money, pickups, releases, talk
from tickets.actions import decide_claim as decide
from tickets.intake.demo.orders import COLLECTED, PICKUPS
from tickets.intake.demo.teller import Teller
from tickets.models import Pickup, Product, Refund

Story = Iterator[float]


def stories(teller: Teller) -> list[Story]:
    """All of them."""
    told = [story(teller) for story in _TOLD]
    return told + [_shelf(teller, number, days) for number, days in PICKUPS.items()]


def _shelf(t: Teller, number: str, days: float) -> Story:
    yield days
    pickup = Pickup.objects.get(order__number=number)
    pickups.confirm(pickup, actor=t.counter, now=t.now)
    if number in COLLECTED:
        yield COLLECTED[number]
        pickups.hand_over(
            pickup, receipt_seen=True, identification_seen=True, actor=t.counter, now=t.now
        )


def _ready_to_decide(t: Teller) -> Story:
    yield 0.6
    note = "The photocard of the second member is missing. I filmed everything in one go."
    t.file(
        "K-1011",
        "missing_photocard",
        "unboxing_video",
        note=note,
        component="Dawn ver. × Yuna × photocard B",
        opened=True,
        video_exists=True,
    )


def _video_missing(t: Teller) -> Story:
    yield 2
    t.file("K-1012", "missing_photocard", note="포토카드가 없어요.", component="photocard")


def _video_missing_for_long(t: Teller) -> Story:
    yield 5.5
    claim = t.file("K-1013", "missing_photocard", note="The post card set is missing.")
    yield 5
    t.say(claim, "My camera roll is on my other phone, I look for it.", "customer",
          t.customer("K-1013"))  # fmt: skip


def _no_video(t: Teller) -> Story:
    yield 1.2
    t.file(
        "K-1014",
        "missing_photocard",
        note="I had opened it already and did not film, sorry!",
        component="photocard",
        opened=True,
        video_exists=False,
    )


def _defect_to_review(t: Teller) -> Story:
    yield 0.9
    t.file("K-1015", "defect", "photo", "photo", note="The light flickers and goes out.")


def _with_manufacturer(t: Teller) -> Story:
    yield 10
    claim = t.file("K-1016", "defect", "photo", "photo", note="Pages 20 to 36 are upside down.")
    yield 9.2
    talk.assign(claim.ticket, t.agent.user, actor=t.agent, now=t.now)
    decide.send_to_manufacturer(claim, note="Batch 0412", actor=t.agent, now=t.now)


def _manufacturer_late(t: Teller) -> Story:
    yield 33
    claim = t.file("K-1017", "missing_photocard", "unboxing_video", note="No photocard inside.")
    yield 32
    decide.send_to_manufacturer(claim, actor=t.agent, now=t.now)
    yield 20
    t.say(claim, "Is there any news?", "customer", t.customer("K-1017"))
    yield 19.7
    t.say(claim, "Not yet: the distributor is counting its stock.", "agent", t.agent)


def _awaiting_return(t: Teller) -> Story:
    yield 25
    claim = t.file("K-1018", "defect", "photo", "photo", note="Does not switch on at all.")
    yield 24
    decide.send_to_manufacturer(claim, actor=t.agent, now=t.now)
    yield 4
    decide.record_answer(claim, True, outcome="replacement", actor=t.agent, now=t.now)


def _inspecting(t: Teller) -> Story:
    yield 30
    claim = t.file("K-1019", "defect", "unboxing_video", note="A crack in the dome.")
    yield 29
    decide.send_to_manufacturer(claim, actor=t.agent, now=t.now)
    yield 18
    decide.record_answer(claim, True, outcome="refund", actor=t.agent, now=t.now)
    yield 3
    fulfil_claim.receive_return(claim, actor=t.counter, now=t.now)


def _replaced(t: Teller) -> Story:
    yield 36
    claim = t.file("K-1020", "missing_photocard", "unboxing_video", note="Photocard missing.")
    yield 35
    decide.send_to_manufacturer(claim, actor=t.agent, now=t.now)
    yield 21
    decide.record_answer(claim, True, outcome="replacement", actor=t.agent, now=t.now)
    yield 18
    fulfil_claim.fulfil(claim, tracking="4208910294050000001020", actor=t.agent, now=t.now)


def _refunded(t: Teller) -> Story:
    yield 41
    claim = t.file("K-1021", "defect", "photo", "photo", "photo", note="Scratched all over.")
    yield 40
    decide.send_to_manufacturer(claim, actor=t.agent, now=t.now)
    yield 33
    decide.record_answer(claim, True, outcome="refund", actor=t.agent, now=t.now)
    yield 24
    fulfil_claim.receive_return(claim, actor=t.counter, now=t.now)
    yield 22
    fulfil_claim.inspect(claim, True, actor=t.agent, now=t.now)
    yield 19
    refund = Refund.objects.get(claim=claim)
    money.mark_refund_paid(refund, actor=t.manager, now=t.now)


def _refused(t: Teller) -> Story:
    yield 10.5
    claim = t.file("K-1022", "transit_damage", "photo", "photo", note="The corner is dented.",
                   opened=False, package_damaged=True)  # fmt: skip
    yield 9.8
    decide.refuse(
        claim,
        "kpopusa.transit-damage",
        note="The photos show a sound package.",
        actor=t.agent,
        now=t.now,
    )


def _expired(t: Teller) -> Story:
    yield 23
    t.file("K-1023", "missing_photocard", note="Something is missing, video follows.")


def _withdrawn(t: Teller) -> Story:
    yield 6
    claim = t.file("K-1024", "missing_photocard", note="The sticker is missing.")
    yield 5.2
    decide.withdraw(claim, actor=t.customer("K-1024"), now=t.now)


def _more_asked(t: Teller) -> Story:
    yield 1.9
    claim = t.file("K-1025", "defect", "photo", "photo", note="A crease on the cover.")
    yield 1.1
    decide.ask_for_evidence(
        claim,
        {"photo": 1},
        5,
        note="Please add one photo of the whole cover in daylight.",
        actor=t.agent,
        now=t.now,
    )


def _worldwide(t: Teller) -> Story:
    yield 2.5
    t.file("W-2001", "missing_photocard", note="Il manque une photocard dans l’album.")


def _worldwide_refund(t: Teller) -> Story:
    yield 6
    claim = t.file("W-2004", "defect", note="Der Leuchtstab geht nicht an.")
    yield 4
    decide.approve(claim, "refund", note="Goodwill: it never worked.", actor=t.lead, now=t.now)


def _figure(t: Teller) -> Story:
    yield 1.4
    t.file("P-3001", "defect", "photo", note="The paint on the ear is stained.")


def _figure_photo_missing(t: Teller) -> Story:
    yield 3.3
    t.file("P-3005", "defect", note="Deux figurines identiques dans le coffret.")


def _figure_replaced(t: Teller) -> Story:
    yield 13
    claim = t.file("P-3007", "defect", "photo", "photo", note="The strap came off.")
    yield 12
    decide.approve(claim, "replacement", actor=t.agent, now=t.now)
    yield 8
    fulfil_claim.receive_return(claim, actor=t.agent, now=t.now)
    yield 7
    fulfil_claim.inspect(claim, True, actor=t.agent, now=t.now)
    yield 6.5
    fulfil_claim.fulfil(claim, tracking="GFUS0000003007", actor=t.agent, now=t.now)


def _cancellation(t: Teller) -> Story:
    yield 0.15
    t.ask("K-1008", "cancel_order", note="I ordered the wrong bag, please cancel it all.")


def _address(t: Teller) -> Story:
    yield 0.4
    t.ask("K-1006", "change_address", note="We are moving next week!", name="Ava Thompson",
          street="901 E 5th St", city="Austin", region="TX", postcode="78702",
          country="US")  # fmt: skip


def _with_the_carrier(t: Teller) -> Story:
    yield 6
    ticket = t.ask("W-2007", "lost_parcel", note="Nothing has come in six weeks.")
    yield 5.5
    carrier.ask_carrier(ticket, number="INQ-2210", actor=t.agent, now=t.now)


def _release_moves(t: Teller) -> Story:
    yield 0.5
    album = Product.objects.select_related("store").get(store__slug="kpopusa", sku="ALB-LUM-03")
    assert album.release_on is not None
    releases.propose(album, album.release_on + timedelta(days=14), actor=t.agent, now=t.now)


_TOLD = (
    _ready_to_decide,
    _video_missing,
    _video_missing_for_long,
    _no_video,
    _defect_to_review,
    _with_manufacturer,
    _manufacturer_late,
    _awaiting_return,
    _inspecting,
    _replaced,
    _refunded,
    _refused,
    _expired,
    _withdrawn,
    _more_asked,
    _worldwide,
    _worldwide_refund,
    _figure,
    _figure_photo_missing,
    _figure_replaced,
    _cancellation,
    _address,
    _with_the_carrier,
    _release_moves,
)
