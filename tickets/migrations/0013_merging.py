"""Filled in with its models."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tickets", "0012_macros")]

    operations: ClassVar = []
