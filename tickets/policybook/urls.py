"""The addresses of the rules, under /policies/. Every one but the first names its store."""

from django.urls import path

from tickets.policybook.views import drafts, trials, versions

app_name = "policybook"
urlpatterns = [
    path("", versions.home, name="home"),
    path("<slug:slug>/", versions.store, name="store"),
    path("<slug:slug>/versions/<int:number>/", versions.version, name="version"),
    path("<slug:slug>/versions/<int:number>/changes/", versions.changes, name="changes"),
    path("<slug:slug>/versions/<int:number>/file/", versions.file, name="version-file"),
    path("<slug:slug>/drafts/", drafts.begin, name="begin"),
    path("<slug:slug>/drafts/<int:pk>/", drafts.draft, name="draft"),
    path("<slug:slug>/drafts/<int:pk>/figures/", drafts.figures, name="figures"),
    path("<slug:slug>/drafts/<int:pk>/text/", drafts.text, name="text"),
    path("<slug:slug>/drafts/<int:pk>/file/", drafts.file, name="draft-file"),
    path("<slug:slug>/drafts/<int:pk>/rebase/", drafts.rebase, name="rebase"),
    path("<slug:slug>/drafts/<int:pk>/drop/", drafts.drop, name="drop"),
    path("<slug:slug>/drafts/<int:pk>/publication/", drafts.publication, name="publication"),
    path("<slug:slug>/drafts/<int:pk>/trials/", trials.begin, name="try"),
    path("<slug:slug>/trials/<int:pk>/", trials.trial, name="trial"),
    path("<slug:slug>/trials/<int:pk>/progress/", trials.progress, name="progress"),
    path("<slug:slug>/trials/<int:pk>/cancellation/", trials.cancellation, name="cancellation"),
    path("<slug:slug>/trials/<int:pk>/cases/<int:case>/", trials.case, name="case"),
]
