"""When a store is open, said in one line."""

from __future__ import annotations

import pytest

from policies.hours import opening_hours
from policies.pack import load_builtin_packs


@pytest.mark.parametrize(
    ("store", "locale", "said"),
    [
        ("kpopusa", "en", "Mon–Sat 12:00–19:30"),
        ("kpop2", "en", "Mon–Fri 10:00–18:00"),
        ("popmart", "ko", "월–금 09:00–17:00"),
    ],
)
def test_neighbouring_days_with_equal_hours_stand_together(
    store: str, locale: str, said: str
) -> None:
    assert opening_hours(load_builtin_packs()[store], locale) == said
