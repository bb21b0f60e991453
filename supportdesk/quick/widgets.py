"""Widgets of forms from compiled templates: Django's own, and no word of them changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.forms import renderers
from django.template.backends.django import DjangoTemplates
from django.utils.functional import cached_property

_LOADERS = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]


class Renderer(renderers.DjangoTemplates):
    """Django's renderer of forms, with our loader."""

    @cached_property
    def engine(self) -> Any:
        """The engine that finds the widgets' templates."""
        return DjangoTemplates(
            {
                "APP_DIRS": False,
                "DIRS": [Path(forms.__file__).parent / "templates"],
                "NAME": "djangoforms",
                "OPTIONS": {"loaders": [("supportdesk.quick.loader.Loader", _LOADERS)]},
            }
        )
