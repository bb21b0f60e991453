"""The packs against the book of rules, and docs/policies.md against the packs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.conditions import check_facts
from policies.pack import load_builtin_packs
from policies.rulebook import rulebook
from policies.shapes import Request
from policies.whereabouts import decisions, enforced, timers
from tests.policies.asking import ask

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "policies.md"
PACKS = load_builtin_packs()
RULES = {key: rule for pack in PACKS.values() for key, rule in pack.rules.items()}


def book() -> dict[str, tuple[list[str], dict[str, object], set[str], date | None]]:
    """Return kinds, figures, which of them are ours, and the start, by rule."""
    found = {}
    for line in (HERE / "book.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        rule, kinds, figures, since, *_ = [*(part.strip() for part in line.split("|")), ""]
        ours, numbers = set(), {}
        for item in filter(None, figures.split(", ")):
            name, *values = item.removeprefix("*").split()
            plain = tuple(int(value) for value in values)
            numbers[name] = plain if len(plain) > 1 else plain[0]
            if item.startswith("*"):
                ours.add(name)
        found[rule] = (
            kinds.split(),
            numbers,
            ours,
            date.fromisoformat(since) if since else None,
        )
    return found


BOOK = book()


def test_the_book_and_the_packs_have_the_same_rules():
    assert sorted(BOOK) == sorted(RULES)
    assert sorted(BOOK) == sorted((HERE / "rules.txt").read_text("utf-8").split())


@pytest.mark.parametrize("rule_id", BOOK)
def test_a_rule_is_what_the_book_says(rule_id):
    kinds, figures, ours, since = BOOK[rule_id]
    rule = RULES[rule_id]

    assert list(rule.kinds) == kinds
    assert dict(rule.figures) == figures
    assert set(rule.house) == ours
    assert (rule.data.starts_on, rule.data.ends_on) == (since, None)
    assert rule.page in rule.pack.pages


@pytest.mark.parametrize("rule_id", BOOK)
def test_every_figure_is_told_in_the_rules_own_words(rule_id):
    """A figure that no sentence, answer or article holds could differ from what is said."""
    data = RULES[rule_id].data
    told = str((data.sentence, data.says, data.article))
    silent = {"videos", "receipts", "screenshots", "warn_days_before", "reminder_days"}

    for name in set(data.figures) - silent:
        assert f"{{{name}}}" in told or f"{{{name}|" in told


@pytest.mark.parametrize("rule_id", BOOK)
def test_what_is_said_to_be_enforced_is_enforced(rule_id):
    rule = RULES[rule_id]
    document = rule.pack.document

    if "E" in rule.kinds:
        assert decisions(document, rule_id)
    if "T" in rule.kinds:
        assert timers(document, rule_id)
    if rule_id not in ("popmart.defect.kinds",):  # it tells what a defect is, and decides none
        assert enforced(document, rule_id)


def test_the_page_is_what_the_packs_say():
    """Renew it with `manage.py pack table`."""
    assert PAGE.read_text("utf-8") == rulebook(tuple(PACKS.values()))


def test_the_page_shows_every_rule_with_its_figures_and_its_places():
    text = PAGE.read_text("utf-8")
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 7 and cells[0].strip().startswith("`"):
            rows[cells[0].strip(" `")] = cells

    assert sorted(rows) == sorted(RULES)
    for rule_id, (kinds, figures, ours, since) in BOOK.items():
        _, told_kinds, said, told_figures, in_force, page, places = rows[rule_id]
        assert told_kinds.split() == kinds
        assert said
        assert page
        assert places
        assert told_figures.count("(house)") == len(ours)
        assert told_figures.count(" = ") == len(figures)
        assert in_force == f"from {since or '2020-01-01'}"
    assert "20, 7" not in rows["kpopusa.pickup.reserve"][3]
    assert "reminder_days = 7, 3, 1 (house)" in rows["kpopusa.pickup.reserve"][3]
    assert "reminders of a reserved pickup, and its expiry" in rows["kpopusa.pickup.reserve"][6]
    assert rows["popmart.distributor"][6] == "decision: every request"
    assert "delivery estimates" in rows["kpop2.shipping-estimate"][6]
    assert rows["popmart.carriers"][6] == "carriers by tracking number"


def test_the_page_shows_every_floor():
    text = PAGE.read_text("utf-8")

    for pack in PACKS.values():
        for floor in pack.floors.values():
            (line,) = [line for line in text.splitlines() if line.startswith(f"| `{floor.id}`")]
            assert floor.sentence() in line
            assert f"| {'on' if floor.on else 'off'} |" in line


def test_what_the_stores_publish_about_themselves_and_what_is_ours():
    kpopusa, kpop2, popmart = (PACKS[slug].document.store for slug in sorted(PACKS, key=ORDER))

    assert kpopusa.house == ()
    assert set(kpop2.house) == {"time_zone", "holidays", "currencies", "opening_hours"}
    assert popmart.house == ("opening_hours",)
    for store, zone, country, currencies, days, hours in (
        (kpopusa, "America/Los_Angeles", "US", ("USD",), 6, ("12:00", "19:30")),
        (kpop2, "Asia/Seoul", "KR", ("USD",), 5, ("10:00", "18:00")),
        (popmart, "America/Los_Angeles", "US", ("USD", "CAD"), 5, ("09:00", "17:00")),
    ):
        assert (store.time_zone, store.holidays.country) == (zone, country)
        assert store.currencies == currencies
        assert len(store.opening_hours) == days
        for spans in store.opening_hours.values():
            assert [(f"{span.start:%H:%M}", f"{span.end:%H:%M}") for span in spans] == [hours]
    assert [channel.value for channel in kpopusa.channels] == [
        "+1-702-476-1990",
        "info@kpopusaonline.com",
    ]
    assert [channel.value for channel in popmart.channels] == ["na.support@popmart.com"]


ORDER = ["kpopusa", "kpop2", "popmart"].index

# Which rule settles each request of an order about which nothing is known, by store. What is
# left out is unwritten.
PLAIN = {
    "kpopusa": {
        "missing_photocard": "wait contact-window",
        "defect": "wait contact-window",
        "transit_damage": "wait contact-window",
        "lost_parcel": "wait lost-parcel",
        "tracking_stalled": "wait lost-parcel",
        "poster_missing": "wait poster",
        "shipping_time": "answered shipping-estimate",
        "cancel_order": "accepted cancel",
        "change_address": "accepted change-address",
        "change_of_mind": "refused change-of-mind",
        "pickup": "wait pickup.prepare",
        "preorder": "answered preorder",
        "preorder_benefits": "answered preorder.benefits",
        "pending_charge": "wait pending-charge",
        "gift_card": "elsewhere gift-card",
        "restock": "answered restock",
        "charts": "answered charts",
        "membership": "answered membership",
    },
    "kpop2": {
        "order_not_shipped": "wait processing",
        "preorder": "wait processing.preorder",
        "shipping_time": "answered shipping-estimate",
        "carrier_contact": "answered tracking",
        "lost_parcel": "wait lost-parcel",
        "tracking_stalled": "wait lost-parcel",
        "customs": "elsewhere customs",
    },
    "popmart": {
        "missing_photocard": "wait defect",
        "defect": "wait defect",
        "lost_parcel": "wait tracking-stalled",
        "tracking_stalled": "wait tracking-stalled",
        "shipping_time": "answered track",
        "cancel_order": "discretionary cancel",
        "change_address": "accepted change-address",
        "change_of_mind": "refused change-of-mind",
        "preorder": "wait preorder",
        "restock": "answered restock",
        "membership": "answered membership",
        "free_shipping": "answered free-shipping",
        "points": "answered points",
        "points_expired": "refused points.validity",
        "review_points": "wait review-points",
        "delete_account": "evidence_needed delete-account",
        "account_details": "answered account-details",
        "pop_now_return": "refused pop-now.opened",
        "blind_box": "answered blind-box",
        "authenticity": "answered authenticity",
        "payment_methods": "answered payment-methods",
        "carrier_contact": "answered carrier-contact",
        "page_error": "evidence_needed page-error",
    },
}


@pytest.mark.parametrize("store", PLAIN)
@pytest.mark.parametrize("request_type", [str(request) for request in Request])
def test_every_request_of_every_store_meets_its_rule(store, request_type):
    expected = PLAIN[store].get(request_type, "discretionary unwritten")

    decision = ask(store, request_type, "2026-03-05T12:00:00-08:00")

    assert f"{decision.verdict} {decision.rule.partition('.')[2]}" == expected
    assert decision.closes_at is None
    if decision.rule.endswith(".unwritten"):
        assert decision.outcomes == ()


STEPS = {"window": 1, "evidence": 3, "accept": 4}


@pytest.mark.parametrize("store", sorted(PACKS))
def test_checks_stand_in_the_order_of_the_contract(store):
    """Who handles it, whether there is one, the window, the goods, the evidence."""
    document = PACKS[store].document

    assert all(check.check == "elsewhere" for check in document.first)
    for request, item in document.requests.items():
        seen = {}
        for check in item.checks:
            about = check_facts((check,)) if check.check in ("refuse", "discretionary") else ()
            goods = {"opened", "package_damaged", "receipt"}.intersection(about)
            step = 2 if goods else STEPS.get(check.check)
            if step is not None:
                branch = str(check.when) if store == "popmart" else ""  # by where it was bought
                assert step >= seen.get(branch, 0), f"{request}: {check}"
                seen[branch] = step
        kinds = [check.check for check in item.checks]
        if "elsewhere" in kinds and "wait_until" not in kinds:
            assert kinds.index("elsewhere") == 0


@pytest.mark.parametrize("request_type", [str(request) for request in Request])
def test_a_distributor_handles_whatever_it_sold(request_type):
    decision = ask(
        "popmart",
        request_type,
        "2026-03-05T12:00:00-08:00",
        order={"channel": "distributor", "delivered_at": "2026-03-01T12:00:00-08:00"},
    )

    assert (str(decision.verdict), decision.rule) == ("elsewhere", "popmart.distributor")
    assert decision.closes_at is None or request_type in ("defect", "missing_photocard")
