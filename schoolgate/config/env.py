"""What an installation chooses: every environment variable is read here, typed, and refused when it makes no sense.

Any variable NAME may be given as NAME_FILE, a path whose content is the value (for container secrets).
docs/reference/settings.md names them all; a test holds the two together.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url

from schoolgate.lib import keyfile
from schoolgate.lib.errors import Misconfigured
from schoolgate.lib.keyfile import Secrets


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "").strip() or default
    if os.environ.get(name):
        raise Misconfigured(f"Both {name} and {name}_FILE are set.", fix="Keep one of them.")
    try:
        return Path(path).read_text(encoding="utf-8").strip() or default
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "it is not text"
        raise Misconfigured(
            f"{name}_FILE names {path}, which can't be read: {why}.",
            fix=f"Name a file that this user may read, or set {name} itself.",
        ) from fault


def number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within its bounds."""
    given = text(name, str(default))
    if not given.isdecimal() or not least <= int(given) <= most:
        raise Misconfigured(f"{name} is {given!r}.", fix=f"Set it to a whole number from {least} to {most}.")
    return int(given)


def choice(name: str, default: str, allowed: list[str]) -> str:
    """One of a few words, whatever their case."""
    given = text(name, default)
    if given.casefold() not in allowed:
        raise Misconfigured(f"{name} is {given!r}.", fix=f"Set it to one of: {', '.join(allowed)}.")
    return given.casefold()


def data_dir() -> Path:
    """Where this installation keeps its own files: the SQLite database, the key file, collected static files."""
    given = text("SCHOOLGATE_DATA_DIR")
    try:
        return Path(given).expanduser().resolve() if given else Path.home() / ".local" / "share" / "schoolgate"
    except RuntimeError as fault:
        raise Misconfigured("There is no home folder to keep files in.", fix="Set SCHOOLGATE_DATA_DIR.") from fault


def base_url() -> str:
    """The address that letters, mails and QR codes name, without a slash at its end."""
    given = text("SCHOOLGATE_BASE_URL", "http://localhost:8000").rstrip("/")
    try:
        parts = urlsplit(given)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.path or parts.query or parts.fragment or parts.username:
        raise Misconfigured(
            f"SCHOOLGATE_BASE_URL is {given!r}.",
            fix="Set it to scheme and host, and nothing behind them, such as https://portal.example.org.",
        )
    return given


def base_url_given() -> bool:
    """Did the installation choose its address, or is it the default?"""
    return bool(text("SCHOOLGATE_BASE_URL"))


def allowed_hosts() -> list[str]:
    """The host names that are answered: the base address's own, this machine's, and those of SCHOOLGATE_HOSTS."""
    more = [host.strip() for host in text("SCHOOLGATE_HOSTS").split(",") if host.strip()]
    if "*" in more:
        raise Misconfigured("SCHOOLGATE_HOSTS is '*': anybody's host name would be answered.", fix="Name the hosts.")
    return [urlsplit(base_url()).hostname or "", "localhost", "127.0.0.1", "[::1]", *more]


def trusted_origins() -> list[str]:
    """Origins whose posts are accepted: the base address."""
    return [base_url()]


def trusted_proxies() -> int:
    """How many reverse proxies stand in front and set X-Forwarded-For and X-Forwarded-Proto; 0: believe neither."""
    return number("SCHOOLGATE_TRUSTED_PROXIES", 0, least=0, most=5)


def web_processes() -> int:
    """Web processes of `schoolgate serve`; two at least, so that one that hangs stops nobody."""
    return number("SCHOOLGATE_WEB_PROCESSES", max(2, min(4, os.cpu_count() or 2)), least=1, most=64)


def web_threads() -> int:
    """Requests that one web process answers at a time."""
    return number("SCHOOLGATE_WEB_THREADS", 4, least=1, most=64)


def log_level() -> str:
    """The least grave of what is logged."""
    return choice("SCHOOLGATE_LOG_LEVEL", "info", ["debug", "info", "warning", "error"]).upper()


def database_url() -> str:
    """SCHOOLGATE_DATABASE_URL, or a SQLite file in the data directory."""
    return text("SCHOOLGATE_DATABASE_URL") or f"sqlite:///{data_dir() / 'schoolgate.sqlite3'}"


def uses_sqlite() -> bool:
    """Is this the embedded database, for trying and for one small school?"""
    return database_url().startswith("sqlite:")


def database() -> dict[str, Any]:
    """Django's DATABASES entry: sqlite:///FILE (four slashes: an absolute path) or postgresql://…"""
    url = database_url()
    fix = "Set SCHOOLGATE_DATABASE_URL to sqlite:///FILE or postgresql://user:password@host:5432/name."
    if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise Misconfigured("The database's address is of no kind that schoolgate knows.", fix=fix)
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as fault:
        raise Misconfigured("The database's address can't be read.", fix=fix) from fault
    if not found["NAME"]:
        raise Misconfigured("The database's address names no database.", fix=fix)
    if uses_sqlite():
        if found["NAME"] != ":memory:":
            # Absolute, since workers may start in another folder.
            path = found["NAME"] = str(Path(found["NAME"]).resolve())
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as fault:
                raise Misconfigured(
                    f"The folder of {path} can't be made: {fault.strerror}.",
                    fix="Set SCHOOLGATE_DATA_DIR, or SCHOOLGATE_DATABASE_URL, to a place where this user may write.",
                ) from fault
        # Readers never wait for the writer; a writer takes its lock at BEGIN and waits for its turn
        # (docs/decisions/0006-claim-by-update.md).
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        found["CONN_MAX_AGE"] = 60
        found["CONN_HEALTH_CHECKS"] = True
        # jit: compiling a statement costs more than it saves here; a page's counts took three seconds longer with it.
        options = {"connect_timeout": 10, "application_name": "schoolgate", "options": "-c jit=off"}
        found["OPTIONS"] = options | found.get("OPTIONS", {})
    return found


def email_url() -> str:
    """SCHOOLGATE_EMAIL_URL (smtp://user:password@host:port/?tls=True), or empty: mails stay in the outbox page."""
    return text("SCHOOLGATE_EMAIL_URL")


def email_settings() -> dict[str, Any]:
    """Django's EMAIL_* settings. Without an address nothing is ever handed over."""
    sender = text("SCHOOLGATE_EMAIL_FROM", f"no-reply@{urlsplit(base_url()).hostname}")
    if "@" not in sender or "\n" in sender:
        raise Misconfigured("SCHOOLGATE_EMAIL_FROM is no e-mail address.", fix="Set it to one of your own domain.")
    if not email_url():
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend", "DEFAULT_FROM_EMAIL": sender}
    fix = (
        "Set SCHOOLGATE_EMAIL_URL to smtp://user:password@host:port, with ?tls=True for STARTTLS or ?ssl=True for TLS."
    )
    if not email_url().startswith(("smtp://", "submission://")):
        raise Misconfigured("The mail server's address is of no kind that schoolgate knows.", fix=fix)
    try:
        found = dict(dj_email_url.parse(email_url()))
    except ValueError as fault:
        raise Misconfigured("The mail server's address can't be read.", fix=fix) from fault
    if not found["EMAIL_HOST"]:
        raise Misconfigured("The mail server's address names no host.", fix=fix)
    mail = {name: value for name, value in found.items() if name.startswith("EMAIL_")}
    return mail | {"EMAIL_TIMEOUT": 20, "DEFAULT_FROM_EMAIL": sender, "SERVER_EMAIL": sender}


def tasks_engine() -> str:
    """Who brings work to the workers: the database, or Celery when one machine is outgrown."""
    return choice("SCHOOLGATE_TASKS", "database", ["database", "celery"])


def task_settings() -> dict[str, Any]:
    """Django's TASKS, and Celery's broker when that is the engine."""
    if tasks_engine() == "database":
        return {"TASKS": {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}}
    broker = text("SCHOOLGATE_CELERY_BROKER_URL")
    if not broker.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
        raise Misconfigured(
            "SCHOOLGATE_TASKS is celery, and there is no broker.",
            fix="Set SCHOOLGATE_CELERY_BROKER_URL to redis://… or amqp://…, or leave SCHOOLGATE_TASKS unset.",
        )
    return {
        "TASKS": {"default": {"BACKEND": "schoolgate.jobs.celery.CeleryBackend"}},
        "CELERY_BROKER_URL": broker,
    }


def secrets_file() -> Path:
    """Where the key file is, or would be made."""
    return Path(os.environ.get("SCHOOLGATE_SECRETS_FILE") or data_dir() / "secrets.json")


def secrets_given() -> str:
    """What stands in SCHOOLGATE_SECRETS itself, where no command can change it."""
    return os.environ.get("SCHOOLGATE_SECRETS", "")


@cache
def secrets() -> Secrets:
    """The installation's secrets, from the environment or the key file (mode 0600) of the data directory.

    With SQLite a missing key file is made; with PostgreSQL it is refused, since web and workers must share one.
    """
    given = text("SCHOOLGATE_SECRETS")
    if given:
        return keyfile.from_text(given)
    path = secrets_file()
    if not path.exists():
        if not uses_sqlite():
            raise Misconfigured(
                "There are no secrets, and web and worker processes must share one set.",
                fix=f"Set SCHOOLGATE_SECRETS_FILE, or run `schoolgate secrets make`, which writes {path}.",
                code="secrets.missing",
            )
        try:
            keyfile.make_file(path, keyfile.new_secrets())
        except OSError as fault:
            raise Misconfigured(
                f"The key file {path} can't be written: {fault.strerror}.",
                fix="Set SCHOOLGATE_DATA_DIR to a folder that schoolgate may write to.",
            ) from fault
    return keyfile.read_file(path)


def secret_settings() -> dict[str, Any]:
    """Django's SECRET_KEY, and ours."""
    found = secrets()
    return {"SECRET_KEY": found.django_key, "ACCESS_KEY_PEPPERS": found.peppers, "SEALING_KEYS": found.sealing_keys}
