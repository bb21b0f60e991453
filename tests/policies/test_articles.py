"""The help pages: every rule is told, in both languages, from its own figures alone."""

import re

import pytest

from policies.article_search import folded
from policies.articles import articles, library, search
from policies.evaluate import decide, explain
from policies.pack import PACKS, Pack, load_builtin_packs, load_pack
from policies.reading import PackError
from tests.policies.asking import facts

STORES = ("kpopusa", "kpop2", "popmart")
# Digits that are nobody's figure: a name, and the address of the verification page.
NO_FIGURES = re.compile(r"m-gss\.popmart\.com/1117#\S*|\{[^}]*\}")


def pack(store: str) -> Pack:
    return load_builtin_packs()[store]


def ten_days() -> Pack:
    """KPOP USA, with ten days to raise a problem instead of seven."""
    source = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
    before, rule, after = source.partition("  kpopusa.contact-window:\n")
    assert "figures: {days: 7}" in after
    return load_pack(before + rule + after.replace("days: 7}", "days: 10}", 1), "ten days")


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("locale", ["en", "ko"])
def test_every_rule_is_told_on_one_page(store: str, locale: str) -> None:
    told = [rule for article in articles(pack(store), locale) for rule in article.rules]
    assert sorted(told) == sorted(pack(store).rules)
    assert len({article.slug for article in articles(pack(store), locale)}) == len(
        articles(pack(store), locale)
    )


@pytest.mark.parametrize("store", STORES)
def test_every_rule_has_words_of_its_own_in_both_languages(store: str) -> None:
    for rule in pack(store).rules.values():
        assert rule.data.title is not None, rule.id
        assert rule.data.article is not None, rule.id
        for texts in (rule.data.title, rule.data.article):
            assert {"en", "ko"} <= set(texts), rule.id
        assert len(rule.data.article["en"]) == len(rule.data.article["ko"]), rule.id


@pytest.mark.parametrize("store", STORES)
def test_no_article_types_a_figure(store: str) -> None:
    for rule in pack(store).rules.values():
        texts = [*(rule.data.title or {}).items()]
        texts += [(key, line) for key, lines in (rule.data.article or {}).items() for line in lines]
        for locale, text in texts:
            assert not re.search(r"\d", NO_FIGURES.sub("", text)), (rule.id, locale, text)


@pytest.mark.parametrize("store", STORES)
def test_both_languages_tell_the_same_figures(store: str) -> None:
    for rule in pack(store).rules.values():
        assert rule.data.article is not None
        told = [
            {
                name.split("|")[0]
                for line in rule.data.article[key]
                for name in re.findall(r"\{([^}]*)\}", line)
            }
            for key in ("en", "ko")
        ]
        assert told[0] == told[1], rule.id


def test_a_changed_figure_is_told_everywhere_the_rule_is() -> None:
    changed = ten_days()
    for locale, old, new in (("en", "7 days", "10 days"), ("ko", "7일", "10일")):
        article = library(changed, locale).by_rule["kpopusa.contact-window"]
        assert new in article.text
        assert new in article.summary
        for slug in ("contact-window", "missing-contents", "defect", "transit-damage"):
            text = library(changed, locale).by_slug[slug].text
            assert new in text, slug
            assert not re.search(rf"\b{old}", text), slug
    asked = facts(
        "kpopusa",
        "missing_photocard",
        "2026-03-10T12:00:00-07:00",
        order={"delivered_at": "2026-03-01T12:00:00-08:00"},
    )
    assert decide(pack("kpopusa"), asked).verdict == "refused"
    now = decide(changed, asked)
    assert now.verdict == "evidence_needed"
    assert "Wed 11 Mar" in " ".join(explain(changed, asked, now))


def test_a_right_of_a_country_is_told_once_it_is_switched_on() -> None:
    shelf = library(pack("kpopusa"))
    assert all(not article.rights for article in shelf.articles)
    source = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
    on = library(load_pack(source.replace("    on: false\n", "    on: true\n"), "on"))
    (right,) = on.by_slug["missing-contents"].rights
    assert right.countries == "South Korea"
    assert "3 months of receipt" in right.sentence
    assert "not legal advice" in right.advice
    assert right.source
    assert on.by_slug["contact-window"].rights
    assert not on.by_slug["charts"].rights


def test_figures_stand_out_from_the_words() -> None:
    first = library(pack("kpopusa"), "en").by_slug["contact-window"].parts[0].paragraphs[0]
    assert ("7 days", True) in first
    assert "".join(text for text, _ in first).startswith("Tell us about any problem")


def test_an_article_leads_to_the_forms_of_its_rule() -> None:
    shelf = library(pack("kpopusa"))
    assert shelf.by_slug["missing-contents"].requests == ("missing_photocard",)
    assert shelf.by_slug["lost-parcel"].requests == ("lost_parcel", "tracking_stalled")
    assert shelf.by_slug["contact-window"].requests[0] == "missing_photocard"
    refund = shelf.by_slug["cancel.refund"]  # a timer: its parent's form
    assert refund.requests == ("cancel_order",)
    assert not refund.enforced
    assert shelf.by_slug["cancel"] in shelf.related(refund)
    assert refund not in shelf.related(refund)


def test_a_rule_told_elsewhere_is_found_at_its_own_address() -> None:
    shelf = library(pack("kpopusa"))
    told = shelf.at("missing-contents.duration")
    assert told is not None
    assert told.slug == "missing-contents"
    assert "1 to 4 weeks" in told.text
    assert shelf.at("nothing") is None


def test_a_channel_that_is_off_is_not_named() -> None:
    source = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
    off = load_pack(source.replace('value: "+1-702', 'open: false\n      value: "+1-702'), "off")
    assert "+1-702-476-1990" in library(pack("kpopusa")).by_slug["cancel"].text
    text = library(off).by_slug["cancel"].text
    assert "+1-702" not in text
    assert "{phone}" not in text
    assert "not been shipped" in text


def test_a_rule_without_an_article_says_its_sentence() -> None:
    source = (PACKS / "kpop2.yaml").read_text(encoding="utf-8")
    bare = re.sub(r"(?m)^    (title|article):\n(?:      .*\n)+", "", source)
    shelf = library(load_pack(bare, "bare"))
    assert shelf.by_slug["customs"].title == "Customs, duties and taxes"
    assert shelf.by_slug["customs"].text.startswith("Duties, import taxes and fees")


@pytest.mark.parametrize(
    ("store", "words", "first"),
    [
        ("kpopusa", "refund", "cancel.refund"),
        ("kpopusa", "Money back!", "cancel.refund"),
        ("kpopusa", "refnud", "cancel.refund"),
        ("kpopusa", "video", "missing-contents"),
        ("kpopusa", "VIDÉO", "missing-contents"),
        ("kpopusa", "unboxing", "missing-contents"),
        ("kpopusa", "photocard", "missing-contents"),
        ("kpopusa", "photocrad", "missing-contents"),
        ("kpopusa", "pc", "missing-contents"),
        ("kpopusa", "포토", "missing-contents"),
        ("kpopusa", "포카", "missing-contents"),
        ("kpopusa", "언박싱 영상", "missing-contents"),
        ("kpopusa", "환불", "cancel.refund"),
        ("kpopusa", "how do I cancel my order?", "cancel"),
        ("kpopusa", "my parcel never arrived", "lost-parcel"),
        ("kpopusa", "where is my package", "lost-parcel"),
        ("kpop2", "tax", "customs"),
        ("kpop2", "관세", "customs"),
        ("popmart", "USPS", "carriers"),
        ("popmart", "i lost the receipt", "defect.in-store"),
        ("popmart", "points expired", "points.validity"),
        ("popmart", "탈퇴", "delete-account"),
    ],
)
@pytest.mark.parametrize("locale", ["en", "ko"])
def test_what_people_type_leads_right(store: str, words: str, first: str, locale: str) -> None:
    found = search(pack(store), words, locale)
    assert found, words
    assert found[0].slug == first
    assert found[0] is library(pack(store), locale).by_slug[first]


def test_the_best_stand_first_and_what_fits_nothing_finds_nothing() -> None:
    slugs = [article.slug for article in search(pack("kpopusa"), "defect video")]
    assert slugs[0] == "defect"
    for words in ("zebra", "", "  ", "?!", "the", "x" * 5000, "\x00", "🎁"):
        assert isinstance(search(pack("kpopusa"), words), tuple), words
    assert search(pack("kpopusa"), "zebra") == ()


def test_case_accents_and_width_do_not_count() -> None:
    assert folded("VIDÉO") == folded("video") == "video"
    assert folded("Ｒｅｆｕｎｄ") == "refund"
    assert folded("포토카드") == "포토카드"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("within {days|day|days} of delivery. The", "within {weeks} of delivery. The", "no figure"),
        ("A pickup counts as delivered", "A pickup counts {closes} as delivered", "no figure"),
        (
            "    article_of: kpopusa.defect\n",
            "    article_of: kpopusa.nothing\n",
            "there is no rule 'kpopusa.nothing'",
        ),
        (
            "    article_of: kpopusa.defect\n",
            "    article_of: kpopusa.transit-damage.sealed\n",
            "told on another rule's page",
        ),
    ],
)
def test_a_wrong_article_is_refused(old: str, new: str, message: str) -> None:
    source = (PACKS / "kpopusa.yaml").read_text(encoding="utf-8")
    flat = re.sub(r"\n\s+(?=delivery itself)", " ", source)
    assert old in flat
    with pytest.raises(PackError, match=re.escape(message)):
        load_pack(flat.replace(old, new), "wrong")
