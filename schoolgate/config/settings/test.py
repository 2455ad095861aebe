"""The tests: a cheap password hasher, mail in memory, secrets that are no secrets. The database is tests/conftest.py's choice."""

import json
import os
import tempfile

os.environ.setdefault("SCHOOLGATE_DATABASE_URL", "sqlite:///:memory:")
os.environ.setdefault("SCHOOLGATE_DATA_DIR", f"{tempfile.gettempdir()}/schoolgate-tests-{os.getpid()}")
os.environ.setdefault(
    "SCHOOLGATE_SECRETS",
    json.dumps({"django_key": "t" * 50, "peppers": {"1": "11" * 32}, "sealing_keys": {"1": "22" * 32}}),
)

from schoolgate.config import env
from schoolgate.config.settings.base import *  # noqa: F403  (settings modules are layers of one namespace)

locals().update(env.secret_settings())
DEBUG = False
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files straight from the source tree: nothing is collected for a test.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
