"""A school's server, and whatever `schoolgate` runs: everything by environment, nothing guessed."""

from schoolgate.config import env
from schoolgate.config.settings.base import *  # noqa: F403  (settings modules are layers of one namespace)

locals().update(env.secret_settings())
DEBUG = False
# Static files carry a hash in their names and are compressed beforehand; `schoolgate serve` collects them.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
