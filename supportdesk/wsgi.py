"""The WSGI door for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from supportdesk import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")

memory.give_back()
application = get_wsgi_application()

# What is there now stays: going through all of it again and again finds nothing to throw away.
gc.collect()
gc.freeze()
