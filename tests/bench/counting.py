"""How many queries an answer took, told in a header of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


class CountQueries:
    """Counts what goes to the database between request and answer: ``X-Queries``."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its number of queries."""
        asked = 0

        def count(execute: Callable[..., Any], *rest: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(*rest)

        with connection.execute_wrapper(count):
            response = self._answer(request)
        response["X-Queries"] = str(asked)
        return response
