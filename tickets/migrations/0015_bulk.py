from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tickets", "0014_together")]

    operations: list[object] = []
