"""The fixed addresses."""

from django.contrib import admin
from django.urls import include, path

from supportdesk.health import healthz

handler500 = "supportdesk.middleware.server_error"
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("desk/", include("tickets.desk.urls")),
    path("uploads/", include("tickets.evidence.urls")),
    path("api/v1/", include("tickets.api.urls")),
    path("reports/", include("tickets.reports.urls")),
    path("policies/", include("tickets.policybook.urls")),
    path("mailbox/", include("tickets.mailbox.urls")),
    # Last: a store's name is an address of its own.
    path("", include("tickets.portal.urls")),
]
