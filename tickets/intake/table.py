"""A CSV file, record by record, in constant memory, whatever is in it.

Every record knows the line it begins on. A line that is not UTF-8, or a quote that never
closes, costs only the record it stands in: the reader begins again on the next line.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_LINE = 1 << 20  # bytes; a longer line is no line of a table
_NOT_UTF8 = gettext_lazy("is not UTF-8 text: save it as “CSV UTF-8”")


class UnusableFile(Exception):
    """The file as a whole cannot be read; the message says why and what to do."""


class Columns(dict[str, "int | None"]):
    """Where each column stands, by its name in any case; None for one that is not there."""

    def __missing__(self, name: str) -> int | None:
        # Kept under the name as asked for: only this code asks, so there are few.
        self[name] = found = self.get(name.casefold())
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """One record. ``record["Column"]`` is the trimmed cell, empty where there is no column."""

    line: int
    cells: list[str]
    columns: Columns

    def __getitem__(self, column: str) -> str:
        index = self.columns[column]
        return "" if index is None else self.cells[index].strip()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is none. ``guess`` holds the cells as far as they can be told apart."""

    line: int
    reason: str
    guess: Record


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    problem: str = ""


class _Lines:
    """The decoded lines of a file for the csv module, some of which can be given back."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], object] | None) -> None:
        self._file = file
        self._progress = progress or (lambda size: None)
        self._count = 0
        self._back: deque[_Line] = deque()
        self.taken: list[_Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._read()
        self.taken.append(line)
        return line.text

    def begin(self) -> None:
        """A new record begins with the next line."""
        self.taken = []

    def retry_after_first(self) -> None:
        """Give back all but the first line of the record."""
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def _read(self) -> _Line:
        raw = self._file.readline(MAX_LINE)
        if not raw:
            raise StopIteration
        self._count += 1
        self._progress(len(raw))
        if self._count == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) >= MAX_LINE and not raw.endswith(b"\n"):
            self._skip_rest()
            begin = raw[:200].decode(errors="replace").replace('"', "")
            return _Line(self._count, begin, _("is too long for a CSV file"))
        try:
            text, problem = raw.decode(), ""
        except UnicodeDecodeError:
            text, problem = raw.decode(errors="replace"), str(_NOT_UTF8)
        if "\0" in text:
            problem = str(_NOT_UTF8)
        return _Line(self._count, text, problem)

    def _skip_rest(self) -> None:
        while (more := self._file.readline(MAX_LINE)) and not more.endswith(b"\n"):
            self._progress(len(more))
        self._progress(len(more))


class Table:
    """The records under a header.

    Raises:
        UnusableFile: when the file is empty, is not UTF-8 text, or its header has not all the
            ``required`` columns.
    """

    def __init__(
        self,
        file: BinaryIO,
        required: Sequence[str],
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self._lines = _Lines(file, progress)
        self._reader = csv.reader(self._lines, strict=True)
        header = self._header()
        self._width = len(header)
        self.columns = Columns()
        for index, name in enumerate(header):
            self.columns.setdefault(" ".join(name.split()).casefold(), index)
        wanted = [name.casefold() for name in required]
        missing = [name for name in required if name.casefold() not in self.columns]
        if missing:
            raise UnusableFile(_missing_columns(header, missing))
        self._least = 1 + max(self.columns[name] or 0 for name in wanted)

    def __iter__(self) -> Iterator[Record | Unreadable]:
        while True:
            self._lines.begin()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._lines.retry_after_first()
                yield self._unreadable(_("is not CSV: %(error)s") % {"error": error})
                continue
            problem = self._problem(cells)
            if not problem and not any(cell.strip() for cell in cells):
                continue
            if problem:
                yield self._unreadable(problem, cells)
            else:
                yield Record(self._lines.taken[0].number, cells, self.columns)

    def _problem(self, cells: list[str]) -> str:
        for line in self._lines.taken:
            if line.problem:
                return line.problem
        del cells[self._full(cells) :]
        if self._least <= len(cells) <= self._width and self._lines.taken[-1].text.endswith("\n"):
            cells.extend([""] * (self._width - len(cells)))  # trailing empty cells left off
        if len(cells) != self._width and any(cell.strip() for cell in cells):
            return _("has %(found)d cells where the header has %(wanted)d") % {
                "found": len(cells),
                "wanted": self._width,
            }
        return ""

    def _full(self, cells: list[str]) -> int:
        """How many cells there are, without empty ones beyond the header."""
        count = len(cells)
        while count > self._width and not cells[count - 1].strip():
            count -= 1
        return count

    def _unreadable(self, reason: str, cells: list[str] | None = None) -> Unreadable:
        first = self._lines.taken[0]
        cells = first.text.split(",") if cells is None else cells
        cells = (cells + [""] * self._width)[: self._width]
        return Unreadable(first.number, reason, Record(first.number, cells, self.columns))

    def _header(self) -> list[str]:
        try:
            header = next(self._reader)
        except StopIteration:
            raise UnusableFile(_("The file is empty.")) from None
        except csv.Error as error:
            raise UnusableFile(_("The file is not CSV: %(error)s.") % {"error": error}) from error
        if self._lines.taken[0].problem:
            raise UnusableFile(
                _("The file %(problem)s.") % {"problem": self._lines.taken[0].problem}
            )
        if not any(cell.strip() for cell in header):
            raise UnusableFile(_("The first line is empty: the columns' names belong there."))
        return header


def _missing_columns(header: list[str], missing: list[str]) -> str:
    if len(header) == 1 and ";" in header[0]:
        return _("Its columns are separated by semicolons: export it again, with commas.")
    return _("It has no column %(names)s.") % {
        "names": ", ".join(f"“{name}”" for name in missing[:5])
    }
