"""The desk as a Django application."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """Orders, tickets, claims, evidence, deadlines."""

    name = "tickets"
    verbose_name = "Support desk"

    def ready(self) -> None:
        """Texts are found quickly from here on."""
        from supportdesk.quick import texts

        texts.install()
