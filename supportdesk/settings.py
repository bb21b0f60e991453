"""Settings, typed from the environment. No secret has a default outside DEBUG."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import environ
from django.utils.translation import gettext_lazy as _

from supportdesk import embedded
from supportdesk.scanner import clamd_address
from supportdesk.storage import browser_origins, delivery, s3_options

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # absent is fine: the environment alone is enough

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))
# What `make run` or `make serve` told that desk: a command beside it is told the same.
for _name in ("desk.env", "secrets.env"):
    if (DATA_DIR / _name).exists():
        environ.Env.read_env(DATA_DIR / _name)
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=DEBUG)
# `decide` and the like need no secrets and no database: they only read packs.
_OFFLINE = len(sys.argv) > 1 and sys.argv[1] in {
    "decide",
    "pack",
    "collectstatic",
    "compilemessages",
    "catalogue",
}
if DEBUG or _OFFLINE:
    SECRET_KEY = env.str("SECRET_KEY", default="for-the-demo-on-this-machine-only-0000000000000000")
else:
    SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.int("PORT", default=8000)
# The address that mails link to.
BASE_URL = env.str("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "policies",
    "tickets",
]
MIDDLEWARE = [
    "supportdesk.middleware.DatabaseDownMiddleware",
    "supportdesk.middleware.NoRulesMiddleware",
    "supportdesk.middleware.DemoPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "supportdesk.middleware.ReadableAddressMiddleware",
    "supportdesk.middleware.StaffZoneMiddleware",
]
DEFAULT_EXCEPTION_REPORTER = "supportdesk.middleware.DemoReporter"
ROOT_URLCONF = "supportdesk.urls"
WSGI_APPLICATION = "supportdesk.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "supportdesk.quick.loader.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "supportdesk.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "tickets.templatetags.desk"],
        },
    }
]

FORM_RENDERER = "supportdesk.quick.widgets.Renderer"

# --- engines -----------------------------------------------------------------
DATABASES: dict[str, Any] = {
    # An offline command must not start engines.
    "default": env.db_url_config(
        env.str("DATABASE_URL", default="")
        or ("postgresql:///offline" if _OFFLINE else embedded.database_url(DATA_DIR))
    )
}
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    CONN_MAX_AGE=0,
    CONN_HEALTH_CHECKS=True,
)
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": env.int("DB_POOL_MIN", default=1),
    "max_size": env.int("DB_POOL_MAX", default=10),
    "timeout": 5,
}
# Compiling a query costs more than it gives where every query finds a few rows by an index; and
# what is prepared (`supportdesk.prepared`) is planned once.
DATABASES["default"]["OPTIONS"].setdefault(
    "options", "-c jit=off -c plan_cache_mode=force_generic_plan"
)
if env.str("TEST_DB_NAME", default=""):
    DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DB_NAME")}
REDIS_URL = env.str("REDIS_URL", default="") or (
    "redis://localhost" if _OFFLINE else embedded.redis_url(DATA_DIR)
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# In the database, not in Valkey: when the broker is down, people still sign in
# and customers still file; only the nudges wait.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
    }
}
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_connect_timeout": 1,
    "socket_timeout": 30,
}
CELERY_TASK_PUBLISH_RETRY = False  # a nudge only: the sweep finds the row anyway
# Films take minutes: mails and deadlines never wait behind one. A worker of its own takes these.
CELERY_TASK_ROUTES = {
    "tickets.jobs.check_files": {"queue": "files"},
    "tickets.jobs.preview_files": {"queue": "files"},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "deadlines": {"task": "tickets.jobs.sweep_deadlines", "schedule": 15.0},
    "outbox": {"task": "tickets.jobs.drain_outbox", "schedule": 10.0},
    "replies": {"task": "tickets.jobs.send_replies", "schedule": 5.0},
    "uploads": {"task": "tickets.jobs.finish_uploads", "schedule": 60.0},
    "search": {"task": "tickets.jobs.index_words", "schedule": 5.0},
    "tallies": {"task": "tickets.jobs.fold_tallies", "schedule": 30.0},
    "tidy": {"task": "tickets.jobs.tidy", "schedule": 3600.0},
    "trials": {"task": "tickets.jobs.run_trials", "schedule": 15.0},
    "bulk": {"task": "tickets.jobs.run_bulk", "schedule": 10.0},
    "automations": {"task": "tickets.jobs.run_automations", "schedule": 5.0},
    "waiting": {"task": "tickets.jobs.sweep_automations", "schedule": 60.0},
    "policies": {"task": "tickets.jobs.watch_policies", "schedule": 60.0},
    # A tick that finds the workers at long films is not kept: the next one finds the same rows.
    "files": {"task": "tickets.jobs.check_files", "schedule": 10.0, "options": {"expires": 10}},
    "previews": {
        "task": "tickets.jobs.preview_files",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "files-away": {"task": "tickets.jobs.watch_files", "schedule": 60.0},
    "erase": {"task": "tickets.jobs.erase_files", "schedule": 60.0},
}

# --- people -------------------------------------------------------------------
AUTH_USER_MODEL = "tickets.User"
SESSION_ENGINE = "supportdesk.sessions"
AUTHENTICATION_BACKENDS = [
    "supportdesk.signed_in.Backend",
    "django.contrib.auth.backends.ModelBackend",  # who signed in before the line above was there
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation." + name}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "tickets.desk.signin.StaffOnlyAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PRESERVE_USERNAME_CASING = False

# --- language, time -----------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "supportdesk" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files --------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "supportdesk" / "static"]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
STORAGE_URL = env.str("STORAGE_URL", default="")  # s3://bucket/prefix?endpoint=...&region=...
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(MEDIA_ROOT), "base_url": None, "file_permissions_mode": 0o600},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if STORAGE_URL:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": s3_options(STORAGE_URL),
    }
# Empty: files are not scanned. Set: nothing is shown before clamd has found it clean.
CLAMD_URL = env.str("CLAMD_URL", default="").strip()  # tcp://host:3310 or unix:///path
clamd_address(CLAMD_URL)  # a mistake in it stops the start, not the first upload
# How long an address of a file lives, and how its bytes travel: "direct" (from here), "accel"
# (nginx sends them from the disk), "presigned" (the browser fetches them from the bucket).
FILE_LINK_SECONDS = env.int("FILE_LINK_SECONDS", default=3600)
EVIDENCE_DELIVERY = delivery(env.str("EVIDENCE_DELIVERY", default="direct"), STORAGE_URL)
EVIDENCE_ACCEL_PREFIX = env.str("EVIDENCE_ACCEL_PREFIX", default="/-evidence/")
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# The disk's last bytes are the database's: files are refused before they are taken (bytes).
UPLOAD_KEEP_FREE = env.int("UPLOAD_KEEP_FREE", default=1024**3)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = env.str("UPLOAD_TEMP_DIR", default="") or None
# What is typed into a form, in bytes. Far more than any field takes, so that whoever pastes too
# much is told in words, and still has it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
# How long a reply can be taken back after it was sent.
SEND_DELAY_SECONDS = env.int("SEND_DELAY_SECONDS", default=10)

# --- mail ---------------------------------------------------------------------
if DEMO:
    EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"
else:
    EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://localhost:25")
    vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Support <support@localhost>")
MAIL_DOMAIN = env.str("MAIL_DOMAIN", default="supportdesk.invalid")

# --- safety -------------------------------------------------------------------
BEHIND_TLS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if BEHIND_TLS else 0
X_FRAME_OPTIONS = "DENY"
if env.bool("TRUST_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
if EVIDENCE_DELIVERY == "presigned":
    for _directive in ("img-src", "media-src"):
        CONTENT_SECURITY_POLICY["DIRECTIVES"][_directive] += browser_origins(STORAGE_URL)
# The address is unique by lower(email): a functional constraint, which the check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Requests carry signed links: their addresses never reach a log.
    "loggers": {"django.server": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}
