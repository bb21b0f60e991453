"""The managers' addresses, under /reports/."""

from django.urls import path

from tickets.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("<slug:book>/", views.listing, name="list"),
    path("<slug:book>/csv", views.sheet_of, name="csv"),
]
