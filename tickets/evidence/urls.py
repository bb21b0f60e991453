"""Addresses of files."""

from django.urls import path

from tickets.evidence import arrival_views, serving_views, tus, views

app_name = "uploads"
urlpatterns = [
    path("", views.upload, name="upload"),
    path("state/", arrival_views.state, name="state"),
    path("out/", arrival_views.take_out, name="out"),
    path("tus/", tus.uploads, name="tus"),
    path("tus/<str:key>/", tus.one_upload, name="tus_upload"),
    path("f/<str:token>/<str:name>", serving_views.linked, name="linked"),
    path("<int:pk>/", serving_views.for_staff, name="file"),
    path("t/<str:reference>/<str:token>/<int:pk>/", serving_views.by_link, name="by_link"),
    path("d/<str:key>/<int:pk>/", serving_views.by_draft, name="by_draft"),
]
