"""A school's server, and whatever `schoolgate` runs: everything by environment, nothing guessed."""

from schoolgate.config.settings.base import *  # noqa: F403  (settings modules are layers of one namespace)

DEBUG = False
