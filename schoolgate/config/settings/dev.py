"""A developer's machine: pages reload, faults show themselves."""

from schoolgate.config.settings.base import *  # noqa: F403  (settings modules are layers of one namespace)

DEBUG = True
ALLOWED_HOSTS = ["*"]
