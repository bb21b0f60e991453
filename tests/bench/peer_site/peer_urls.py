"""Its addresses, a bare view, and a counter of queries like ours."""

from django.contrib import admin
from django.db import connection
from django.http import HttpResponse
from django.urls import include, path


class CountQueries:
    """Counts what goes to the database between request and answer: ``X-Queries``."""

    def __init__(self, answer):
        self._answer = answer

    def __call__(self, request):
        asked = 0

        def count(execute, *rest):
            nonlocal asked
            asked += 1
            return execute(*rest)

        with connection.execute_wrapper(count):
            response = self._answer(request)
        response["X-Queries"] = str(asked)
        return response


urlpatterns = [
    path("bench/bare/", lambda request: HttpResponse("ok")),
    path("healthz", lambda request: HttpResponse("ok")),
    path("admin/", admin.site.urls),
    path("helpdesk/", include("helpdesk.urls", namespace="helpdesk")),
]
