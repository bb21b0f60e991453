"""Whose tracking number is this, is it typed as the carrier wrote it, and where to follow it.

The store's own prefixes come first (they are rules of its pack), then the numbers of USPS, UPS,
FedEx, DHL and the posts of the world. Shapes and check digits are the library's business
(`tracking_numbers`, decision 8); what is here is which answer to believe where several fit, how
people mistype, and each carrier's page.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote

from tracking_numbers import DEFINITIONS

from policies.pack import Pack
from policies.postal import operator_of
from policies.schema import Carrier

MAX_LENGTH = 60

_LINKS = {
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "DHL": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    "Amazon Logistics": "https://track.amazon.com/tracking/{number}",
    "OnTrac": "https://www.ontrac.com/tracking/?number={number}",
}
# The library's products that we believe, under the name that customers know. The first that
# fits wins: FedEx SmartPost and USPS share numbers, and it is USPS that brings them.
_CARRIERS = {"usps": "USPS", "ups": "UPS", "fedex": "FedEx", "dhl": "DHL", "s10": "S10"} | {
    "amazon": "Amazon Logistics",
    "ontrac": "OnTrac",
}
_KINDS = [
    (_CARRIERS[kind.courier.code], kind)
    for code in ("s10", "ups", "usps", "fedex", "dhl", "amazon", "ontrac")
    for kind in DEFINITIONS
    if kind.courier.code == code and kind.product.name != "UPS Mail Innovations - Sequence Number"
]
# Shapes that are one carrier's alone. Plain runs of 10, 11, 12, 15, 18 or 20 digits are not:
# other carriers of the world use them too.
_CERTAIN = {
    "S10": re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}"),
    "UPS": re.compile(r"1Z[0-9A-Z]{16}"),
    "USPS": re.compile(r"(420[0-9]{5}([0-9]{4})?)?9[1-5]([0-9]{20}|[0-9]{24})"),
    "FedEx": re.compile(r"96[0-9]{20}|96[0-9]{32}|100[0-9]{31}"),
    "Amazon Logistics": re.compile(r"TBA[0-9]{12}"),
}
# Begins like one of theirs, and is a character or so short or long: what it should be.
_WRONG_LENGTH = (
    ("UPS", re.compile(r"1Z[0-9A-Z]{13,15}|1Z[0-9A-Z]{17,19}"), 18),
    ("USPS", re.compile(r"9[2345][0-9]{19}|9[2345][0-9]{21}"), 22),
)
# FedEx SmartPost leaves its 92 out of 20 digits, and then begins with 61; USPS leaves its 91 out.
_SMARTPOST_20 = re.compile(r"61[0-9]{18}")
_DHL_PIECE = re.compile(r"J(JD|VGL)[0-9]{9,22}")
# Carriers whose numbers all carry a check digit: named beside the number, they make it certain.
_ALWAYS_CHECKED = frozenset({"USPS", "UPS", "FedEx"})
_TO_DIGITS = str.maketrans("OQILSBZ", "0011582")
_TO_LETTERS = str.maketrans("0158", "OISB")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A tracking number and its carrier.

    `number` is written as the carrier writes it. `valid` says whether its check digit fits;
    None where its kind has none. `certain` says whether only this carrier has such numbers;
    `length` is how many characters it should have where that is what is wrong with it;
    `suggestion` is a number that fits, where only letters and digits were mixed up.
    `page` is an https address, opened for this number where the carrier's page takes one.
    """

    number: str
    carrier: str
    page: str
    phone: str | None = None
    valid: bool | None = None
    certain: bool = True
    length: int | None = None
    suggestion: str | None = None

    @property
    def mistyped(self) -> bool:
        """Say whether the number cannot be one of this carrier's, which is certain."""
        return self.valid is False and self.certain


def clean(typed: str) -> str:
    """Return a number without spaces, dashes and dots, in capitals; empty when it is none.

    Full-width digits, as Asian keyboards type them, become plain ones.
    """
    if len(typed) > 4 * MAX_LENGTH:
        return ""
    text = unicodedata.normalize("NFKC", typed).upper()
    kept = "".join(c for c in text if not (c.isspace() or c in ".,_/#'\"" or _is_dash(c)))
    if not kept.isascii() or not kept.isalnum() or len(kept) > MAX_LENGTH:
        return ""
    return kept


def recognise(typed: str, pack: Pack | None = None, carrier: str = "") -> Recognised | None:
    """Return what a tracking number tells of its carrier; None where it tells nothing.

    The store's own prefixes come before all else. `carrier` is whom somebody named beside the
    number: no other carrier is then looked for, and a number of one that always checks is
    held to it. Never raises, whatever was typed.
    """
    number = clean(typed)
    if not number:
        return None
    named = known_name(carrier)
    own = pack.carrier_of(number) if pack is not None else None
    if own is not None:
        return _of_the_store(number, own)
    found = _known(number, named)
    if found is None and named:
        found = _only_named(number, named, pack)
    if found is None:
        return None
    return replace(found, phone=found.phone or _phone(found.carrier, pack))


def known_name(carrier: str) -> str:
    """Return the name under which we know a carrier (`usps` → `USPS`), else it unchanged."""
    wanted = " ".join(carrier.split())
    for name in _LINKS:
        if wanted.casefold() == name.casefold():
            return name
    return wanted


def page_of(carrier: str, number: str, site: str = "") -> str:
    """Return the carrier's tracking page for a number, else its page, else nothing."""
    link = _LINKS.get(carrier)
    if link is not None:
        return link.replace("{number}", quote(number, safe=""))
    return _https(site) if site else ""


def _of_the_store(number: str, own: Carrier) -> Recognised:
    """The store says whose it is; the library says whether it is well typed, where it can."""
    name = known_name(own.name)
    checked = _known(number, name) if name in _LINKS else None
    certain = _is_certain(name, number)
    base = Recognised(number, own.name, page_of(name, number, own.site), own.phone)
    if checked is None or (checked.valid is False and not certain and checked.length is None):
        return base
    return replace(
        base,
        valid=checked.valid,
        length=checked.length,
        suggestion=checked.suggestion,
    )


def _only_named(number: str, named: str, pack: Pack | None) -> Recognised | None:
    """The number itself tells nothing, but somebody named a carrier that we or the store know."""
    for item in pack.carriers if pack is not None else ():
        if item.name.casefold() == named.casefold():
            return Recognised(number, item.name, page_of(named, number, item.site), item.phone)
    return Recognised(number, named, page_of(named, number)) if named in _LINKS else None


def _phone(carrier: str, pack: Pack | None) -> str | None:
    phones = (item.phone for item in (pack.carriers if pack else ()) if item.name == carrier)
    return next((phone for phone in phones if phone), None)


def _known(number: str, named: str) -> Recognised | None:
    """The best answer of the library, of one carrier's kinds where somebody named it."""
    fits = list(_fits(number))
    if named:
        # "Korea Post" is what S10 finds by itself; a name that we do not know hides nothing
        # certain, but keeps its plain digits from being taken for somebody else's.
        theirs = [one for one in fits if one.carrier == named]
        fits = theirs or ([one for one in fits if one.certain] if named not in _LINKS else [])
    best = min(fits, key=_doubt, default=None)
    if best is not None and named in _ALWAYS_CHECKED and best.carrier == named:
        best = replace(best, certain=True)
    if best is not None and (best.valid is not False or not best.certain):
        return best
    mended = _mended(number, named)
    if best is not None:
        return replace(best, suggestion=mended.number if mended else None)
    if mended is not None:
        return replace(mended, number=number, valid=False, suggestion=mended.number)
    return _wrong_length(number, named)


def _doubt(found: Recognised) -> tuple[bool, bool]:
    """Certain before uncertain, and a check digit that fits before one that does not."""
    if found.certain:
        return (False, found.valid is False)
    return (True, found.valid is False)


def _fits(number: str) -> Iterator[Recognised]:
    """Every kind of number that this may be, in the order in which we believe them."""
    if _DHL_PIECE.fullmatch(number):
        yield Recognised(number, "DHL", page_of("DHL", number))
    for carrier, kind in _KINDS:
        if not kind.number_regex.fullmatch(number) or _is_the_other_s(carrier, number):
            continue
        errors = _errors(kind, number)
        if carrier == "S10":
            if "Service Type" in errors or "Courier" in errors:
                continue  # two letters, digits, two letters: but of no service or no country
            yield _postal(number, valid="checksum" not in errors)
            continue
        if carrier != "UPS" and errors - {"checksum"}:
            continue  # the wrong first digits for this product; UPS adds services all the time
        valid = None if kind.checksum_validator is None else "checksum" not in errors
        certain = _is_certain(carrier, number)
        yield Recognised(number, carrier, page_of(carrier, number), valid=valid, certain=certain)


def _is_the_other_s(carrier: str, number: str) -> bool:
    if len(number) != 20 or carrier not in ("USPS", "FedEx"):
        return False
    return (carrier == "FedEx") != bool(_SMARTPOST_20.fullmatch(number))


def _is_certain(carrier: str, number: str) -> bool:
    shape = _CERTAIN.get(carrier)
    return bool(shape and shape.fullmatch(number))


def _errors(kind: object, number: str) -> set[str]:
    try:
        found = kind.test(number)  # type: ignore[attr-defined]  # the library is not typed
    except ValueError:
        return {"checksum"}  # a letter where the library wants the check digit
    return {name for name, _why in found.validation_errors}


def _postal(number: str, *, valid: bool) -> Recognised:
    operator = operator_of(number[-2:])
    page = operator.link.replace("{number}", quote(number, safe=""))
    return Recognised(number, operator.name, page, valid=valid)


def _mended(number: str, named: str) -> Recognised | None:
    """The number with letters and digits that look alike put right, where it then fits."""
    digits, letters = number.translate(_TO_DIGITS), number.translate(_TO_LETTERS)
    tries = [
        "1Z" + number[2:].translate(str.maketrans("OIQ", "010")),
        "1Z" + digits[2:],
        letters[:2] + digits[2:-2] + letters[-2:],
        digits,
    ]
    for candidate in dict.fromkeys(tries):
        if candidate == number:
            continue
        if candidate.startswith("1Z") and not re.match(r"[1IL][Z2]", number):
            continue
        for found in _fits(candidate):
            if found.valid and found.certain and named in ("", found.carrier):
                return found
    return None


def _wrong_length(number: str, named: str) -> Recognised | None:
    for carrier, shape, length in _WRONG_LENGTH:
        if named in ("", carrier) and shape.fullmatch(number):
            page = page_of(carrier, number)
            return Recognised(number, carrier, page, valid=False, length=length)
    return None


def _is_dash(character: str) -> bool:
    return unicodedata.category(character) in ("Pd", "Cf")


@lru_cache(maxsize=64)
def _https(site: str) -> str:
    """The address of a page as packs write it (`ups.com/track`)."""
    bare = re.sub(r"^[a-z]+://", "", site.strip(), flags=re.IGNORECASE)
    return "https://" + quote(bare, safe="/#?&=%.:-_~")
