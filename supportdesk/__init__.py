"""The wiring: settings, engines, clock, Celery. No domain."""

from supportdesk.celery import app as celery_app

__all__ = ["celery_app"]
