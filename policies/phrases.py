"""The texts that all stores share, by locale: one file each in `policies/texts/`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from policies.reading import PackError, Source
from policies.wording import template

FOLDER = Path(__file__).parent / "texts"
ENGLISH = "en"


@lru_cache(maxsize=64)
def shared(locale: str) -> Mapping[str, tuple[str, ...]]:
    """Return the shared texts of a locale, or of its language; empty when there are none."""
    for name in (locale, locale.split("-")[0]):
        path = FOLDER / f"{name}.yaml"
        if name in locales() and path.is_file():
            return _read(path)
    return MappingProxyType({})


@lru_cache(maxsize=1)
def locales() -> frozenset[str]:
    """Return the locales that have shared texts."""
    return frozenset(path.stem for path in FOLDER.glob("*.yaml"))


def _read(path: Path) -> Mapping[str, tuple[str, ...]]:
    source = Source(path.read_text(encoding="utf-8"), path.name)
    if source.mistakes:
        raise PackError(source.mistakes)
    found = {}
    for key, value in source.data.items():
        sentences = (value,) if isinstance(value, str) else tuple(value)
        for sentence in sentences:
            template(sentence)  # a broken placeholder shows here, not to a customer
        found[key] = sentences
    return MappingProxyType(found)
