"""What an installation chooses: every environment variable is read here, typed, and refused when it makes no sense.

Any variable NAME may be given as NAME_FILE, a path whose content is the value (for container secrets).
"""

import json
import os
import secrets as random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url


class Misconfigured(Exception):
    """The environment says something that can't be. Its text is one sentence that says what to set."""


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise Misconfigured(f"{name}_FILE names {path}, which can't be read: {fault.strerror}.") from fault
    return os.environ.get(name, default).strip()


def data_dir() -> Path:
    """Where this installation keeps its own files: the SQLite database, the key file, collected static files."""
    given = text("SCHOOLGATE_DATA_DIR")
    return Path(given).expanduser().resolve() if given else Path.home() / ".local" / "share" / "schoolgate"


def base_url() -> str:
    """The address that letters, mails and QR codes name, without a slash at its end."""
    given = text("SCHOOLGATE_BASE_URL", "http://localhost:8000").rstrip("/")
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Misconfigured(
            f"SCHOOLGATE_BASE_URL is {given!r}; it must be an address such as https://portal.example.org."
        )
    return given


def allowed_hosts() -> list[str]:
    """The host names that are answered: the base address's own, and those of SCHOOLGATE_HOSTS (by comma)."""
    more = [host.strip() for host in text("SCHOOLGATE_HOSTS").split(",") if host.strip()]
    return [
        urlsplit(base_url()).hostname or "",
        "localhost",
        "127.0.0.1",
        "[::1]",
        *more,
    ]


def trusted_origins() -> list[str]:
    """Origins whose posts are accepted: the base address."""
    return [base_url()]


def database_url() -> str:
    """SCHOOLGATE_DATABASE_URL, or a SQLite file in the data directory."""
    return text("SCHOOLGATE_DATABASE_URL") or f"sqlite:///{data_dir() / 'schoolgate.sqlite3'}"


def database() -> dict[str, Any]:
    """Django's DATABASES entry: sqlite:///FILE (four slashes: an absolute path) or postgresql://…"""
    url = database_url()
    if not url.startswith(("sqlite:", "postgresql:", "postgres:")):
        raise Misconfigured("SCHOOLGATE_DATABASE_URL must begin with sqlite:/// or postgresql://.")
    found: dict[str, Any] = dict(dj_database_url.parse(url))
    if found["ENGINE"] == "django.db.backends.sqlite3":
        # Readers never wait for the writer; a writer takes its lock at BEGIN and waits for its turn (stack.md, redemption).
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        found["CONN_MAX_AGE"] = 60
        found["CONN_HEALTH_CHECKS"] = True
    return found


def email_url() -> str:
    """SCHOOLGATE_EMAIL_URL (smtp://user:password@host:port/?tls=True), or empty: mails stay in the outbox page."""
    return text("SCHOOLGATE_EMAIL_URL")


def email_settings() -> dict[str, Any]:
    """Django's EMAIL_* settings. Without an address nothing is ever handed over."""
    if not email_url():
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    return {name: value for name, value in dj_email_url.parse(email_url()).items() if name.startswith("EMAIL_")}


@dataclass(frozen=True)
class Secrets:
    """django_key: text. peppers and sealing_keys: {number: 32 bytes}; the highest number is the one in use."""

    django_key: str
    peppers: dict[int, bytes]
    sealing_keys: dict[int, bytes]


@cache
def secrets() -> Secrets:
    """The installation's secrets, from the environment or the key file (mode 0600) of the data directory.

    With SQLite a missing key file is made; with PostgreSQL it is refused, since web and workers must share one.
    """
    given = text("SCHOOLGATE_SECRETS")
    if given:
        return _read(given)
    path = data_dir() / "secrets.json"
    if not path.exists():
        if not database_url().startswith("sqlite"):
            raise Misconfigured(
                f"No secrets: set SCHOOLGATE_SECRETS (or SCHOOLGATE_SECRETS_FILE), or run `schoolgate secrets make`, which writes {path}."
            )
        make_secrets(path)
    if path.stat().st_mode & 0o077:
        raise Misconfigured(f"{path} can be read by others; run: chmod 600 {path}")
    return _read(path.read_text(encoding="utf-8"))


def make_secrets(path: Path) -> None:
    """Write a new key file, readable by its owner alone. Of two processes that make it at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = {
        "django_key": random.token_urlsafe(48),
        "peppers": {"1": random.token_hex(32)},
        "sealing_keys": {"1": random.token_hex(32)},
    }
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(content: str) -> Secrets:
    try:
        found = json.loads(content)
        return Secrets(
            django_key=found["django_key"],
            peppers={int(number): bytes.fromhex(value) for number, value in found["peppers"].items()},
            sealing_keys={int(number): bytes.fromhex(value) for number, value in found["sealing_keys"].items()},
        )
    except (ValueError, KeyError, AttributeError, TypeError) as fault:
        raise Misconfigured(
            "The secrets can't be read: they are JSON with django_key, peppers and sealing_keys."
        ) from fault
