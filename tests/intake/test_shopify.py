"""Shopify's export, read: what it says, and what is told of what it cannot say."""

from __future__ import annotations

import io
import string
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake.exports import COLUMNS, PLACED, export, line, order, read
from tickets.actions.order_rows import BadRow, OrderRow
from tickets.intake import words
from tickets.intake.shopify import read_orders
from tickets.intake.table import MAX_LINE, UnusableFile


def the_only(content: bytes) -> OrderRow:
    orders, bad = read(content)
    assert bad == []
    assert len(orders) == 1
    return orders[0]


def test_the_lines_below_the_first_belong_to_its_order() -> None:
    poster = line("PST-1", "Poster", **{"Lineitem quantity": 3, "Lineitem price": "6.50"})
    row = the_only(export(order("#1001", poster, line("ALB-1"))))

    assert [(each.line_key, each.kind, each.quantity) for each in row.lines] == [
        ("ALB-1#1", "album", 1),
        ("PST-1#1", "poster", 3),
        ("ALB-1#2", "album", 1),
    ]
    assert row.lines[1].price == Decimal("6.50")
    assert row.lines[0].supplier == "Hanbit Distribution"
    assert row.shipment_kinds == ("parcel", "poster")


def test_the_order_s_own_cells_become_values() -> None:
    row = the_only(
        export(
            order(
                **{
                    "Fulfilled at": "2026-03-02 09:00:00 -0800",
                    "Tags": "member, POP NOW, release: 2026-04-01",
                    "Shipping Phone": "'+1 702 555 0142",
                }
            )
        )
    )
    assert (row.number, row.number_key, row.email) == ("#1001", "1001", "mina@example.com")
    assert row.placed_at == datetime(2026, 3, 1, 18, 22, 33, tzinfo=UTC)
    assert row.fulfilled_at == datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    assert (row.total, row.currency, row.country) == (Decimal("25.90"), "USD", "US")
    assert (row.channel, row.member) == ("pop_now", True)
    assert (row.name, row.phone) == ("김민아", "+1 702 555 0142")
    assert dict(row.ship_to)["zip"] == "89101"
    assert (row.time_zone, row.shipping_method) == ("America/Los_Angeles", "standard")


def test_a_byte_order_mark_other_column_order_and_unknown_columns_do_not_matter() -> None:
    turned = ["Something new", *reversed(COLUMNS)]
    plain = the_only(export(order()))
    assert the_only(b"\xef\xbb\xbf" + export(order(), columns=turned)) == plain


def test_a_note_over_several_lines_is_one_cell() -> None:
    orders, bad = read(
        export(order(Notes="please\nring\r\ntwice"), order("#1002", **{"Lineitem quantity": 0}))
    )
    assert [row.number for row in orders] == ["#1001"]
    assert [each.line for each in bad] == [5]  # counted as a text editor does


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Email": ""}, "Email is missing"),
        ({"Email": "no address"}, "is no e-mail address"),
        ({"Currency": "XXQ"}, "is no currency"),
        ({"Total": "-3.00"}, "is negative"),
        ({"Total": "a lot"}, "is no amount"),
        ({"Total": "1.005"}, "more than two decimals"),
        ({"Total": "NaN"}, "is no amount"),
        ({"Created at": "2026-13-01 10:00:00 -0800"}, "does not exist"),
        ({"Created at": "2026-03-01 10:00:00"}, "is no time"),
        ({"Created at": ""}, "Created at is missing"),
        ({"Paid at": "yesterday"}, "is no time"),
        ({"Lineitem quantity": "0"}, "is not above zero"),
        ({"Lineitem quantity": "1.5"}, "is no whole number"),
        ({"Lineitem name": ""}, "Lineitem name is missing"),
        ({"Lineitem price": "-1"}, "is negative"),
        ({"Lineitem sku": "x" * 81}, "longer than 80"),
    ],
)
def test_a_bad_cell_is_told_with_its_line_and_the_others_go_in(
    cells: dict[str, str], reason: str
) -> None:
    orders, bad = read(export(order("#1"), order("#2", line(), **cells), order("#3")))

    assert [row.number for row in orders] == ["#1", "#3"]
    assert [(each.line, each.number) for each in bad] == [(3, "#2")]
    assert reason in bad[0].reason


def test_a_bad_line_leaves_its_whole_order_out() -> None:
    broken = line("X", "x", **{"Lineitem price": "?"})
    orders, bad = read(export(order("#1", line("B"), broken, line("C")), order("#2")))
    assert [row.number for row in orders] == ["#2"]
    assert [(each.line, each.number) for each in bad] == [(4, "#1")]


def test_a_line_without_its_order_is_told() -> None:
    stray = [{"Name": "#9", "Email": "a@example.com", **line()}]
    orders, bad = read(export(order("#1"), stray, order("#2")))
    assert [row.number for row in orders] == ["#1", "#2"]
    assert [(each.line, each.number) for each in bad] == [(3, "#9")]


def test_a_row_without_a_number_spoils_the_order_it_may_belong_to() -> None:
    nameless = [{"Name": "", "Email": "", **line("B")}]
    orders, bad = read(export(order("#1"), nameless, order("#2")))
    assert [row.number for row in orders] == ["#2"]
    assert bad[0].line == 3


def test_a_row_cut_off_at_the_end_is_told() -> None:
    content = export(order("#1"), order("#2"))
    orders, bad = read(content[: content.rindex(b"USD")])
    assert [row.number for row in orders] == ["#1"]
    assert [each.line for each in bad] == [3]


def test_a_quote_that_never_closes_costs_its_own_order_only() -> None:
    rows = export(order("#1"), order("#2"), order("#3")).split(b"\r\n")
    rows[2] = rows[2].replace(b"Las Vegas", b'"Las Vegas')
    orders, bad = read(b"\r\n".join(rows))
    assert [row.number for row in orders] == ["#1", "#3"]
    assert [(each.line, each.number) for each in bad] == [(3, "#2")]


def test_a_line_that_is_not_utf_8_costs_its_own_order_only() -> None:
    rows = export(order("#1"), order("#2"), order("#3")).split(b"\r\n")
    rows[2] = rows[2].replace(b"Las Vegas", "Málaga".encode("latin-1"))
    orders, bad = read(b"\r\n".join(rows))
    assert [row.number for row in orders] == ["#1", "#3"]
    assert "UTF-8" in bad[0].reason


def test_a_line_without_end_is_skipped_in_bounded_memory() -> None:
    rows = export(order("#1"), order("#2")).split(b"\r\n")
    rows.insert(2, b"x" * (3 * MAX_LINE))
    orders, bad = read(b"\r\n".join(rows))
    assert [row.number for row in orders] == ["#1", "#2"]
    assert "too long" in bad[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "first line is empty"),
        ("Name,Email".encode("utf-16"), "UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "UTF-8"),
        (b"sku,stock\nA,1\n", "no column “Name”"),
        (b"Name;Email;Currency\n", "semicolons"),
    ],
)
def test_a_file_that_is_no_such_export_is_told_as_a_whole(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        read(content)


@pytest.mark.parametrize(
    ("label", "method"),
    [
        ("Standard Shipping", "standard"),
        ("USPS Ground Advantage", "standard"),
        ("Free shipping over $50", "standard"),
        ("Priority Mail", "priority"),
        ("Priority Mail Express", "express"),
        ("DHL Worldwide", "express"),
        ("In-store pickup", "pickup"),
        ("Pick up at Las Vegas", "pickup"),
        ("UPS", ""),
        ("", ""),
    ],
)
def test_what_a_shipping_label_means(label: str, method: str) -> None:
    assert words.shipping_method(label) == method


def test_a_shop_s_own_label_wins() -> None:
    assert words.shipping_method("KPOP USA", {"Kpop USA": "pickup"}) == "pickup"


@pytest.mark.parametrize(
    ("sku", "title", "kind"),
    [
        ("ALB-1", "whatever", "album"),
        ("", "3rd Mini Album (Poster ver.)", "album"),
        ("", "Official Light Stick", "lightstick"),
        ("PST-9", "", "poster"),
        ("", "Cloud Keepers blind box", "blind_box"),
        ("", "Gift card 50", "gift_card"),
        ("LSD-1", "Key ring", "goods"),
    ],
)
def test_what_kind_of_goods_it_is(sku: str, title: str, kind: str) -> None:
    assert words.product_kind(sku, title) == kind


def test_a_preorder_is_known_by_its_tag_or_title_and_tells_its_release() -> None:
    tagged = the_only(export(order(Tags="Pre-Order, x")))
    titled = the_only(export(order(**line(title="Low Tide album [Pre-order] release: 2026-05-04"))))
    assert tagged.preorder and titled.preorder
    assert titled.lines[0].release_on == date(2026, 5, 4)
    assert not the_only(export(order())).preorder


# Whatever comes --------------------------------------------------------------------------------

_text = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="'"), min_size=1, max_size=40
).filter(lambda text: text.strip() and " ".join(text.split()))
_sku = st.text(string.ascii_uppercase + string.digits + "-_.", min_size=1, max_size=20)
_money = st.decimals(0, 10_000, places=2)
_moment = st.datetimes(
    datetime(2001, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.integers(-12 * 4, 14 * 4).map(lambda n: timezone(timedelta(minutes=15 * n))),
).map(lambda at: at.replace(microsecond=0))
_line = st.tuples(_sku, _text, st.integers(1, 99), _money)
_order = st.tuples(_moment, _money, _text, st.lists(_line, min_size=1, max_size=4))


def _as_rows(number: int, told: Any) -> list[dict[str, Any]]:
    at, total, name, lines = told
    cells = [
        line(sku, title, **{"Lineitem quantity": count, "Lineitem price": price})
        for sku, title, count, price in lines
    ]
    own = {
        "Created at": at.strftime("%Y-%m-%d %H:%M:%S %z"),
        "Total": total,
        "Shipping Name": name,
        "Paid at": "",
    }
    return order(f"#{number}", *cells[1:], **(own | cells[0]))


@settings(max_examples=60, deadline=None)
@given(st.lists(_order, max_size=6))
def test_what_was_exported_is_what_is_read(told: list[Any]) -> None:
    orders, bad = read(export(*(_as_rows(number, each) for number, each in enumerate(told))))

    assert bad == []
    assert len(orders) == len(told)
    for row, (at, total, name, lines) in zip(orders, told, strict=True):
        assert (row.placed_at, row.total) == (at.astimezone(UTC), total)
        assert row.name == " ".join(name.split())
        assert [(each.sku, each.quantity, each.price) for each in row.lines] == [
            (sku, count, price) for sku, _title, count, price in lines
        ]
        assert len({each.line_key for each in row.lines}) == len(lines)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_the_bytes_stops_the_reader(data: st.DataObject) -> None:
    content = bytearray(export(order("#1", line("B")), order("#2"), order("#3", Notes='a "b"')))
    header = content.index(b"\n") + 1
    for _each in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(header, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    lines = content.count(b"\n") + 1

    for item in read_orders(io.BytesIO(bytes(content))):
        if isinstance(item, BadRow):
            assert 1 < item.line <= lines
            assert item.reason
            item.reason.encode(), item.number.encode()  # can be printed
        else:
            assert item.lines and item.total >= 0 and item.email


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_told_or_read(content: bytes) -> None:
    try:
        list(read_orders(io.BytesIO(content)))
    except UnusableFile as error:
        assert str(error)


def test_the_same_order_has_the_same_digest_wherever_it_stands() -> None:
    first, second = (
        the_only(export(order())),
        read(export(order("#0"), order(**{"Created at": PLACED})))[0][1],
    )
    assert first.line != second.line
    assert first.digest == second.digest
    assert first.digest != the_only(export(order(Total="25.91"))).digest
