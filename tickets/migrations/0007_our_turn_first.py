"""A queue shows first what is our turn; its index stands in exactly that order."""

from django.db import migrations, models
from django.db.models import BooleanField, ExpressionWrapper, F, OrderBy, Q


class Migration(migrations.Migration):
    dependencies = [("tickets", "0006_rate_buckets_unlogged")]
    operations = [
        migrations.RemoveIndex(model_name="ticket", name="ticket_queue"),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                F("store"),
                OrderBy(ExpressionWrapper(Q(state="waiting"), output_field=BooleanField())),
                OrderBy(F("next_due_at"), nulls_last=True),
                OrderBy(F("id")),
                name="ticket_queue",
                condition=Q(state__in=["new", "open", "waiting"]),
            ),
        ),
    ]
