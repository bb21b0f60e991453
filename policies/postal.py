"""The postal operators behind international numbers (UPU S10), by the country of the suffix.

An S10 number names the country that posted the item. Where that operator's page takes the
number in its address we open it; for the rest of the world there is the Universal Postal
Union's own page.
"""

from dataclasses import dataclass

from babel import Locale

UPU_PAGE = "https://globaltracktrace.ptc.post/gtt.web/"


@dataclass(frozen=True, slots=True)
class Operator:
    """A postal operator. `link` is its tracking page, `{number}` in it where it takes one."""

    name: str
    link: str


OPERATORS = {
    "AT": Operator("Österreichische Post", "https://www.post.at/sv/sendungsdetails?snr={number}"),
    "AU": Operator("Australia Post", "https://auspost.com.au/mypost/track/#/details/{number}"),
    "CA": Operator(
        "Canada Post",
        "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={number}",
    ),
    "CN": Operator("China Post", "https://www.ems.com.cn/"),
    "DE": Operator(
        "Deutsche Post DHL",
        "https://www.dhl.de/en/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}",
    ),
    "FR": Operator("La Poste", "https://www.laposte.fr/outils/suivre-vos-envois?code={number}"),
    "GB": Operator(
        "Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{number}"
    ),
    "HK": Operator("Hongkong Post", "https://www.hongkongpost.hk/en/mail_tracking/index.html"),
    "JP": Operator(
        "Japan Post",
        "https://trackings.post.japanpost.jp/services/srv/search/direct"
        "?searchKind=S004&locale=en&reqCodeNo1={number}",
    ),
    "KR": Operator(
        "Korea Post",
        "https://service.epost.go.kr/trace.RetrieveEmsRigiTraceList.comm"
        "?POST_CODE={number}&displayHeader=N",
    ),
    "NL": Operator("PostNL", "https://www.internationalparceltracking.com/"),
    "NZ": Operator("New Zealand Post", "https://www.nzpost.co.nz/tools/tracking?trackid={number}"),
    "SG": Operator("SingPost", "https://www.singpost.com/track-items"),
    "US": Operator("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"),
}


def operator_of(country: str) -> Operator:
    """Return the operator of a country (ISO 3166 alpha-2), named after it where we know none."""
    known = OPERATORS.get(country)
    if known is not None:
        return known
    name = Locale("en").territories.get(country, country)
    return Operator(f"Postal service ({name})", UPU_PAGE)
