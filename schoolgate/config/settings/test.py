"""The tests: a cheap password hasher, mail in memory, secrets made for the run."""

import os

os.environ.setdefault("SCHOOLGATE_DATABASE_URL", "sqlite:///:memory:")

from schoolgate.config.settings.base import *  # noqa: E402, F403  (settings modules are layers of one namespace)

DEBUG = False
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
