"""Counting tries needs no disk: a crash may forget them, a commit need not wait for them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tickets", "0005_fewer_indexes")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE tickets_ratebucket SET UNLOGGED",
            "ALTER TABLE tickets_ratebucket SET LOGGED",
        ),
    ]
