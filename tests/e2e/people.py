"""A person before a screen: opens, reads, presses. Nobody in these stories knows a selector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Response,
    expect,
)

from tickets.models import User

PHONE = {"width": 360, "height": 740}
TABLET = {"width": 820, "height": 1180}
LAPTOP = {"width": 1440, "height": 900}

# What our own pages answer to a form that cannot be taken; the browser logs each as an error.
_TOLD = {409, 413, 422}


class Person:
    """One person in one browser. What went wrong behind their back is in ``problems``."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.problems: list[str] = []
        self.answers: list[Response] = []
        self._expected = set(_TOLD)
        self._line_breaks = False
        self._wire: tuple[Page, CDPSession] | None = None
        context.set_default_timeout(15_000)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error.stack}"))
        context.on("response", self._on_response)
        self.page: Page = context.new_page()

    def _on_console(self, message: ConsoleMessage) -> None:
        failed = re.search(r"the server responded with a status of (\d+)", message.text)
        if failed and int(failed.group(1)) in self._expected:
            return
        if self._line_breaks and "net::ERR_" in message.text:
            return
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_response(self, response: Response) -> None:
        self.answers.append(response)
        if response.status >= 400 and response.status not in self._expected:
            self.problems.append(f"{response.status} from {response.url}")

    # --- the line ----------------------------------------------------------------------
    def has_a_line_of(self, bytes_a_second: int) -> None:
        """From now on so much goes up in a second on this page; -1 for all that there is."""
        self._emulates(offline=False, upload=bytes_a_second)

    def loses_the_line(self) -> None:
        """Nothing comes through any more; the browser tells so."""
        self._line_breaks = True
        self._emulates(offline=True, upload=-1)

    def _emulates(self, *, offline: bool, upload: int) -> None:
        # One session a page: what several of them wish for adds up.
        if self._wire is None or self._wire[0] is not self.page:
            self._wire = (self.page, self.context.new_cdp_session(self.page))
        line = {"offline": offline, "latency": 0, "downloadThroughput": -1}
        self._wire[1].send("Network.emulateNetworkConditions", {**line, "uploadThroughput": upload})

    # --- going somewhere ---------------------------------------------------------------
    def opens(self, address: str, *, status: int = 200) -> None:
        """Type an address (a path, or a whole link out of a mail)."""
        self._expected.add(status)
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == status, f"{address} answered {answer.status}"
        self.looks()

    def follows(self, name: str, *, within: str | None = None) -> None:
        """Follow a link by (the beginning of) its words."""
        place = self.page if within is None else self.page.get_by_role("region", name=within)
        place.get_by_role("link", name=_begins(name)).first.click()
        self.looks()

    def presses(self, name: str) -> None:
        """Press the button that says so."""
        self.page.get_by_role("button", name=_begins(name)).first.click()
        self.looks()

    def unfolds(self, title: str) -> None:
        """Open what is folded away under a title."""
        self.page.locator("summary", has_text=title).first.click()

    def looks(self) -> None:
        """Wait until the page is there. Nothing may stand beyond the screen's edge."""
        self.page.wait_for_load_state()
        assert self.page.viewport_size is not None
        room = self.page.viewport_size["width"]
        width = self.page.evaluate("() => document.scrollingElement.scrollWidth")
        assert width <= room, f"{self.page.url} scrolls sideways: {width} px in {room} px"

    # --- filling in --------------------------------------------------------------------
    def types(self, label: str, text: str) -> None:
        """Type into the field whose label begins so; one that only contains it comes second."""
        named = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}", re.IGNORECASE))
        found = named if named.count() else self.page.get_by_label(label, exact=False)
        found.first.fill(text)

    def ticks(self, label: str) -> None:
        """Tick the box, or choose the button, of that label."""
        self.page.get_by_label(label, exact=False).first.check()

    def hands_in(self, label: str, *files: tuple[str, str, bytes]) -> None:
        """Choose files (name, what the phone says they are, content)."""
        given = [FilePayload(name=name, mimeType=kind, buffer=body) for name, kind, body in files]
        self.page.get_by_label(label, exact=False).first.set_input_files(given)

    def hands_in_from_disk(self, label: str, *paths: Path) -> None:
        """Choose files that are too large to be told about."""
        self.page.get_by_label(label, exact=False).first.set_input_files(list(paths))

    # --- reading -----------------------------------------------------------------------
    def reads(self, *texts: str) -> None:
        """Each of the texts stands on the page, in the order of a person's patience."""
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(_loosely(text))

    def does_not_read(self, *texts: str) -> None:
        """None of the texts stands on the page."""
        for text in texts:
            expect(self.page.locator("body")).not_to_contain_text(_loosely(text))

    def sees(self, name: str, role: Any = "heading") -> Locator:
        """Something of that role and name is to be seen."""
        found = self.page.get_by_role(role, name=_begins(name)).first
        expect(found).to_be_visible()
        return found


def _begins(name: str) -> re.Pattern[str]:
    return re.compile(r"^\s*" + re.escape(name), re.IGNORECASE)


def _loosely(text: str) -> re.Pattern[str]:
    """White space is the template's business."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))


def sign_in_quietly(context: BrowserContext, user: User, url: str) -> None:
    """Somebody who signed in this morning: the cookie only. The whole story goes by the form."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": value, "url": url}])
