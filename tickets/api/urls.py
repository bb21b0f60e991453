"""``/api/v1/``: what other programs may ask."""

from django.urls import path

from tickets.api import views

app_name = "api"
urlpatterns = [
    path("", views.index, name="index"),
    path("decide", views.decide, name="decide"),
]
