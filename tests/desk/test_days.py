"""Days of releases are written as their reader writes them."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from tickets.templatetags.staff import day_and_year


@pytest.mark.parametrize(
    ("tongue", "written"), [("en", "Fri 4 Dec 2026"), ("ko", "2026년 12월 4일 (금)")]
)
def test_a_day_with_its_year(tongue: str, written: str) -> None:
    with override(tongue):
        assert day_and_year(date(2026, 12, 4)) == written
        assert day_and_year(None) == ""
