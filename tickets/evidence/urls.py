"""Addresses of files."""

from django.urls import path

from tickets.evidence import views

app_name = "uploads"
urlpatterns = [
    path("", views.upload, name="upload"),
    path("<int:pk>/", views.for_staff, name="file"),
    path("t/<str:reference>/<str:token>/<int:pk>/", views.by_link, name="by_link"),
    path("d/<str:key>/<int:pk>/", views.by_draft, name="by_draft"),
]
