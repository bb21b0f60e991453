from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tickets", "0015_bulk")]

    operations: list[object] = []
