"""The demo's mailbox, under /mailbox/."""

from django.urls import path

from tickets.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<int:pk>/", views.one, name="one"),
    path("<int:pk>/html", views.as_html, name="html"),
]
