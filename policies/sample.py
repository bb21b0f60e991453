"""The pack that a new store starts from: small, complete, valid, and full of comments."""

import json
import re
from pathlib import Path
from string import Template

from policies.fields import MAX_SLUG, SLUG
from policies.pack import load_pack
from policies.reading import Mistake, PackError

_SAMPLE = Path(__file__).parent / "sample.yaml"


def sample(
    slug: str,
    *,
    name: str = "",
    time_zone: str = "UTC",
    country: str = "",
    currency: str = "USD",
    taken: frozenset[str] = frozenset(),
) -> str:
    """Return the text of a first pack for a store.

    Args:
        slug: the store's short name; its rules' ids begin with it.
        name: what customers call it; the slug with a capital without it.
        time_zone: an IANA name. The place is its city.
        country: whose public holidays are no business days (ISO 3166); none without it.
        currency: what the store sells in (ISO 4217).
        taken: first parts of addresses that no store can have.

    Raises:
        PackError: when one of them cannot be used.
    """
    if not re.fullmatch(SLUG, slug) or len(slug) > MAX_SLUG:
        message = f"{slug!r} is no name: small letters and digits, a letter first"
        raise PackError([Mistake("new", 1, "store.slug", None, message)])
    shown = " ".join(name.split()) or slug.capitalize()
    place = time_zone.rpartition("/")[2].replace("_", " ")
    holidays = (
        f"holidays: {{country: {_text(country)}}}  # no business days, and closed"
        if country
        else "# holidays: {country: DE}  # whose public holidays are no business days"
    )
    text = Template(_SAMPLE.read_text(encoding="utf-8")).substitute(
        slug=slug,
        title=shown,
        name=_text(shown),
        place=_text(place),
        zone=_text(time_zone),
        holidays=holidays,
        currency=_text(currency),
    )
    load_pack(text, slug, taken=taken)
    return text


def _text(value: str) -> str:
    """A YAML scalar: bare where it is plain words, else quoted as JSON is, which YAML reads."""
    plain = value.replace(" ", "").replace("/", "").replace("_", "").isalpha()
    if plain and value.lower() not in ("null", "true", "false"):
        return value
    return json.dumps(value, ensure_ascii=False)
