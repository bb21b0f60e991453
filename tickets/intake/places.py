"""Where a customer lives, as far as an address tells: country code and time zone."""

from __future__ import annotations

from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

# Where a country has several zones, the one that most of its province lives in.
_BY_PROVINCE = {
    "US": {
        "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
        "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
        "America/Denver": "CO ID MT NM UT WY",
        "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA NV OR WA",
        "America/Anchorage": "AK",
        "Pacific/Honolulu": "HI",
    },
    "CA": {
        "America/St_Johns": "NL",
        "America/Halifax": "NB NS PE",
        "America/Toronto": "ON QC",
        "America/Winnipeg": "MB",
        "America/Regina": "SK",
        "America/Edmonton": "AB",
        "America/Vancouver": "BC",
    },
    "AU": {
        "Australia/Sydney": "NSW ACT",
        "Australia/Melbourne": "VIC",
        "Australia/Brisbane": "QLD",
        "Australia/Adelaide": "SA",
        "Australia/Perth": "WA",
        "Australia/Hobart": "TAS",
        "Australia/Darwin": "NT",
    },
}
# Several zones on paper, one for (nearly) everybody.
_MAIN = {
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
}


@cache
def _codes_by_name() -> dict[str, str]:
    names = Locale("en").territories
    return {name.casefold(): code for code, name in names.items() if len(code) == 2}


@lru_cache(maxsize=1024)
def country_code(text: str) -> str:
    """ISO 3166 alpha-2 of a code or an English name; empty when it is neither."""
    text = text.strip()
    if len(text) == 2 and text.upper() in Locale("en").territories:
        return text.upper()
    return _codes_by_name().get(text.casefold(), "")


@lru_cache(maxsize=1024)
def time_zone(country: str, province: str) -> str:
    """The IANA zone of an address; empty when the address does not settle it."""
    for zone, provinces in _BY_PROVINCE.get(country, {}).items():
        if province.upper() in provinces.split():
            return zone
    if country in _MAIN:
        return _MAIN[country]
    zones = get_global("territory_zones").get(country, ())
    return str(zones[0]) if len(zones) == 1 else ""


def locale(country: str) -> str:
    """The language to begin with; empty where the store's own is as good a guess."""
    return {"KR": "ko"}.get(country, "")
