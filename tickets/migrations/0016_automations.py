"""When – if – then: automations, their versions, causes and firings, and who listens to what."""

from __future__ import annotations

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# An event becomes a cause only where an active automation of its store listens to its kind; what
# undoes something is never one. Once for each statement, so that a filing hardly feels it.
CAUSES = """
CREATE FUNCTION events_cause_automations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tickets_automationcause (store_id, event_id, at, wake_at)
    SELECT made.store_id, made.id, made.at, made.at
    FROM made
    JOIN automation_listens listens
        ON listens.store_id = made.store_id AND listens.kind = made.kind
    WHERE made.ticket_id IS NOT NULL AND NOT made.data ? 'undoes'
    ORDER BY made.id;
    RETURN NULL;
END $$;
CREATE TRIGGER events_cause_automations AFTER INSERT ON tickets_event
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION events_cause_automations();
"""
NO_CAUSES = """
DROP TRIGGER events_cause_automations ON tickets_event;
DROP FUNCTION events_cause_automations();
"""
KEPT = """
CREATE TRIGGER automationversion_append_only BEFORE UPDATE OR DELETE ON tickets_automationversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
NOT_KEPT = "DROP TRIGGER automationversion_append_only ON tickets_automationversion;"


class Migration(migrations.Migration):
    """Six tables, and two triggers."""

    dependencies: ClassVar = [("tickets", "0015_bulk")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Automation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("position", models.PositiveIntegerField(default=0)),
                ("active", models.BooleanField(default=False)),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_why", models.CharField(blank=True, default="", max_length=300)),
                ("made_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="AutomationAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("why", models.CharField(max_length=300)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("wake_at", models.DateTimeField()),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, default="", max_length=300)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AutomationCause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "tried",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        db_default=[],
                        default=list,
                        size=None,
                    ),
                ),
                ("wake_at", models.DateTimeField()),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AutomationListens",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
            ],
            options={
                "db_table": "automation_listens",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AutomationVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("when", models.CharField(max_length=40)),
                ("when_value", models.JSONField(blank=True, default=dict)),
                ("conditions", models.JSONField(blank=True, default=list)),
                ("actions", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["automation_id", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Firing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("caused_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("outcome", models.CharField(max_length=8)),
                ("did", models.JSONField(blank=True, default=list)),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="automation",
            name="made_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="automations",
                to="tickets.store",
            ),
        ),
        migrations.AddField(
            model_name="automationalarm",
            name="automation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alarms",
                to="tickets.automation",
            ),
        ),
        migrations.AddField(
            model_name="automationcause",
            name="automation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tickets.automation",
            ),
        ),
        migrations.AddField(
            model_name="automationcause",
            name="deadline",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tickets.deadline",
            ),
        ),
        migrations.AddField(
            model_name="automationcause",
            name="event",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tickets.event",
            ),
        ),
        migrations.AddField(
            model_name="automationcause",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tickets.store",
            ),
        ),
        migrations.AddField(
            model_name="automationlistens",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tickets.store",
            ),
        ),
        migrations.AddField(
            model_name="automationversion",
            name="automation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="tickets.automation",
            ),
        ),
        migrations.AddField(
            model_name="automationversion",
            name="made_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="current",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tickets.automationversion",
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="automation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="firings",
                to="tickets.automation",
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="deadline",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tickets.deadline",
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="event",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tickets.event",
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="ticket",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="firings",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="firing",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="firings",
                to="tickets.automationversion",
            ),
        ),
        migrations.AddIndex(
            model_name="automationalarm",
            index=models.Index(
                condition=models.Q(("told_at", None)),
                fields=["wake_at", "id"],
                name="automation_alarm_due",
            ),
        ),
        migrations.AddIndex(
            model_name="automationcause",
            index=models.Index(
                condition=models.Q(("done_at", None)),
                fields=["wake_at", "id"],
                name="automation_cause_due",
            ),
        ),
        migrations.AddIndex(
            model_name="automationcause",
            index=models.Index(
                condition=models.Q(("done_at__isnull", False)),
                fields=["done_at"],
                name="automation_cause_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="automationcause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deadline", None), ("event__isnull", False)),
                    models.Q(
                        ("automation__isnull", False), ("deadline__isnull", False), ("event", None)
                    ),
                    _connector="OR",
                ),
                name="automation_cause_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="automationcause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event__isnull", False)),
                fields=("event", "automation"),
                name="automation_cause_once_per_event",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="automationcause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deadline__isnull", False)),
                fields=("deadline", "automation"),
                name="automation_cause_once_per_deadline",
            ),
        ),
        migrations.AddConstraint(
            model_name="automationlistens",
            constraint=models.UniqueConstraint(
                fields=("store", "kind"), name="automation_listens_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="automationversion",
            constraint=models.UniqueConstraint(
                fields=("automation", "number"), name="automation_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="automationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("when", ""), _negated=True),
                    models.Q(("actions", []), _negated=True),
                    ("number__gte", 1),
                ),
                name="automation_version_does_something",
            ),
        ),
        migrations.AddIndex(
            model_name="automation",
            index=models.Index(
                condition=models.Q(("retired_at", None)),
                fields=["store", "position", "id"],
                name="automation_in_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="automation_has_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("active", True), _negated=True),
                    models.Q(
                        ("current__isnull", False),
                        ("retired_at", None),
                        ("since__isnull", False),
                        ("stopped_at", None),
                    ),
                    _connector="OR",
                ),
                name="automation_active_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stopped_at", None), ("stopped_why", "")),
                    models.Q(
                        ("stopped_at__isnull", False), models.Q(("stopped_why", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="automation_stopped_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="firing",
            index=models.Index(fields=["automation", "-id"], name="firing_of_automation"),
        ),
        migrations.AddIndex(
            model_name="firing",
            index=models.Index(fields=["automation", "caused_at"], name="firing_by_cause"),
        ),
        migrations.AddIndex(
            model_name="firing",
            index=models.Index(fields=["ticket", "-id"], name="firing_on_ticket"),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at", None), ("undone_by", None)),
                    models.Q(
                        ("outcome", "did"),
                        ("undone_at__isnull", False),
                        ("undone_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="firing_undone_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["did", "stopped", "failed"])),
                name="firing_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome", "did"), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="firing_that_did_not_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.CheckConstraint(
                condition=models.Q(("event", None), ("deadline", None), _connector="OR"),
                name="firing_has_one_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event__isnull", False)),
                fields=("version", "event"),
                name="firing_once_per_event",
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deadline__isnull", False)),
                fields=("version", "deadline"),
                name="firing_once_per_deadline",
            ),
        ),
        migrations.RunSQL(CAUSES, NO_CAUSES),
        migrations.RunSQL(KEPT, NOT_KEPT),
    ]
