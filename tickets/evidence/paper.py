"""A sheet of paper for documents, in any of the scripts that names are written in.

The font lies beside the product (``supportdesk/fonts``) and has Hangul, Kana and Han; a document
embeds the characters it uses, so it reads the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from unicodedata import category, normalize

from django.conf import settings
from django.utils import translation
from fpdf import FPDF
from fpdf.fonts import TTFFont

Pair = tuple[str, str]
_FONT = "noto"
_LABEL, _LINE = 42, 5.2  # millimetres
_GREY, _INK = 110, 20


class Paper(FPDF):
    """An A4 sheet with a quiet head and page numbers."""

    def __init__(self, store: str, reference: str, now: datetime) -> None:
        super().__init__(format="A4")
        self._running = f"{store} · {reference}"
        self.add_font(_FONT, fname=settings.BASE_DIR / "supportdesk/fonts/NotoSansCJK-Regular.otf")
        font = self.fonts[_FONT]
        assert isinstance(font, TTFFont)
        self._drawn = set(font.cmap)
        self.set_creation_date(now)
        self.set_title(self._running)
        self.set_lang(translation.get_language() or "en")
        self.set_margins(20, 18, 20)
        self.c_margin = 0
        self.set_auto_page_break(True, margin=20)
        self.add_page()

    def footer(self) -> None:
        """The request and the page's number, small and grey."""
        self.set_y(-14)
        self._pen(8, _GREY)
        self.cell(0, 5, self._clean(self._running))
        self.set_x(20)
        self.cell(0, 5, str(self.page_no()), align="R")

    def heading(self, words: str) -> None:
        """What the document is."""
        self._pen(17, _INK)
        self.multi_cell(0, 9, self._clean(words), align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def section(self, words: str) -> None:
        """A part of the document; never alone at the foot of a page."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(4)
        self._pen(12, _INK)
        self.cell(0, 7, self._clean(words), new_x="LMARGIN", new_y="NEXT")
        self.set_draw_color(205)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.ln(1.5)

    def small_heading(self, words: str) -> None:
        """A group within a part."""
        self.ln(1.5)
        self.paragraph(words, grey=True)

    def gap(self) -> None:
        """A little air."""
        self.ln(1.5)

    def paragraph(self, words: str, grey: bool = False) -> None:
        """Running text, over the whole width."""
        self._pen(10, _GREY if grey else _INK)
        self.multi_cell(0, _LINE, self._clean(words), align="L", new_x="LMARGIN", new_y="NEXT")

    def pairs(self, found: Iterator[Pair]) -> None:
        """Names on the left, what they are on the right."""
        for name, value in found:
            if self.will_page_break(_LINE * 2):
                self.add_page()
            top = self.get_y()
            self._pen(9, _GREY)
            self.multi_cell(_LABEL, _LINE, self._clean(name), align="L", new_x="RIGHT", new_y="TOP")
            left_end = top + _LINE * max(1, len(self._lines(name)))
            self.set_xy(self.l_margin + _LABEL + 2, top)
            self._pen(9.5, _INK)
            self.multi_cell(0, _LINE, self._clean(value), align="L", new_x="LMARGIN", new_y="NEXT")
            if self.get_y() > top:  # still on the same page
                self.set_y(max(self.get_y(), left_end))

    def _lines(self, name: str) -> list[str]:
        told: Any = self.multi_cell(
            _LABEL, _LINE, self._clean(name), align="L", dry_run=True, output="LINES"
        )
        return list(told)

    def _pen(self, size: float, grey: int) -> None:
        self.set_font(_FONT, size=size)
        self.set_text_color(grey)

    def _clean(self, words: str) -> str:
        """Composed, without signs that steer a text, and with a mark for what is not drawn."""
        kept = (
            sign if sign == "\n" or category(sign) not in {"Cc", "Cf", "Cs"} else ""
            for sign in normalize("NFC", words)
        )
        return "".join(
            sign if not sign or sign == "\n" or ord(sign) in self._drawn else "□" for sign in kept
        )
