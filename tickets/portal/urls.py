"""The customers' addresses. Last of all: a store's name is its address."""

from django.urls import include, path

from tickets.portal.views import (
    answer,
    evidence,
    general,
    guide,
    marks,
    review,
    start,
    status,
    steps,
    track,
)
from tickets.portal.views import help as help_pages

app_name = "portal"

_draft = [
    path("", steps.resume, name="resume"),
    path("order/", steps.order, name="order"),
    path("items/", steps.items, name="items"),
    path("question/<str:fact>/", steps.question, name="question"),
    path("answer/", answer.show, name="answer"),
    path("write/", answer.write, name="write"),
    path("send/", answer.send, name="send"),
    path("remind/", answer.remind, name="remind"),
    path("remind/not/", answer.forget, name="forget"),
    path("helped/", answer.helped, name="helped"),
    path("evidence/", evidence.show, name="evidence"),
    path("evidence/<int:pk>/remove/", evidence.remove, name="remove"),
    path("evidence/<int:pk>/moments/", marks.of_draft, name="moments"),
    path("review/", review.show, name="review"),
]
_status = [
    path("", status.show, name="status"),
    path("say/", status.say, name="say"),
    path("withdraw/", status.withdraw, name="withdraw"),
    path("track/", track.of_ticket, name="track-ticket"),
    path("moments/<int:pk>/", marks.of_ticket, name="ticket-moments"),
]
_help = [
    path("", help_pages.index, name="help"),
    path("carriers/", help_pages.carriers, name="carriers"),
    path("<str:name>/", help_pages.article, name="article"),
    path("<str:name>/helped/", help_pages.helped, name="article_helped"),
    path("<str:name>/wrote/", help_pages.wrote, name="article_wrote"),
]
urlpatterns = [
    path("", start.home, name="home"),
    path("stores/<slug:slug>/theme.css", start.theme, name="theme"),
    path("t/<str:reference>/<str:token>/", include(_status)),
    path("<slug:slug>/", start.store, name="store"),
    path("<slug:slug>/track/", track.form, name="track"),
    path("<slug:slug>/track/<str:sealed>/", track.show, name="tracked"),
    path("<slug:slug>/track/<str:sealed>/ask/", track.ask, name="track-ask"),
    path("<slug:slug>/about/<slug:name>/", start.tile, name="tile"),
    path("<slug:slug>/help/", include(_help)),
    path("<slug:slug>/how-to-film/", guide.how_to_film, name="how-to-film"),
    path("<slug:slug>/new/<str:request_type>/", start.begin, name="begin"),
    path("<slug:slug>/new/<str:request_type>/helped/", general.helped, name="begin-helped"),
    path("<slug:slug>/new/<str:request_type>/write/", general.write, name="begin-write"),
    path("<slug:slug>/written/", general.written, name="written"),
    path("<slug:slug>/again/<str:token>/", general.again, name="again"),
    path("<slug:slug>/claim/<str:key>/", include(_draft)),
]
