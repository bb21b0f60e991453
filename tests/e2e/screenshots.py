"""Pictures of every face, for the README and for whoever wants to look it over.

    .venv/bin/python -m tests.e2e.screenshots OUTDIR [--docs]

Starts a demo of its own, on a free port and in a directory of its own, walks through it as
people do, and stops it again. ``--docs`` also renews the small pictures of docs/images.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests import browser as chromium

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
PASSWORD = "look-around-2026"
PHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1440, "height": 900}
TALL = {"width": 1440, "height": 1160}
TABLET = {"width": 820, "height": 1180}
# What the README shows: the picture, and the width it is brought to.
SHOWN = {
    "portal.png": ("portal-answer-window-light.png", 540),
    "desk.png": ("desk-talk-light.png", 1440),
    "evidence.png": ("portal-evidence-window-light.png", 540),
    "viewer.png": ("desk-claim-light.png", 1440),
    "counter.png": ("counter-light.png", 820),
    "reports.png": ("reports-light.png", 1440),
}
AT_MOST = 150_000  # bytes
POPMART_LATE = "liam@example.com"  # whose P-3003 has stood still for eight days


@contextmanager
def demo() -> Iterator[str]:
    """A demo that runs, at the address that is handed out; gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = Path(tempfile.mkdtemp(prefix="supportdesk-pictures-"))
    data.chmod(0o755)  # root's PostgreSQL runs under a lent account
    environment = {**os.environ, "DATA_DIR": str(data), "PORT": str(port)}
    command = [sys.executable, "-m", "supportdesk.supervisor", "run"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(data, ignore_errors=True)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(900):
        if process.poll() is not None:
            raise SystemExit("The demo did not start; its reason stands above.")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"{address} did not answer within three minutes.")


class Album:
    """Takes pictures in one theme, in windows of the sizes asked for."""

    def __init__(self, browser: Browser, address: str, out: Path, theme: str) -> None:
        self.browser, self.address, self.out, self.theme = browser, address, out, theme

    @contextmanager
    def window(self, size: Any, **wishes: Any) -> Iterator[Page]:
        """A window of its own, with nobody's cookies."""
        wishes = {"locale": "en-GB", "timezone_id": "Asia/Seoul", **wishes}
        context = self.browser.new_context(
            base_url=self.address,
            viewport=size,
            color_scheme=self.theme,
            reduced_motion="reduce",
            **wishes,
        )
        page = context.new_page()
        yield page
        context.close()

    def take(self, page: Page, name: str, *, whole: bool = True) -> None:
        """One picture: the whole page, or only what is in the window."""
        page.wait_for_load_state("networkidle")
        page.screenshot(path=self.out / f"{name}-{self.theme}.png", full_page=whole)


def customer(album: Album, order: str, email: str) -> None:
    """From the choice of the store to the status page."""
    with album.window(PHONE, is_mobile=True, has_touch=True, device_scale_factor=2) as page:
        page.goto("/")
        album.take(page, "portal-home")
        page.goto("/kpopusa/")
        album.take(page, "portal-store")
        page.goto("/kpopusa/new/missing_photocard/")
        album.take(page, "portal-order")
        page.get_by_label("Order number").fill(order)
        page.get_by_label("E-mail address").fill(email)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("checkbox").first.check()
        album.take(page, "portal-items")
        page.get_by_role("button", name="Go on").click()
        album.take(page, "portal-question")
        page.get_by_role("button", name="No").click()
        album.take(page, "portal-answer")
        album.take(page, "portal-answer-window", whole=False)
        page.get_by_role("link", name="Go on").click()
        album.take(page, "portal-evidence")
        album.take(page, "portal-evidence-window", whole=False)
        page.get_by_role("link", name="Go on, and add it later").click()
        album.take(page, "portal-review")
        page.get_by_role("button", name="Send it").click()
        album.take(page, "portal-status")


# The help centre, on a phone and on a laptop.
HELP = {
    "help": "/kpopusa/help/",
    "help-search": "/kpopusa/help/?q=refund",
    "help-article": "/kpopusa/help/missing-contents/",
    "help-carriers": "/popmart/help/carriers/",
}


def reader(album: Album) -> None:
    """Who reads before asking."""
    for size, kind in ((PHONE, "phone"), (LAPTOP, "laptop")):
        with album.window(size, is_mobile=kind == "phone") as page:
            for name, address in HELP.items():
                page.goto(address)
                album.take(page, f"{name}-{kind}")


def tracking(album: Album) -> None:
    """Track my order: a late parcel, a poster, and a number that is mistyped."""
    with album.window(PHONE, is_mobile=True, has_touch=True, device_scale_factor=2) as page:
        page.goto("/kpopusa/track/")
        album.take(page, "track")
        page.get_by_label("Tracking number").fill("9400 1112 0108 0805 4830 17")
        page.get_by_role("button", name="Track this number").click()
        album.take(page, "track-mistyped")
        page.goto("/popmart/track/")
        page.get_by_label("Order number").fill("P-3003")
        page.get_by_label("E-mail address").fill(POPMART_LATE)
        page.get_by_role("button", name="Go on").click()
        album.take(page, "track-late")


def staff(album: Album) -> None:
    """The desk, the counter, the reports and the mailbox."""
    with album.window(LAPTOP, timezone_id="America/Los_Angeles") as page:
        page.goto("/desk/")
        album.take(page, "login", whole=False)
        page.get_by_label("Email").fill("manager@demo.test")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        album.take(page, "desk-queue", whole=False)
        for order, name, size in (("K-1011", "claim", LAPTOP), ("K-1017", "talk", TALL)):
            page.set_viewport_size(size)
            page.goto(f"/desk/?q={order}")
            page.locator(".row-ref").first.click()
            page.wait_for_load_state()
            page.locator("video").first.evaluate(
                "film => new Promise(done => { film.onseeked = done; film.currentTime = 2; })"
            )
            page.wait_for_timeout(1500)  # until the player's own signs have faded
            album.take(page, f"desk-{name}", whole=False)
        page.set_viewport_size(LAPTOP)
        page.goto("/desk/refunds/")
        album.take(page, "desk-refunds", whole=False)
        page.goto("/reports/")
        album.take(page, "reports")
        page.goto("/policies/kpopusa/")
        album.take(page, "policies")
        page.get_by_role("button", name="New draft after version").click()
        page.get_by_role("link", name="Change figures").click()
        window = page.get_by_role("group", name="Contact window kpopusa.contact-window")
        window.get_by_label("Time").fill("10")
        page.get_by_role("button", name="Save the draft").click()
        album.take(page, "policies-draft")
        page.goto("/mailbox/")
        album.take(page, "mailbox", whole=False)
        page.locator("main li a, main td a").first.click()
        album.take(page, "mail")
        page.set_viewport_size(TABLET)
        page.goto("/desk/pickups/")
        album.take(page, "counter", whole=False)
        page.locator(".shelf-card").nth(1).click()
        album.take(page, "counter-card", whole=False)


def shrink(source: Path, target: Path, width: int) -> None:
    """A picture for the README: as wide as fits, in true colours where that is small enough."""
    image = Image.open(source).convert("RGB")
    if image.width > width:
        height = round(image.height * width / image.width)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    # The palette keeps rare colours, too: what is red on the page stays red.
    few = image.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=6, dither=Image.Dither.NONE)
    for each in (image, few):
        each.save(target, optimize=True)
        if target.stat().st_size <= AT_MOST:
            return
    raise SystemExit(f"{target.name} is still larger than {AT_MOST} bytes.")


def main(arguments: list[str]) -> int:
    """Take all pictures into the directory named first."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m tests.e2e.screenshots OUTDIR [--docs]\n")
        return 2
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        found = chromium.program()
        browser = playwright.chromium.launch(executable_path=found, args=chromium.ARGUMENTS)
        # Two orders, because a claim that is open cannot be filed again.
        for theme, order in (("light", "K-1001"), ("dark", "K-1005")):
            album = Album(browser, address, out, theme)
            customer(album, order, "mina@example.com" if theme == "light" else "renee@example.com")
            reader(album)
            tracking(album)
            staff(album)
        browser.close()
    if "--docs" in arguments:
        IMAGES.mkdir(parents=True, exist_ok=True)
        for name, (source, width) in SHOWN.items():
            shrink(out / source, IMAGES / name, width)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
