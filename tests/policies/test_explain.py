"""What a customer is told: the right figures, on the right clock, in the right words."""

from zoneinfo import ZoneInfo

import pytest

from policies.evaluate import decide, explain
from policies.pack import PACKS as FOLDER
from policies.pack import load_builtin_packs, load_pack
from policies.types import Decision, Verdict
from tests.policies.asking import facts

PACKS = load_builtin_packs()
DELIVERED = {
    "shipped_at": "2026-02-25T12:00:00-08:00",
    "delivered_at": "2026-03-03T18:00:00-08:00",
}


def told(*args, zone=None, locale="en", pack=None, **kwargs):
    asked = facts(*args, **kwargs)
    pack = pack or PACKS[asked.store]
    return explain(pack, asked, decide(pack, asked), locale=locale, zone=zone)


def test_a_deadline_is_said_with_day_time_place_and_what_is_left():
    sentences = told("kpopusa", "missing_photocard", "2026-03-07T12:00:00-08:00", order=DELIVERED)

    assert sentences[-1] == (
        "Send your request before the window closes: Tue 10 Mar, 23:59 in Las Vegas (3 days)."
    )
    assert "Still missing: 1 unboxing video." in sentences


def test_the_customers_own_clock_is_said_where_it_differs():
    sentences = told(
        "kpopusa",
        "missing_photocard",
        "2026-03-07T12:00:00-08:00",
        order=DELIVERED,
        zone=ZoneInfo("Asia/Seoul"),
    )

    assert "Tue 10 Mar, 23:59 in Las Vegas, that is Wed 15:59 for you (3 days)" in sentences[-1]


def test_the_customers_own_clock_is_not_said_where_it_is_the_same():
    sentences = told(
        "kpopusa",
        "missing_photocard",
        "2026-03-07T12:00:00-08:00",
        order=DELIVERED,
        zone=ZoneInfo("America/Vancouver"),
    )

    assert "for you" not in sentences[-1]


def test_what_has_been_filed_is_not_told_until_when_it_can_be_filed():
    asked = facts("kpopusa", "missing_photocard", "2026-03-07T12:00:00-08:00", order=DELIVERED)
    decision = decide(PACKS["kpopusa"], asked)
    before = explain(PACKS["kpopusa"], asked, decision)

    assert explain(PACKS["kpopusa"], asked, decision, filed=True) == before[:-1]
    assert "before the window closes" in before[-1]


def test_a_window_that_is_the_reason_of_a_refusal_is_told_of_a_filed_request_too():
    asked = facts("kpopusa", "missing_photocard", "2026-03-20T12:00:00-07:00", order=DELIVERED)
    decision = decide(PACKS["kpopusa"], asked)
    told = explain(PACKS["kpopusa"], asked, decision, filed=True)

    assert decision.verdict is Verdict.REFUSED
    assert "Tue 10 Mar, 23:59" in told[-1]


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("2026-03-09T12:00:00-07:00", "(1 day)"),
        ("2026-03-10T12:00:00-07:00", "(today is the last day)"),
    ],
)
def test_what_is_left_is_counted_in_words(at, left):
    assert left in told("kpopusa", "defect", at, order=DELIVERED)[-1]


def test_another_year_is_said():
    sentences = told(
        "kpopusa",
        "defect",
        "2027-01-20T12:00:00-08:00",
        order={"delivered_at": "2026-12-28T12:00:00-08:00"},
    )

    assert sentences[-1] == (
        "Your parcel was delivered on Mon 28 Dec 2026, so the last moment was "
        "Mon 4 Jan, 23:59 in Las Vegas."
    )


def test_alternatives_are_joined_by_or():
    sentences = told("popmart", "defect", "2026-03-05T12:00:00-08:00", order=DELIVERED)

    assert "Still missing: 1 photo, or 1 unpacking video of the figure." in sentences


def test_several_things_are_joined_by_and():
    sentences = told("popmart", "page_error", "2026-03-05T12:00:00-08:00")

    assert sentences[-1] == (
        "Still missing: 1 screenshot of the message, your IP address, "
        "and the e-mail address of your account."
    )


def test_a_sentence_whose_date_is_not_known_is_left_out():
    sentences = told("kpopusa", "lost_parcel", "2026-03-05T12:00:00-08:00")

    assert len(sentences) == 1
    assert "14 days late" in sentences[0]


def test_amounts_are_said_with_their_currency():
    order = {"member": True, "currency": "CAD", "total": "1300.50"}

    sentences = told("popmart", "points", "2026-03-05T12:00:00-08:00", order=order)

    assert "For this order's total of CA$1,300.50 that comes to 1,300 points." in sentences


def test_who_may_not_be_phoned_is_not_said_to_be_phoned():
    closed = load_pack(
        _source("kpopusa").replace(
            'value: "+1-702-476-1990"', 'value: "+1-702-476-1990"\n      open: false'
        ),
        "closed",
    )
    order = {"placed_at": "2026-03-05T11:00:00-08:00"}
    asked = ("kpopusa", "cancel_order", "2026-03-05T12:00:00-08:00")

    assert any("+1-702-476-1990" in sentence for sentence in told(*asked, order=order))
    assert not any("+1-702" in one for one in told(*asked, order=order, pack=closed))


def test_a_locale_of_the_pack_is_spoken_and_another_falls_back_to_english():
    text = _source("kpopusa").replace(
        "A pre-order can never be cancelled.\n",
        "A pre-order can never be cancelled.\n"
        "        de: [Eine Vorbestellung kann nie storniert werden.]\n",
    )
    pack = load_pack(text, "german")
    asked = ("kpopusa", "cancel_order", "2026-03-05T12:00:00-08:00")
    order = {"preorder": True}

    german = told(*asked, order=order, pack=pack, locale="de-AT")
    french = told(*asked, order=order, pack=pack, locale="fr")

    assert german == ["Eine Vorbestellung kann nie storniert werden."]
    assert french == ["A pre-order can never be cancelled."]


def test_a_figure_that_is_changed_changes_the_rule_and_its_sentence():
    text = _source("kpopusa").replace("figures: {days: 7}", "figures: {days: 1}")
    pack = load_pack(text, "draft")

    sentences = told("kpopusa", "defect", "2026-03-05T12:00:00-08:00", order=DELIVERED, pack=pack)

    assert "within 1 day of delivery" in sentences[0]
    assert "Wed 4 Mar, 23:59" in sentences[1]
    assert "within 1 day of delivery" in pack.rule("kpopusa.contact-window").sentence()


def test_a_decision_of_a_pack_that_had_other_texts_still_says_its_verdict():
    asked = facts("kpopusa", "defect", "2026-03-05T12:00:00-08:00")
    old = Decision("t", Verdict.REFUSED, "kpopusa.gone")

    assert explain(PACKS["kpopusa"], asked, old) == ["This is outside the store's rule."]


@pytest.mark.parametrize("store", sorted(PACKS))
def test_every_rule_has_a_sentence_with_its_figures(store):
    for rule in PACKS[store].rules.values():
        sentence = rule.sentence()
        assert sentence.endswith((".", "?"))
        assert "{" not in sentence


def _source(store: str) -> str:
    return (FOLDER / f"{store}.yaml").read_text("utf-8")
