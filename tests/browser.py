"""Which Chromium the stories run in, and how it is started."""

import os
import shutil

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    # Only our own pages on loopback are opened; as root there is no sandbox to be had.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # /dev/shm is small in many containers.
    "--disable-dev-shm-usage",
]


def program() -> str | None:
    """The Chromium of this machine (CHROMIUM first), or None: the one Playwright installed."""
    asked = os.environ.get("CHROMIUM")
    if asked:
        return asked
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def main() -> None:
    """Start the browser once and say which it is; an error when it does not start."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        print("Chromium", found.version)
        found.close()


if __name__ == "__main__":
    main()
