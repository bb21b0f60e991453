"""Many tickets changed at once, with what came of it for each of them."""

from __future__ import annotations

import uuid
from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression

import tickets.lifecycle


class Migration(migrations.Migration):
    """One table of changes, and one of what came of each for each ticket."""

    dependencies: ClassVar = [("tickets", "0014_together")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(max_length=8)),
                ("params", models.JSONField(blank=True, default=dict)),
                ("told", models.CharField(max_length=300)),
                (
                    "stores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("cut", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(default=tickets.lifecycle.BulkState["WAITING"], max_length=8),
                ),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Workers that took it up since it last got any further.",
                    ),
                ),
                ("form_key", models.UUIDField(default=uuid.uuid4, unique=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BulkRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(default=tickets.lifecycle.RowState["WAITING"], max_length=9),
                ),
                ("seen", models.PositiveIntegerField(default=0)),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("numbers", models.JSONField(blank=True, default=list)),
            ],
            options={
                "ordering": ["ticket"],
            },
        ),
        migrations.AddField(
            model_name="bulkjob",
            name="undoes",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undos",
                to="tickets.bulkjob",
            ),
        ),
        migrations.AddField(
            model_name="bulkjob",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bulkrow",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="tickets.bulkjob",
            ),
        ),
        migrations.AddField(
            model_name="bulkrow",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tickets.ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkjob",
            index=models.Index(fields=["user", "-id"], name="bulk_of_person"),
        ),
        migrations.AddIndex(
            model_name="bulkjob",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["id"],
                name="bulk_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("verb__in", ["change", "reply", "note", "macro", "undo"])),
                name="bulk_verb_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "stopped"])),
                name="bulk_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("total__gt", 0), models.Q(("stores", []), _negated=True)),
                name="bulk_has_rows",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total__gte",
                        CombinedExpression(
                            CombinedExpression(models.F("done"), "+", models.F("unchanged")),
                            "+",
                            models.F("failed"),
                        ),
                    )
                ),
                name="bulk_counts_fit",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    (
                        "total",
                        CombinedExpression(
                            CombinedExpression(models.F("done"), "+", models.F("unchanged")),
                            "+",
                            models.F("failed"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="bulk_done_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state__in", ["waiting", "running"])),
                    models.Q(("ended_at__isnull", False), ("state__in", ["done", "stopped"])),
                    _connector="OR",
                ),
                name="bulk_ended_at_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("lease_token__isnull", False),
                        ("lease_until__isnull", False),
                        ("state", "running"),
                    ),
                    models.Q(
                        models.Q(("state", "running"), _negated=True),
                        ("lease_token", None),
                        ("lease_until", None),
                    ),
                    _connector="OR",
                ),
                name="bulk_runs_under_a_lease",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undoes__isnull", False), ("verb", "undo")),
                    models.Q(models.Q(("verb", "undo"), _negated=True), ("undoes", None)),
                    _connector="OR",
                ),
                name="bulk_undo_names_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("undoes__isnull", False), models.Q(("state", "stopped"), _negated=True)
                ),
                fields=("undoes",),
                name="bulk_undone_once",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkrow",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["job", "ticket"],
                name="bulk_row_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkrow",
            index=models.Index(
                condition=models.Q(("state", "failed")),
                fields=["job", "ticket"],
                name="bulk_row_failed",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "done", "unchanged", "failed", "undone"])
                ),
                name="bulk_row_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkrow",
            constraint=models.UniqueConstraint(fields=("job", "ticket"), name="bulk_row_once"),
        ),
        migrations.AddConstraint(
            model_name="bulkrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), models.Q(("reason", ""), _negated=True)),
                    models.Q(models.Q(("state", "failed"), _negated=True), ("reason", "")),
                    _connector="OR",
                ),
                name="bulk_row_says_why",
            ),
        ),
    ]
