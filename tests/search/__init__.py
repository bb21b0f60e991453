"""Texts of every kind, however long a busy machine takes to make them up."""

from functools import partial

from hypothesis import HealthCheck, settings

calm = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow])
