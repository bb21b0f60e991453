"""What stores promise, as a Django application."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Packs and their published versions."""

    name = "policies"
    verbose_name = "Policies"
