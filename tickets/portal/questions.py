"""One question of the guided form: which kind of answer it takes, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from policies.pack import Pack
from tickets.portal.forms import DateAnswer, EmailAnswer, IpAnswer, NumberAnswer, TextAnswer

_DATES = {"charged_at", "review_posted_at", "points_earned_at", "discovered_at"}
_KINDS: Mapping[str, type[forms.Form]] = {
    **dict.fromkeys(_DATES, DateAnswer),
    "active_orders": NumberAnswer,
    "ip_address": IpAnswer,
    "account_email": EmailAnswer,
}
_BOOLS = {"opened", "package_damaged", "video_exists", "receipt", "remote", "forfeit_points"}


def is_question(fact: str) -> bool:
    """Whether anybody could ever be asked this."""
    return fact in _KINDS or fact in _BOOLS


class Question:
    """One question on a page; with what was posted, if anything was."""

    def __init__(
        self,
        fact: str,
        *,
        posted: Mapping[str, Any] | None,
        before: Any,
        zone: ZoneInfo,
        now: datetime,
        address: str = "",
    ) -> None:
        self.fact, self.posted, self.zone = fact, posted, zone
        self.answered = before
        self.form: forms.Form | None = None
        if fact in _BOOLS:
            return
        if fact in _DATES and isinstance(before, str):
            before = datetime.fromisoformat(before).astimezone(zone).date().isoformat()
        if fact == "ip_address" and before is None:
            before = address  # where the visitor comes from now: most likely the same
        made = _KINDS.get(fact, TextAnswer)(posted, initial={"value": before})
        if isinstance(made, DateAnswer):
            made.today = now.astimezone(zone).date()
        self.form = made

    @property
    def can_skip(self) -> bool:
        """Whether “I do not know” is an answer; yes and no are always known."""
        return self.form is not None

    @property
    def skipped(self) -> bool:
        """Whether the customer said that they do not know."""
        return self.can_skip and self.posted is not None and "skip" in self.posted

    def words(self, pack: Pack, locale: str) -> str:
        """The question itself."""
        return pack.question(self.fact, locale) or ""

    def answer(self) -> Any:
        """What was answered; ``None`` where nothing usable was."""
        if self.posted is None:
            return None
        if self.form is None:
            return {"yes": True, "no": False}.get(str(self.posted.get("value", "")))
        if not self.form.is_valid():
            return None
        return self.form.answer(self.zone)  # type: ignore[attr-defined]  # every answer form has it

    def change(self) -> dict[str, Any] | None:
        """What goes into the draft's answers; ``None`` where the page has to be shown again."""
        if self.skipped:
            return {"unknown": self.fact}
        found = self.answer()
        return None if found is None else {"said": {self.fact: found}}
