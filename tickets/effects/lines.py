"""Text that people typed, made safe for a place of one line."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Text that cannot end a header or a table's row: line breaks and the like become spaces."""
    return " ".join(
        "".join(character if character.isprintable() else " " for character in text).split()
    )
