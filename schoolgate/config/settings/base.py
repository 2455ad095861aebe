"""Settings that hold everywhere. What an installation may choose is read in config/env.py and nowhere else."""

from pathlib import Path
from typing import Any

from schoolgate.config import env

PACKAGE = Path(__file__).resolve().parents[2]

# SECRET_KEY and these come from env.secret_settings() in each layer above but setup.py, which starts without them.
ACCESS_KEY_PEPPERS: dict[int, bytes] = {}  # By number; the highest makes new keys.
SEALING_KEYS: dict[int, bytes] = {}  # The same.
DATA_DIR = env.data_dir()
SECRETS_FILE = env.secrets_file()
SECRETS_GIVEN = env.secrets_given()
BASE_URL = env.base_url()
BASE_URL_GIVEN = env.base_url_given()
IS_HTTPS = BASE_URL.startswith("https://")
WEB_PROCESSES = env.web_processes()
WEB_THREADS = env.web_threads()

ALLOWED_HOSTS = env.allowed_hosts()
CSRF_TRUSTED_ORIGINS = env.trusted_origins()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "anymail",
    "schoolgate.audit",
    "schoolgate.tenancy",
    "schoolgate.jobs",
    "schoolgate.enrolments",
    "schoolgate.directory",
    "schoolgate.sync",
    "schoolgate.keys",
    "schoolgate.letters",
    "schoolgate.accounts",
    "schoolgate.console",
    "schoolgate.portal",
]

MIDDLEWARE = [
    "schoolgate.config.proxy.ProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "schoolgate.portal.origin.NullOriginMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "schoolgate.tenancy.middleware.TenantMiddleware",
    "schoolgate.tenancy.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "schoolgate.tenancy.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "schoolgate.config.urls"
WSGI_APPLICATION = "schoolgate.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": env.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "tenancy.User"
AUTHENTICATION_BACKENDS = ["schoolgate.tenancy.sign_in.TenantBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "email", "name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# A username is unique within a tenant and a door, which our own backend asks for (spine §4); Django's check knows only the whole table.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "auth.E003"]

SESSION_ENGINE = "django.contrib.sessions.backends.db"
# __Host-: a browser takes such a cookie only over TLS and for this host alone.
SESSION_COOKIE_NAME = "__Host-schoolgate_session" if IS_HTTPS else "schoolgate_session"
CSRF_COOKIE_NAME = "__Host-schoolgate_csrf" if IS_HTTPS else "schoolgate_csrf"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# In the session and not in a cookie: a message may name a person.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CELERY_BROKER_URL = ""
locals().update(env.task_settings())

EMAIL_URL = env.email_url()
locals().update(env.email_settings())

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [PACKAGE / "static"]

TRUSTED_PROXIES = env.trusted_proxies()
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

# One JSON object a line on standard error, without personal data (lib/logs.py says what that means).
LOGGING: dict[str, Any] = {  # Any: as logging.config takes it
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "schoolgate.lib.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "schoolgate": {"level": env.log_level()},
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django_tasks": {"level": "WARNING"},
        "django_tasks_db": {"level": "WARNING"},
        "gunicorn.error": {"handlers": [], "level": env.log_level(), "propagate": True},
    },
}
