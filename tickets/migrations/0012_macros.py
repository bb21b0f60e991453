"""Macros and canned replies."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("tickets", "0011_the_desk"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Macro",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("key", models.CharField(help_text="How names are compared.", max_length=240)),
                ("kind", models.CharField(blank=True, default="", max_length=8)),
                ("then_state", models.CharField(blank=True, default="", max_length=8)),
                ("assign", models.CharField(blank=True, default="", max_length=8)),
                ("priority", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("add_tags", models.JSONField(blank=True, default=list)),
                ("remove_tags", models.JSONField(blank=True, default=list)),
                ("snooze", models.CharField(blank=True, default="", max_length=8)),
                ("snooze_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="macros",
                        to="tickets.store",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "key", "id"],
            },
        ),
        migrations.CreateModel(
            name="MacroText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("locale", models.CharField(max_length=12)),
                ("body", models.TextField()),
                (
                    "macro",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="tickets.macro",
                    ),
                ),
            ],
            options={
                "ordering": ["locale", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="macro",
            index=models.Index(
                condition=models.Q(("retired_at", None)),
                fields=["store", "position", "key", "id"],
                name="macro_in_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["", "agent", "note"])), name="macro_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(("then_state__in", ["", "open", "waiting", "solved"])),
                name="macro_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(("assign__in", ["", "me", "nobody", "person"])),
                name="macro_assign_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(("snooze__in", ["", "tomorrow", "monday", "days"])),
                name="macro_snooze_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True), models.Q(("key", ""), _negated=True)
                ),
                name="macro_has_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("priority", None), ("priority__in", (0, 1, 2, 3)), _connector="OR"
                ),
                name="macro_priority_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", ""), _negated=True),
                    models.Q(("then_state", ""), _negated=True),
                    models.Q(("assign", ""), _negated=True),
                    ("priority__isnull", False),
                    models.Q(("add_tags", []), _negated=True),
                    models.Q(("remove_tags", []), _negated=True),
                    models.Q(("snooze", ""), _negated=True),
                    _connector="OR",
                ),
                name="macro_does_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("assign", "person"), ("assignee__isnull", False)),
                    models.Q(models.Q(("assign", "person"), _negated=True), ("assignee", None)),
                    _connector="OR",
                ),
                name="macro_names_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("snooze", "days"),
                        ("snooze_days__gte", 1),
                        ("snooze_days__isnull", False),
                        ("snooze_days__lte", 366),
                    ),
                    models.Q(models.Q(("snooze", "days"), _negated=True), ("snooze_days", None)),
                    _connector="OR",
                ),
                name="macro_counts_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("then_state__in", ["open", "waiting"]), _negated=True),
                    ("kind", "agent"),
                    _connector="OR",
                ),
                name="macro_waits_after_reply",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("then_state", "solved"), _negated=True),
                    ("snooze", ""),
                    _connector="OR",
                ),
                name="macro_solved_is_not_put_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner", None), ("retired_at", None)),
                fields=("store", "key"),
                name="macro_once_in_store",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner__isnull", False), ("retired_at", None)),
                fields=("owner", "store", "key"),
                name="macro_once_of_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="macrotext",
            constraint=models.UniqueConstraint(fields=("macro", "locale"), name="macro_text_once"),
        ),
        migrations.AddConstraint(
            model_name="macrotext",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("body", ""), _negated=True), models.Q(("locale", ""), _negated=True)
                ),
                name="macro_text_says_something",
            ),
        ),
    ]
