"""The words of managers: how rules, their figures and their changes are told, by locale."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from policies.reading import PackError, Source
from policies.wording import template

_FOLDER = Path(__file__).parent / "texts" / "changes"
ENGLISH = "en"


@lru_cache(maxsize=16)
def words(locale: str) -> Mapping[str, str]:
    """Return the words of a locale, or of its language; English where there are none."""
    for tag in (locale, locale.split("-")[0], ENGLISH):
        if tag.isascii() and tag.replace("-", "").isalnum():
            path = _FOLDER / f"{tag}.yaml"
            if path.is_file():
                source = Source(path.read_text(encoding="utf-8"), path.name)
                if source.mistakes:
                    raise PackError(source.mistakes)
                return {key: str(value) for key, value in source.data.items()}
    raise FileNotFoundError(_FOLDER)


def say(key: str, locale: str, **values: Any) -> str:
    """Return a sentence with its values; KeyError for a key that there is not."""
    return template(words(locale)[key]).render(values.get, locale) or ""


def say_or(key: str, otherwise: str, locale: str) -> str:
    """Return a word, or what is said where there is none."""
    found = words(locale).get(key)
    return otherwise if found is None else found
