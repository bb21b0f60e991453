"""What every template may say about the site itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from supportdesk import clock


def site(request: HttpRequest) -> dict[str, Any]:
    """``now`` once per page, and whether this is the demo."""
    return {"now": clock.now(), "demo": settings.DEMO}
