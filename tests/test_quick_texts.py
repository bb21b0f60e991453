"""Texts that are looked up once say what Django's own look-up says, to each thread its own."""

from __future__ import annotations

from threading import Thread

import pytest
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy, override

from supportdesk.quick import texts


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "said", ["Queues", "Undo", "Please enter a valid email address.", "", "—x"]
)
def test_it_says_what_django_says(language: str, said: str) -> None:
    with override(language):
        assert gettext(said) == texts._find(said)
        assert gettext(said) == texts._find(said)  # kept by now


def test_each_language_keeps_its_own() -> None:
    lazy = gettext_lazy("Undo")
    with override("en"):
        assert str(lazy) == "Undo"
    with override("ko"):
        assert str(lazy) != "Undo"
    with override("en"):
        assert str(lazy) == "Undo"


def test_html_stays_html_and_text_stays_text() -> None:
    with override("ko"):
        plain = gettext("Undo")
        safe = gettext(mark_safe("Undo"))
        assert isinstance(safe, SafeString)
        assert not isinstance(gettext("Undo"), SafeString)
        assert plain == safe


def test_a_thread_reads_in_its_own_language() -> None:
    heard: list[tuple[str | None, str]] = []

    def read() -> None:
        heard.append((translation.get_language(), gettext("Undo")))

    with override("ko"):
        other = Thread(target=read)
        other.start()
        other.join()
        read()
    assert heard[0] == ("en", "Undo")
    assert heard[1][0] == "ko"
    assert heard[1][1] != "Undo"


def test_what_people_type_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MOST", 10)
    with override("ko"):
        for number in range(50):
            assert gettext(f"nobody says {number}") == f"nobody says {number}"
        catalogue = translation.trans_real._active.value  # type: ignore[attr-defined]  # not in the stubs
        assert len(catalogue.kept_texts) <= 11
