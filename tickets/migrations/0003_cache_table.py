"""The table of Django's database cache: sign-in limits survive a broker that is down."""

from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0002_the_database_refuses")]
    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
