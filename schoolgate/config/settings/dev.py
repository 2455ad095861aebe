"""A developer's machine: pages reload, faults show themselves, logs are for reading."""

from schoolgate.config import env
from schoolgate.config.settings.base import *  # noqa: F403  (settings modules are layers of one namespace)

locals().update(env.secret_settings())
DEBUG = True
ALLOWED_HOSTS = ["*"]
LOGGING["formatters"] = {"json": {"format": "{levelname} {name}: {message}", "style": "{"}}
