"""Two packs side by side: every difference once, told in words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.compare import Change, compare
from policies.compared import grouped
from policies.pack import PACKS, Pack, load_builtin_packs, load_pack

KPOPUSA = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
BUILTIN = load_builtin_packs()


def changed(*edits: tuple[str, str], locale: str = "en") -> list[tuple[str, list[str]]]:
    """What is told after editing the text of KPOP USA's pack, by heading."""
    text = KPOPUSA
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    before, after = BUILTIN["kpopusa"], load_pack(text, "draft")
    groups = grouped(compare(before, after), before, after, locale)
    return [(group.heading, [told.line for told in group.lines]) for group in groups]


@pytest.mark.parametrize("slug", BUILTIN)
def test_a_pack_differs_in_nothing_from_itself(slug: str) -> None:
    pack = BUILTIN[slug]
    assert compare(pack, pack) == ()
    assert compare(pack, load_pack((PACKS / f"{slug}.yaml").read_text("utf-8"), "again")) == ()


@pytest.mark.parametrize(
    ("edit", "heading", "line"),
    [
        (("figures: {days: 7}", "figures: {days: 10}"), "Contact window", "Time: 7 days → 10 days"),
        (
            ("standard_to: 7", "standard_to: 8"),
            "Shipping estimate",
            "Standard shipping, at the latest: 7 business days → 8 business days",
        ),
        (
            ("update_weeks: [1, 2, 3]", "update_weeks: [2]"),
            "Missing contents: duration",
            "News to the customer in weeks: 1, 2, and 3 → 2",
        ),
        (
            ("outcomes: [replacement, refund]", "outcomes: [replacement]"),
            "Defect",
            "What may come of it: a refund and a replacement → a replacement",
        ),
        (
            ("kpopusa.poster:\n", "kpopusa.poster:\n    starts_on: 2026-05-01\n"),
            "Poster",
            "In force for orders placed from: always → May 1, 2026",
        ),
        (
            ("[{photo: photos}, {unboxing_video: videos}]", "[{photo: photos}]"),
            "An item is defective",
            "A check changes: evidence needed (a photo × 2 or an unboxing video × 1), by Defect"
            " → evidence needed (a photo × 2), by Defect",
        ),
        (
            ("    saturday: *day\n", ""),
            "The store, its hours and its channels",
            "Opening hours on Saturday: 12:00–19:30 → closed",
        ),
        (
            ("value: info@kpopusaonline.com", "value: help@kpopusaonline.com"),
            "The store, its hours and its channels",
            "Contact by e-mail: info@kpopusaonline.com → help@kpopusaonline.com",
        ),
        (
            ("holidays: {country: US}", "holidays: {country: CA}"),
            "The store, its hours and its channels",
            "public holidays: country: US → CA",
        ),
        (
            ("evidence_days: 7", "evidence_days: 9"),
            "Figures that we set ourselves",
            "time to add what is missing: 7 days → 9 days",
        ),
        (
            ("keep_refused_days: 365", "keep_refused_days: 400"),
            "Figures that we set ourselves",
            "files of a refused claim are kept after its end: 365 days → 400 days",
        ),
        (
            ("kpopusa.transit-damage: {manufacturer: false}",) * 2,
            "",
            "",
        ),
        (
            (
                "claim: true\n    checks:\n      - *walk_in",
                "claim: false\n    checks:\n      - *walk_in",
            ),
            "An item is defective",
            "Such a request no longer opens a claim.",
        ),
    ],
)
def test_a_change_is_told_in_words_and_figures(
    edit: tuple[str, str], heading: str, line: str
) -> None:
    assert changed(edit) == ([(heading, [line])] if heading else [])


def test_a_channel_that_is_switched_off_is_told_with_its_notice() -> None:
    old = 'notice: {en: "E-mail takes longer than the phone.", '
    old += "ko: 이메일은 전화보다 답변이 늦습니다.}"
    new = 'open: false\n      notice: {en: "Please phone.", ko: 전화해 주십시오.}'
    ((_, lines),) = changed((old, new))
    assert lines[0] == "Switched off: e-mail"
    assert lines[1:] == [
        "Notice of a contact channel (English)",
        "Notice of a contact channel (Korean)",
    ]


def test_a_sentence_that_changed_stands_beside_the_old_one() -> None:
    text = KPOPUSA.replace("There are no returns or exchanges for personal reasons.", "No returns.")
    before, after = BUILTIN["kpopusa"], load_pack(text, "draft")
    (group,) = grouped(compare(before, after), before, after)
    (told,) = group.lines
    assert told.is_text
    assert told.before == ("There are no returns or exchanges for personal reasons.",)
    assert told.after == ("No returns.",)
    assert not group.decides


def test_a_check_that_is_tried_earlier_is_one_change() -> None:
    sealed = (
        "      - check: refuse\n        rule: kpopusa.transit-damage.sealed\n"
        "        when: [{fact: opened, is: true}]\n"
    )
    damaged = (
        "      - check: refuse\n        rule: kpopusa.transit-damage\n"
        "        when: [{fact: package_damaged, is: false}]\n"
    )
    ((heading, lines),) = changed((sealed + damaged, damaged + sealed))
    assert heading == "It arrived damaged"
    assert len(lines) == 1
    assert lines[0].startswith("A check is tried at another place: refused, by Transit damage")


def test_a_rule_that_comes_or_goes_is_told_by_its_sentence() -> None:
    new = (
        "  kpopusa.engraving:\n    kinds: [G]\n    page: products\n"
        "    sentence: {en: We engrave lightsticks., ko: 응원봉에 각인해 드립니다.}\n"
        "    says: {answered: {en: We do., ko: 해 드립니다.}}\n\n  kpopusa.unwritten:\n"
    )
    asks = "requests:\n  customs:\n    checks: [{check: answer, rule: kpopusa.engraving}]\n"
    text = KPOPUSA.replace("  kpopusa.unwritten:\n", new, 1).replace("requests:\n", asks, 1)
    before, after = BUILTIN["kpopusa"], load_pack(text, "draft")
    told = {group.heading: group for group in grouped(compare(before, after), before, after)}
    assert told["Engraving"].lines[0].line == "New rule: We engrave lightsticks."
    assert told["Customs, duties and taxes"].decides
    back = grouped(compare(after, before), after, before)
    gone = next(group for group in back if group.heading == "Engraving")
    assert gone.lines[0].line == "This rule goes away. It said: We engrave lightsticks."


def test_what_changes_decisions_comes_first() -> None:
    told = changed(
        ("There are no returns or exchanges for personal reasons.", "No returns."),
        (
            "kpopusa.poster:\n    kinds: [E, G]\n    page: shipping\n    figures: {days: 14}",
            "kpopusa.poster:\n    kinds: [E, G]\n    page: shipping\n    figures: {days: 21}",
        ),
    )
    assert [heading for heading, _ in told] == ["Poster", "Change of mind"]


def test_it_is_told_in_the_readers_language() -> None:
    told = changed(("figures: {days: 7}", "figures: {days: 10}"), locale="ko")
    assert told[0][1] == ["기간: 7일 → 10일"]


def _with_figure(pack: Pack, rule: str, name: str, value: Any) -> Pack:
    document = pack.document
    old = document.rules[rule]
    figures: Mapping[str, Any] = {**old.figures, name: value}
    rules = {**document.rules, rule: old.model_copy(update={"figures": figures})}
    return Pack(document.model_copy(update={"rules": rules}), "draft")


FIGURES = [
    (slug, rule_id, name)
    for slug, pack in BUILTIN.items()
    for rule_id, rule in pack.document.rules.items()
    for name in rule.figures
]


@given(st.sampled_from(FIGURES), st.integers(1, 9))
def test_every_figure_that_changes_is_found_exactly_once(
    figure: tuple[str, str, str], more: int
) -> None:
    slug, rule_id, name = figure
    before = BUILTIN[slug]
    value = before.document.rules[rule_id].figures[name]
    other: Any = (*value, max(value) + more) if isinstance(value, tuple) else value + more
    after = _with_figure(before, rule_id, name, other)
    (change,) = compare(before, after)
    assert (change.part, change.subject, change.key, change.name) == (
        "rule",
        rule_id,
        "figure",
        name,
    )
    assert (change.before, change.after) == (value, other)
    for locale in ("en", "ko"):
        (group,) = grouped((change,), before, after, locale)
        assert "→" in group.lines[0].line


def test_a_figure_that_only_timers_read_changes_no_decision() -> None:
    before = BUILTIN["kpopusa"]
    timer = _with_figure(before, "kpopusa.cancel.refund", "days_to", 9)
    window = _with_figure(before, "kpopusa.contact-window", "days", 9)
    assert [item.decides for item in compare(before, timer)] == [False]
    assert [item.decides for item in compare(before, window)] == [True]


def test_what_a_later_format_adds_is_not_passed_over() -> None:
    before = BUILTIN["popmart"]
    document = before.document.model_copy(update={"carriers": before.document.carriers[1:]})
    (change,) = compare(before, Pack(document, "draft"))
    assert isinstance(change, Change)
    assert change.name.startswith("carriers.")
    dated = before.document.model_copy(update={"starts_on": date(2027, 1, 1), "version": "x"})
    assert {item.name for item in compare(before, Pack(dated, "draft"))} == {"starts_on", "version"}
