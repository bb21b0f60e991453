"""Tickets that became part of another, and messages that became a ticket of their own."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _people(**more: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        **more,
    )


def _ticket(related_name: str) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to="tickets.ticket",
    )


def _undone(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(
            models.Q(("undone_at", None), ("undone_by", None)),
            models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
            _connector="OR",
        ),
        name=name,
    )


# What a ticket is merged into is no part of another. Looked at when all is done, as it is then.
ROOTS = """
CREATE FUNCTION merged_into_a_root() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM tickets_ticket t WHERE t.id = NEW.id AND t.merged_into_id IS NOT NULL AND (
            EXISTS (SELECT FROM tickets_ticket r
                    WHERE r.id = t.merged_into_id AND r.merged_into_id IS NOT NULL)
            OR EXISTS (SELECT FROM tickets_ticket p WHERE p.merged_into_id = t.id)
        )
    ) THEN
        RAISE EXCEPTION 'merged_into_a_root' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER merged_into_a_root AFTER INSERT OR UPDATE OF merged_into_id
    ON tickets_ticket DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL)
    EXECUTE FUNCTION merged_into_a_root();
"""
NO_ROOTS = """
DROP TRIGGER merged_into_a_root ON tickets_ticket;
DROP FUNCTION merged_into_a_root;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tickets", "0012_macros")]

    operations: ClassVar = [
        migrations.AddField(
            "ticket",
            "merged_into",
            models.ForeignKey(
                blank=True,
                db_index=False,
                help_text=(
                    "The conversation that this one is a part of now; never itself part of another."
                ),
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="tickets.ticket",
            ),
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="ticket_merged",
            ),
        ),
        migrations.AddConstraint(
            "ticket",
            models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("id")), _negated=True),
                name="ticket_merged_into_another",
            ),
        ),
        migrations.AddConstraint(
            "ticket",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into__isnull", False), _negated=True),
                    ("state", "closed"),
                    _connector="OR",
                ),
                name="ticket_merged_is_closed",
            ),
        ),
        migrations.RunSQL(ROOTS, NO_ROOTS),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("before", models.JSONField(blank=True, default=dict)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("by", _people()),
                ("source", _ticket("merges")),
                ("target", _ticket("merges_in")),
                ("undone_by", _people(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("source",),
                        name="merge_live_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source", models.F("target")), _negated=True),
                        name="merge_joins_two",
                    ),
                    _undone("merge_undone_by_somebody"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Split",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("messages", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("by", _people()),
                ("source", _ticket("splits")),
                (
                    "target",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="split_from",
                        to="tickets.ticket",
                    ),
                ),
                ("undone_by", _people(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source", models.F("target")), _negated=True),
                        name="split_makes_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("messages", []), _negated=True),
                        name="split_moves_something",
                    ),
                    _undone("split_undone_by_somebody"),
                ],
            },
        ),
    ]
