"""The product's own settings, and one bare view beside it to measure against."""

from supportdesk.settings import *  # noqa: F403  (the product's settings, all of them)

MIDDLEWARE = ["tests.bench.counting.CountQueries", *MIDDLEWARE]  # noqa: F405
ROOT_URLCONF = "tests.bench.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
