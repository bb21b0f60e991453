"""Proofreading of the floors: countries there are, clauses that are said, ids that are free."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale

from policies.fields import ALWAYS_KNOWN, SOMETIMES_KNOWN

if TYPE_CHECKING:
    from policies.proofread import Proof
    from policies.reading import Path
    from policies.schema import Floor

# What Unicode lists beside the countries: groups of them, and codes for none.
_LETTERS = 2
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Return the codes (ISO 3166 alpha-2) of all countries."""
    codes = (str(code) for code in Locale("en").territories)
    found = {code for code in codes if len(code) == _LETTERS and code.isalpha()}
    return frozenset(found - _NO_COUNTRIES)


class FloorProof:
    """Reads the floors of a document whose shape is right."""

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.document = proof.document

    def read(self) -> None:
        """Read every floor, and what they say of the same request in the same country."""
        seen: set[str] = set()
        spoken: dict[tuple[str, str], str] = {}
        for index, floor in enumerate(self.document.floors):
            path: Path = ("floors", index)
            self.name((*path, "id"), floor.id, seen)
            seen.add(floor.id)
            self.clauses(path, floor)
            self.texts(path, floor)
            for number, code in enumerate(floor.countries):
                if code not in countries():
                    self.proof.complain(
                        (*path, "countries", number), f"there is no country {code!r}"
                    )
            if floor.on:
                self.alone(path, floor, spoken)

    def name(self, path: Path, floor_id: str, seen: set[str]) -> None:
        """Check that an id is this store's, and nobody else's."""
        slug = self.document.store.slug
        if not floor_id.startswith(f"{slug}."):
            self.proof.complain(path, f"does not begin with '{slug}.'")
        if floor_id in self.document.rules:
            self.proof.complain(path, f"{floor_id!r} is the id of a rule")
        if floor_id in seen:
            self.proof.complain(path, f"{floor_id!r} is the id of a floor above")

    def clauses(self, path: Path, floor: Floor) -> None:
        """Check that a floor gives something, and says so."""
        given = {
            "window": floor.window is not None,
            "evidence": floor.missing_evidence_may_not_refuse,
        }
        if not any(given.values()):
            self.proof.complain(
                path, "gives nothing: neither a window nor missing_evidence_may_not_refuse"
            )
        said: set[str] = set(floor.says)
        for clause, there in given.items():
            if there and clause not in said:
                self.proof.complain(path, f"says nothing for '{clause}'")
            if clause in said and not there:
                self.proof.complain(
                    (*path, "says", clause), "is said of a clause that is not there"
                )

    def texts(self, path: Path, floor: Floor) -> None:
        """Check the placeholders: figures of the window or of a rule, and dates in what it says."""
        window = floor.window
        figures = set() if window is None else {"months"}
        if window is not None and window.discovered_days is not None:
            figures.add("discovered_days")
        for locale, text in floor.source.items():
            if self.proof.parse((*path, "source", locale), text):
                self.proof.complain((*path, "source", locale), "takes no placeholders")
        for locale, text in floor.sentence.items():
            self.names((*path, "sentence", locale), text, figures | ALWAYS_KNOWN)
        for clause, texts in floor.says.items():
            for locale, sentences in texts.items():
                here: Path = (*path, "says", clause, locale)
                certain = False
                for text in sentences:
                    found = self.names(here, text, figures | ALWAYS_KNOWN | SOMETIMES_KNOWN)
                    certain = certain or SOMETIMES_KNOWN.isdisjoint(found)
                if not certain:
                    self.proof.complain(
                        here, "needs one sentence that can be said whatever is unknown"
                    )

    def names(self, path: Path, text: str, known: frozenset[str] | set[str]) -> tuple[str, ...]:
        """Return the placeholders of a text, once each is known; figures of rules may be named."""
        found = self.proof.parse(path, text)
        for name in found:
            if name in known:
                continue
            if "/" in name:
                self.proof.figure(path, name, "", None)
            else:
                self.proof.complain(path, f"the floor has no figure {name!r}")
        return found

    def alone(self, path: Path, floor: Floor, spoken: dict[tuple[str, str], str]) -> None:
        """Check that no other floor that is on speaks of the same request and country."""
        for country in floor.countries:
            for request in floor.requests:
                other = spoken.setdefault((country, str(request)), floor.id)
                if other != floor.id:
                    self.proof.complain(path, f"{other} is on for {request} in {country} already")
