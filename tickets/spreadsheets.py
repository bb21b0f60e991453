"""Lines of CSV that are harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

# So that spreadsheets read Korean names as UTF-8.
BOM = "\ufeff"
# A cell that begins like this is a formula to a spreadsheet (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Echo:
    """A file that gives back what is written into it."""

    def write(self, text: str) -> str:
        """The line itself, for who streams it."""
        return text


def defused(text: str) -> str:
    """Text that stays text: a leading apostrophe where a spreadsheet would calculate."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def sheet(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A whole sheet, line by line, every cell defused."""
    writer = csv.writer(Echo())
    yield BOM + writer.writerow(head)
    for row in rows:
        yield writer.writerow([defused(cell) for cell in row])
