"""The way back from the last step of staff on a request."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table, a row a ticket at most."""

    dependencies: ClassVar = [
        ("tickets", "0016_automations"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="StepBack",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="step_back",
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("first", models.PositiveIntegerField()),
                ("last", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("record", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__gt", 0), ("last__gte", models.F("first"))),
                        name="step_back_has_events",
                    )
                ],
            },
        ),
    ]
