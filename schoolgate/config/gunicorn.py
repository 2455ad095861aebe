"""How gunicorn runs here; `schoolgate serve` gives it the socket."""

from schoolgate.config import env
from schoolgate.config.settings.base import LOGGING

wsgi_app = "schoolgate.config.wsgi:application"
workers = env.web_processes()
threads = env.web_threads()
worker_class = "gthread"
preload_app = True  # Loaded once, shared by all processes.
timeout = 60  # A process that answers nothing for so long is replaced.
graceful_timeout = 20
keepalive = 5
limit_request_line = 4094
control_socket_disable = True
# Path, status and seconds; never the query (it may hold a name that was searched for) nor the caller's address.
accesslog = "-"
access_log_format = "%(m)s %(U)s %(s)s %(L)s"
logconfig_dict = LOGGING | {
    "loggers": LOGGING["loggers"] | {"gunicorn.access": {"handlers": [], "level": env.log_level(), "propagate": True}},
    "root": LOGGING["root"] | {"level": env.log_level()},
}
