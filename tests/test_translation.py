"""Every language says everything, and what it says can be filled in and read by gettext."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.translation import gettext, ngettext, override, pgettext

from policies.evaluate import decide, explain
from policies.pack import load_builtin_packs
from policies.phrases import shared
from policies.wording import template
from supportdesk import catalogue
from tests.policies.asking import facts
from tickets.models import Store

HANGUL = re.compile(r"[가-힣]")
LANGUAGES = catalogue.languages()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogues, to be spoilt."""
    for language in LANGUAGES:
        for suffix in (".po", ".mo"):
            kept = catalogue.place(language, suffix)
            copy = tmp_path / language / "LC_MESSAGES" / kept.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(kept.read_bytes())
    monkeypatch.setattr(catalogue, "LOCALE", tmp_path)
    return tmp_path


def spoil(before: str, after: str) -> None:
    """Change one thing in the Korean catalogue, and compile it."""
    path = catalogue.place("ko", ".po")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    catalogue.place("ko", ".mo").write_bytes(catalogue.compiled("ko"))


def test_every_text_of_the_code_and_the_templates_is_translated() -> None:
    assert LANGUAGES == ["ko"]
    call_command("catalogue", "check")


def test_a_text_that_the_catalogue_does_not_know_is_named(elsewhere: Path) -> None:
    spoil('msgid "Which items is it about?"', 'msgid "Which items were it about?"')
    with pytest.raises(CommandError) as told:
        call_command("catalogue", "check")
    assert "ko: not in the catalogue: 'Which items is it about?'" in str(told.value)
    assert "ko: said nowhere any more: 'Which items were it about?'" in str(told.value)


def test_a_translation_that_loses_its_figure_is_refused(elsewhere: Path) -> None:
    spoil('"최대 %(n)d주"', '"최대 몇 주"')
    with pytest.raises(CommandError, match="other placeholders than its source: 'up to %"):
        call_command("catalogue", "check")


def test_a_translation_that_is_missing_is_refused(elsewhere: Path) -> None:
    spoil('"어느 상품에 관한 것입니까?"', '""')
    with pytest.raises(CommandError, match="ko: not translated: 'Which items is it about"):
        call_command("catalogue", "check")


def test_a_catalogue_that_was_not_compiled_is_refused(elsewhere: Path) -> None:
    catalogue.place("ko", ".mo").write_bytes(b"")
    with pytest.raises(CommandError, match=r"is not what django\.po compiles to"):
        call_command("catalogue", "check")
    call_command("catalogue", "compile")
    call_command("catalogue", "check")


def test_an_update_of_what_is_up_to_date_changes_nothing(elsewhere: Path) -> None:
    call_command("catalogue", "update")
    before = catalogue.place("ko", ".po").read_bytes()
    call_command("catalogue", "update")
    assert catalogue.place("ko", ".po").read_bytes() == before


def test_a_new_language_begins_with_everything_that_is_said(elsewhere: Path) -> None:
    call_command("catalogue", "update", "pt_BR")
    said = {message.id for message in catalogue.spoken() if message.id}
    assert {message.id for message in catalogue.read("pt_BR") if message.id} == said


def test_gettext_reads_plain_plural_and_contextual_texts() -> None:
    with override("ko"):
        assert gettext("Which items is it about?") == "어느 상품에 관한 것입니까?"
        assert ngettext("%d day left", "%d days left", 1) % 1 == "1일 남음"
        assert pgettext("days", "%d d") % 3 == "3일"


def test_a_text_under_another_name_of_gettext_is_found_too() -> None:
    said = {message.id for message in catalogue.spoken() if message.id}
    assert "Order number" in said  # gettext_lazy as _l
    assert "Customer sends it back" in said  # gettext as _t


# --- the stores' promises -------------------------------------------------------------------


def test_the_shared_texts_of_the_stores_are_complete_in_every_language() -> None:
    english = shared("en")
    for language in LANGUAGES:
        own = shared(language)
        assert own.keys() == english.keys()
        for key, sentences in english.items():
            assert len(own[key]) == len(sentences), key
            assert [names(text) for text in own[key]] == [names(text) for text in sentences], key


def texts_of_packs() -> Iterator[tuple[str, dict[str, object]]]:
    """Every text that a pack says by language, with the place where it stands."""

    def walk(place: str, data: object) -> Iterator[tuple[str, dict[str, object]]]:
        if not isinstance(data, dict):
            return
        if "en" in data:
            yield place, data
            return
        for key, value in data.items():
            yield from walk(f"{place}.{key}", value)

    for slug, pack in load_builtin_packs().items():
        yield from walk(slug, pack.document.model_dump(by_alias=True))
        for number, channel in enumerate(pack.document.store.channels):
            if channel.notice:
                yield f"{slug}.channels.{number}", dict(channel.notice)


def names(text: str) -> list[str]:
    """The placeholders of a sentence, in no order: languages have their own."""
    return sorted(template(text).names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_of_every_store_is_told_in_every_language(language: str) -> None:
    seen = 0
    for place, texts in texts_of_packs():
        assert language in texts, place
        english, own = texts["en"], texts[language]
        if isinstance(english, str):
            english, own = (english,), (own,)
        assert [names(text) for text in own] == [names(text) for text in english], place  # type: ignore[union-attr, attr-defined]  # both are tuples of sentences
        seen += 1
    assert seen > 100


def test_a_korean_customer_is_told_the_deadline_on_both_clocks() -> None:
    asked = facts(
        "kpopusa",
        "missing_photocard",
        "2026-03-07T12:00:00-08:00",
        order={"delivered_at": "2026-03-03T18:00:00-08:00"},
    )
    pack = load_builtin_packs()["kpopusa"]
    told = explain(pack, asked, decide(pack, asked), locale="ko-KR", zone=ZoneInfo("Asia/Seoul"))
    assert told[1:] == [
        "아직 필요한 자료: 언박싱 영상 1개.",
        "신청 기한 내에 보내 주십시오: 3월 10일 (화) 23:59 (라스베이거스 시간), "
        "고객님 시간으로 수요일 15:59 (3일 남음).",
    ]


# --- what a person meets --------------------------------------------------------------------


def test_a_browser_that_speaks_korean_gets_korean_pages(kpopusa: Store) -> None:
    client = Client(headers={"accept-language": "ko-KR,ko;q=0.9,en;q=0.5"})
    page = client.get("/kpopusa/")
    assert page["Content-Language"] == "ko"
    text = page.content.decode()
    assert '<html lang="ko"' in text
    assert "무슨 일이 있으셨습니까?" in text
    assert "What happened?" not in text


def test_a_language_that_nobody_translated_gets_english(kpopusa: Store) -> None:
    page = Client(headers={"accept-language": "is-IS"}).get("/kpopusa/")
    assert '<html lang="en"' in page.content.decode()
    assert not HANGUL.search(page.content.decode())
