"""Every number of the page is the length of the list behind it, and counts what it says."""

import csv
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import NOON
from tickets.models import Claim, Outbox, Refund, Store
from tickets.models.deadline import DEADLINE_KINDS
from tickets.reports.books import BOOKS
from tickets.reports.periods import period_of
from tickets.spreadsheets import defused

NUMBER = re.compile(r'<a href="(/reports/[a-z-]+/\?[^"]+)"[^>]*>([^<]+)</a>')


def numbers(html: str) -> dict[str, str]:
    return {unescape(url): text for url, text in NUMBER.findall(html)}


def table(html: str, heading: str) -> str:
    return html.split(f'aria-labelledby="{heading}"')[1].split("</section>")[0]


def test_each_number_is_the_length_of_its_list_and_of_its_csv(marek, month):
    found = numbers(marek.get("/reports/").content.decode())
    assert len(found) > 60
    for url, shown in found.items():
        page = marek.get(url)
        assert page.status_code == 200, url
        count = page.context["count"]
        sheet = read_csv(marek, page.context["csv_url"])
        assert len(page.context["rows"]) == len(sheet) - 1 == count, url
        if shown.isdecimal():
            assert count == int(shown), url
        else:
            assert [f"${row['total']}" for row in page.context["sums"]] == [shown], url


def test_the_claims_of_the_month_are_told_by_type_verdict_and_outcome(marek, month):
    found = numbers(table(marek.get("/reports/").content.decode(), "claims"))

    def number(**cuts):
        """The number whose link carries exactly these cuts."""
        (one,) = (
            int(shown)
            for url, shown in found.items()
            if {c for c in url.partition("?")[2].split("&") if c.split("=")[0] in CUTS}
            == {f"{name}={value}" for name, value in cuts.items()}
        )
        return one

    assert number() == 5
    assert number(type="missing_photocard") == 2
    assert number(type="missing_photocard", result="replacement") == 1
    assert number(type="missing_photocard", result="open") == 1
    assert number(type="missing_photocard", verdict="evidence_needed") == 1
    assert number(type="defect", result="refused") == 1
    assert number(type="transit_damage", result="refund") == 2
    assert number(result="refund") == 2
    assert sum(number(result=result) for result in BOOKS["claims"].cuts["result"]) == 5
    assert sum(number(verdict=verdict) for verdict in BOOKS["claims"].cuts["verdict"]) == 5


CUTS = {"type", "verdict", "result"}


def test_every_kind_of_promise_has_a_line_in_the_sum(marek, month):
    promised = {kind for kind in DEADLINE_KINDS if kind.endswith("_due")} - {"retention_due"}
    assert set(BOOKS["deadlines"].cuts["kind"]) == promised
    *lines, total = marek.get("/reports/").context["deadlines"].lines
    for column in range(len(total.numbers)):
        assert sum(line.numbers[column].value for line in lines) == total.numbers[column].value
    assert total.numbers[0].value


def test_money_is_summed_by_currency_and_paid_is_not_owed(marek, month):
    html = marek.get("/reports/").content.decode()
    paid = numbers(table(html, "paid"))
    assert list(paid.values()) == ["$24.90"]
    assert list(numbers(table(html, "owed")).values()) == ["$123.70"]
    Refund.objects.filter(pickup__order__number="#7002").update(currency="CAD")
    html = marek.get("/reports/").content.decode()
    assert list(numbers(table(html, "owed")).values()) == ["CA$98.80", "$24.90"]


def test_pickups_count_when_they_ended(marek, month):
    found = numbers(table(marek.get("/reports/").content.decode(), "pickups"))
    assert {url.rpartition("end=")[2]: shown for url, shown in found.items()} == {
        "collected": "1",
        "expired": "0",
        "cancelled": "1",
    }


def test_mails_that_did_not_arrive_are_shown(marek, month):
    row = Outbox.objects.filter(template="claim_filed").first()
    row.state, row.settled_at, row.last_error = "bounced", NOON, "550 no such user"
    row.save()
    page = marek.get("/reports/mails/?period=this-month&state=bounced")
    assert page.context["count"] == 1
    assert b"550 no such user" in page.content


def test_a_list_of_many_is_paged_without_losing_or_repeating_a_row(marek, filed, monkeypatch):
    monkeypatch.setattr("tickets.reports.paging.page_of.__defaults__", (3,))
    claims = [filed() for _ in range(7)]
    Claim.objects.update(filed_at=NOON)  # all at once: the key alone orders them
    seen, url = [], "/reports/claims/"
    while url:
        page = marek.get(url)
        assert page.context["count"] == 7
        seen += [cells[0] for _link, cells in page.context["rows"]]
        url = page.context["next_url"]
    assert seen == [claim.ticket.spoken_reference for claim in reversed(claims)]


@pytest.mark.parametrize(
    "url",
    [
        "/reports/nothing/",
        "/reports/claims/?type=unknown",
        "/reports/claims/?after=yesterday",
        "/reports/claims/?after=2026-03-05T20:00:00|1",
        "/reports/refunds-paid/?currency=money",
        "/reports/claims/?period=custom",
        "/reports/claims/?period=custom&from=2026-03-09&to=2026-03-01",
        "/reports/claims/csv?type=unknown",
    ],
)
def test_what_is_no_list_is_not_found(marek, url):
    assert marek.get(url).status_code == 404


def test_a_period_that_cannot_be_is_told_beside_its_field(marek):
    page = marek.get("/reports/?period=custom&from=2026-03-09&to=2026-03-01")
    assert page.status_code == 200
    assert b"The last day must not be before the first." in page.content


# --- the edges of a period ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        # March begins at 08:00 UTC, before the clocks change, and ends at 07:00, after it.
        ("this-month", "2026-03-01T08:00+00:00", "2026-04-01T07:00+00:00"),
        ("last-month", "2026-02-01T08:00+00:00", "2026-03-01T08:00+00:00"),
        ("last-30-days", "2026-02-04T08:00+00:00", "2026-03-06T08:00+00:00"),
    ],
)
def test_a_period_is_whole_local_days_of_the_store(kpopusa, preset, first, last):
    period = period_of(kpopusa, preset, NOON)
    assert period.starts_at == datetime.fromisoformat(first)
    assert period.ends_at == datetime.fromisoformat(last)


def test_on_the_evening_of_the_last_of_the_month_it_is_still_that_month(kpopusa):
    late = datetime(2026, 4, 1, 5, 0, tzinfo=UTC)  # 22:00 on 31 March in Las Vegas
    assert period_of(kpopusa, "this-month", late).last.isoformat() == "2026-03-31"


@pytest.mark.parametrize(
    ("at", "day", "counted"),
    [
        ("2026-03-08T07:59:59+00:00", "2026-03-07", 1),
        ("2026-03-08T08:00:00+00:00", "2026-03-07", 0),
        ("2026-03-08T08:00:00+00:00", "2026-03-08", 1),
        ("2026-03-09T06:59:59+00:00", "2026-03-08", 1),  # a day of 23 hours
        ("2026-03-09T07:00:00+00:00", "2026-03-08", 0),
        ("2026-03-09T07:00:00+00:00", "2026-03-09", 1),
    ],
)
def test_a_claim_counts_on_the_local_day_on_which_it_was_filed(marek, filed, at, day, counted):
    filed()
    Claim.objects.update(filed_at=datetime.fromisoformat(at))
    page = marek.get(f"/reports/claims/?period=custom&from={day}&to={day}")
    assert page.context["count"] == counted


# --- who may look ---------------------------------------------------------------------------

ROUTES = ("/reports/", "/reports/claims/", "/reports/claims/csv")


@pytest.mark.parametrize("url", ROUTES)
@pytest.mark.parametrize("who", ["reader", "agent", "lead"])
def test_who_may_not_report_finds_nothing(client, request, at_noon, url, who, month):
    client.force_login(request.getfixturevalue(who))
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("url", ROUTES)
def test_who_is_not_signed_in_is_asked_to(client: Client, url, db):
    response = client.get(url)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("url", ROUTES)
def test_nothing_can_be_sent_to_a_report(marek, url):
    assert marek.post(url).status_code == 405


@pytest.mark.parametrize("url", ROUTES)
def test_another_store_is_not_found(marek, elsewhere, url):
    assert marek.get(f"{url}?store=popmart").status_code == 404


def test_another_stores_rows_are_in_no_number(marek, filed, elsewhere):
    filed()
    page = marek.get("/reports/claims/")
    assert page.context["count"] == 1
    assert elsewhere.ticket.spoken_reference not in page.content.decode()


def test_a_manager_of_two_stores_chooses(marek, manager, elsewhere, filed):
    filed()
    manager.memberships.create(store=Store.objects.get(slug="popmart"), role="manager")
    page = marek.get("/reports/claims/?store=popmart")
    assert page.context["count"] == 1
    assert elsewhere.ticket.spoken_reference in page.content.decode()


# --- CSV ------------------------------------------------------------------------------------


def read_csv(client, url):
    response = client.get(url)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def test_the_csv_says_what_the_list_says(marek, filed):
    claim = filed()
    head, row = read_csv(marek, reverse("reports:csv", args=["claims"]))
    assert head[:3] == ["Reference", "Filed", "Customer"]
    assert row[0] == claim.ticket.spoken_reference
    assert row[1] == "2026-03-05 12:00:00-08:00"
    assert row[2] == "김미나"


def test_a_customers_name_cannot_become_a_formula(marek, filed, mina):
    mina.name = '=HYPERLINK("http://evil.example","click")'
    mina.save()
    filed()
    _head, row = read_csv(marek, "/reports/claims/csv")
    assert row[2].startswith("'=")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_what_a_spreadsheet_would_calculate_stays_text(text):
    assert defused(text) == f"'{text}"


def test_plain_text_is_left_alone():
    assert defused("Aurora – 3rd Mini Album") == "Aurora – 3rd Mini Album"


def test_the_file_is_named_by_what_it_holds(marek, filed):
    response = marek.get("/reports/claims/csv?type=defect")
    name = 'filename="claims-defect-kpopusa-2026-03-01-2026-03-31.csv"'
    assert name in response["Content-Disposition"]
