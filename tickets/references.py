"""References that people read over the phone.

Seven random characters and a check character (ISO 7064, hybrid system, over an
alphabet of 30: no 0/O, 1/I/L, U), so that one cannot be guessed from another
and a misheard one is noticed before anybody is looked up. 30**7 is 21.8 billion.
"""

from __future__ import annotations

import secrets

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """A fresh reference of eight characters, e.g. ``7KM4QX9D``."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(7))
    return body + str(mod_37_36.calc_check_digit(body, ALPHABET))


def clean_reference(typed: str) -> str | None:
    """What a person typed or read out, in stored form, or ``None`` if it cannot be one.

    Spaces, hyphens and case do not matter. Characters outside the alphabet are
    refused rather than guessed.
    """
    text = "".join(typed.upper().split()).replace("-", "")
    if len(text) != 8 or any(character not in ALPHABET for character in text):
        return None
    try:
        return str(mod_37_36.validate(text, ALPHABET))
    except ValidationError:
        return None


def spoken(reference: str) -> str:
    """The reference as shown to people: ``7KM4-QX9D``."""
    return f"{reference[:4]}-{reference[4:]}"
