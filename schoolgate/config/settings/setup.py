"""For `schoolgate secrets` and `schoolgate doctor`: as prod, but it starts without secrets, and says what prod would refuse."""

from schoolgate.config import env
from schoolgate.config.settings.base import *  # noqa: F403  (settings modules are layers of one namespace)
from schoolgate.lib.errors import Misconfigured

DEBUG = False
SECRETS_FAULT: Misconfigured | None = None
SECRET_KEY = "nothing is signed while this is in force"  # noqa: S105 - it is none
# On SQLite the first start makes the key file; a doctor only looks.
if SECRETS_FILE.exists() or not env.uses_sqlite():
    try:
        locals().update(env.secret_settings())
    except Misconfigured as fault:
        SECRETS_FAULT = fault
