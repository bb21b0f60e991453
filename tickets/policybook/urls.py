"""The addresses of the rules, under /policies/."""

from django.urls import URLPattern

app_name = "policybook"
urlpatterns: list[URLPattern] = []
