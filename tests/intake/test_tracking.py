"""Tracking numbers and delivery dates: from the second file, or by a person's hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.cast import NOON, Story, make_order
from tests.intake.exports import saved
from tickets.actions.orders import record_delivery
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import Customer, Event, Order, Shipment, Store, TrackingEvent, User

HEADER = "order,tracking number,carrier,kind,shipped at,last event at,delivered at,event,place"
Track = Callable[..., tuple[int, str]]


def when(**ago: float) -> str:
    return (NOON - timedelta(**ago)).strftime("%Y-%m-%d %H:%M:%S %z")


@pytest.fixture
def tracking(kpopusa: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Track:
    """Run ``import_tracking`` at noon on these rows."""
    monkeypatch.setattr("tickets.management.commands.import_tracking.now", lambda: NOON)

    def run(*rows: str) -> tuple[int, str]:
        out = io.StringIO()
        full = [row + "," * (HEADER.count(",") - row.count(",")) for row in rows]
        path = saved(tmp_path, "\n".join([HEADER, *full, ""]).encode(), "tracking.csv")
        try:
            call_command("import_tracking", str(path), "--store", "kpopusa", stdout=out)
        except SystemExit as end:
            assert isinstance(end.code, int)
            return end.code, out.getvalue()
        return 0, out.getvalue()

    return run


@pytest.fixture
def sent(mina: Customer) -> Order:
    """#7: sent five days ago, nothing known of it since."""
    row = make_order(mina, "#7", shipped=None)
    Shipment.objects.create(order=row, shipped_at=NOON - timedelta(days=5))
    Shipment.objects.create(order=row, kind="poster", shipped_at=NOON - timedelta(days=5))
    return row


def test_a_number_names_the_parcel_that_had_none(tracking: Track, sent: Order) -> None:
    status, said = tracking(
        f"#7,9400111,USPS,,{when(days=5)},{when(days=1)},{when(days=1)}",
        f"7,9400222,USPS,poster,{when(days=5)},{when(days=2)},",
    )
    assert (status, said.strip()) == (0, "Shipments: 0 new, 2 changed, 0 unchanged, 0 bad rows.")
    parcel, poster = sent.shipments.order_by("kind")
    assert (parcel.tracking_number, parcel.delivered_at) == ("9400111", NOON - timedelta(days=1))
    assert (poster.tracking_number, poster.delivered_at) == ("9400222", None)
    assert poster.last_tracking_at == NOON - timedelta(days=2)


def test_again_nothing_happens_and_blank_erases_nothing(tracking: Track, sent: Order) -> None:
    rows = [f"#7,9400111,USPS,,{when(days=5)},{when(days=1)},{when(days=1)}"]
    tracking(*rows)
    before = list(Shipment.objects.order_by("pk").values())

    assert "0 new, 0 changed, 1 unchanged" in tracking(*rows)[1]
    tracking("#7,9400111,,,,,")

    assert list(Shipment.objects.order_by("pk").values()) == before


def test_a_second_number_is_a_second_parcel(tracking: Track, sent: Order) -> None:
    tracking("#7,9400111,USPS,,,,", "#7,9400333,USPS,,,,")
    parcels = sent.shipments.filter(kind="parcel").values_list("tracking_number", flat=True)
    assert sorted(parcels) == ["9400111", "9400333"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("#8,1,USPS,,,,", "there is no such order"),
        (f"#7,1,USPS,,,,{when(days=-1)}", "in the future"),
        (f"#7,1,USPS,,,,{when(days=6)}", "before the order was shipped"),
        (f"#7,1,USPS,crate,,,{when(days=1)}", "neither parcel nor poster"),
        ("#7,1,USPS,,,,soon", "is no time"),
        (",1,USPS,,,,", "order is missing"),
    ],
)
def test_a_bad_row_is_told_and_the_others_go_in(
    tracking: Track, sent: Order, row: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _said = tracking(row, f"#7,9400222,USPS,poster,,,{when(days=1)}")

    assert status == 1
    told = capsys.readouterr().err
    assert "tracking.csv line 2" in told and reason in told
    assert sent.shipments.get(kind="poster").delivered_at == NOON - timedelta(days=1)
    assert sent.shipments.get(kind="parcel").delivered_at is None


def test_an_older_file_does_not_turn_the_last_event_back(tracking: Track, sent: Order) -> None:
    tracking(f"#7,1,USPS,,,{when(days=1)},")
    tracking(f"#7,1,USPS,,,{when(days=3)},")
    assert sent.shipments.get(kind="parcel").last_tracking_at == NOON - timedelta(days=1)


def test_the_tickets_of_an_order_hear_of_its_delivery(tracking: Track, story: Story) -> None:
    claim = story.file()
    number = story.order.shipments.get().tracking_number
    tracking(f"#1042,{number},USPS,,,,{when(days=1)}")
    tracking(f"#1042,{number},USPS,,,,{when(days=1)}")

    event = Event.objects.get(kind="delivery_recorded")
    assert (event.ticket, event.actor_kind) == (claim.ticket, "system")
    assert event.data["delivered_at"] == (NOON - timedelta(days=1)).isoformat()


# Events, and numbers that cannot be ------------------------------------------------------------

NUMBER = "9400111201080805483016"


def test_what_the_carrier_said_is_kept_once_and_in_order(tracking: Track, sent: Order) -> None:
    rows = [
        f"#7,{NUMBER},USPS,,,{when(days=4)},,Accepted at the post office,Las Vegas",
        f"#7,{NUMBER},USPS,,,{when(days=2)},,In transit,Denver",
        f"#7,{NUMBER},USPS,,,{when(days=3)},,Left the sorting centre,",
    ]
    assert "0 new, 1 changed, 0 unchanged" in tracking(*rows)[1]
    assert "0 new, 0 changed, 3 unchanged" in tracking(*rows)[1]

    parcel = sent.shipments.get(kind="parcel")
    said = list(parcel.tracking_events.values_list("text", "place"))
    assert said == [
        ("In transit", "Denver"),
        ("Left the sorting centre", ""),
        ("Accepted at the post office", "Las Vegas"),
    ]
    assert parcel.last_tracking_at == NOON - timedelta(days=2)


def test_a_place_that_is_told_later_is_added_and_never_erased(tracking: Track, sent: Order) -> None:
    for place in ("", "Reno", ""):
        tracking(f"#7,{NUMBER},USPS,,,{when(days=2)},,In transit,{place}")
    assert TrackingEvent.objects.get().place == "Reno"


def test_a_new_parcel_brings_its_events(tracking: Track, sent: Order) -> None:
    sent.shipments.all().delete()
    status, _said = tracking(
        f"#7,{NUMBER},USPS,,{when(days=5)},{when(days=4)},,Accepted,",
        f"#7,{NUMBER},USPS,,{when(days=5)},{when(days=4)},,Accepted,",
    )
    assert (status, sent.shipments.get().tracking_events.count()) == (0, 1)


def test_a_number_is_the_same_however_it_is_spaced(tracking: Track, sent: Order) -> None:
    tracking(f"#7,{NUMBER},USPS,,,,,,", "#7,9400 1112 0108 0805 4830 16,USPS,,,,,,")
    assert sent.shipments.filter(kind="parcel").get().tracking_number == NUMBER


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("#7,9400111201080805483017,USPS,,,,,,", "This USPS number has a digit wrong"),
        ("#7,9400111201080805483017,,,,,,,", "This USPS number has a digit wrong"),
        ("#7,986578788856,FedEx,,,,,,", "This FedEx number has a digit wrong"),
        ("#7,1Z5R8939O357567127,UPS,,,,,,", "Is it 1Z5R89390357567127?"),
        (f"#7,{NUMBER},USPS,,,,,In transit,", "event has no time"),
        (f"#7,{NUMBER},USPS,,,{when(days=2)},,,Denver", "place has no event"),
        (f"#7,{NUMBER},USPS,,,{when(days=-2)},,In transit,", "in the future"),
    ],
)
def test_a_row_that_cannot_be_is_told_with_its_reason(
    tracking: Track, sent: Order, row: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _said = tracking(row)
    assert status == 1
    assert reason in capsys.readouterr().err
    assert not sent.shipments.exclude(tracking_number="").exists()
    assert not TrackingEvent.objects.exists()


@pytest.mark.parametrize("carrier", ["", "CJ Logistics"])
def test_a_number_that_may_be_another_carrier_s_goes_in(
    tracking: Track, sent: Order, carrier: str
) -> None:
    assert tracking(f"#7,986578788856,{carrier},,,,,,")[0] == 0
    assert sent.shipments.filter(tracking_number="986578788856").exists()


# By hand -------------------------------------------------------------------------------------


def test_an_agent_records_a_delivery_once(sent: Order, agent: User) -> None:
    parcel = sent.shipments.get(kind="parcel")
    for _each in range(2):
        record_delivery(parcel, NOON - timedelta(days=2), actor=Actor.staff(agent), now=NOON)
    parcel.refresh_from_db()
    assert parcel.delivered_at == NOON - timedelta(days=2)
    assert not Event.objects.exists()  # nobody has written about this order


@pytest.mark.parametrize("at", [NOON + timedelta(hours=1), NOON - timedelta(days=6)])
def test_an_impossible_delivery_is_refused(sent: Order, agent: User, at: datetime) -> None:
    parcel = sent.shipments.get(kind="parcel")
    with pytest.raises(InvalidInput):
        record_delivery(parcel, at, actor=Actor.staff(agent), now=NOON)
    parcel.refresh_from_db()
    assert parcel.delivered_at is None


def test_an_agent_of_another_store_may_not(sent: Order, stranger: User) -> None:
    parcel = sent.shipments.get(kind="parcel")
    with pytest.raises(NotAllowed):
        record_delivery(parcel, NOON, actor=Actor.staff(stranger), now=NOON)
    parcel.refresh_from_db()
    assert parcel.delivered_at is None


def test_a_page_that_is_out_of_date_is_told(story: Story, agent: User) -> None:
    claim = story.file()
    parcel = story.order.shipments.get()
    with pytest.raises(Conflict) as told:
        record_delivery(
            parcel,
            NOON - timedelta(days=1),
            actor=Actor.staff(agent),
            now=NOON,
            ticket=claim.ticket,
            seen=0,
        )
    assert told.value.event is not None
    claim.ticket.refresh_from_db()
    record_delivery(
        parcel,
        NOON - timedelta(days=1),
        actor=Actor.staff(agent),
        now=NOON,
        ticket=claim.ticket,
        seen=claim.ticket.last_seq,
    )
    assert Event.objects.filter(kind="delivery_recorded").count() == 1
