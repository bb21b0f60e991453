"""Engines and settings before anything of Django is imported; the browser for the stories."""

import atexit
import os
from typing import Any

import django
import pytest

from tests import browser
from tests.engines import Run

RUN = Run()
atexit.register(RUN.end)  # also when a broken import ends the run before it began
RUN.prepare_environment()
# Playwright's loop lives in the thread of the test, which asks the database in between.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "supportdesk.settings"
django.setup()
# Gone again, or pytest-django would load the settings in xdist's workers before this file could
# give each its own Valkey database.
del os.environ["DJANGO_SETTINGS_MODULE"]

pytest_plugins = ["tests.cast"]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On the build machine a test that did not run is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and session.exitstatus == pytest.ExitCode.OK:
        unseen = [kind for kind in ("skipped", "xfailed") if reporter.stats.get(kind)]
        if unseen:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium of this machine. A missing one fails the story, never skips it."""
    found = browser.program()
    chosen = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **chosen, "args": browser.ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A person in Vienna who reads English, unless a story says otherwise."""
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/Vienna"}
