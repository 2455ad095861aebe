"""The installation's secrets as one JSON text: kept in a file that its owner alone can read, or given by the environment.

    {"django_key": "…", "peppers": {"1": "64 hex digits"}, "sealing_keys": {"1": "64 hex digits"}}

Peppers and sealing keys are numbered, and each row says under which number it was made. Rotation adds a number; the
older ones stay in force for the rows that name them (security.md §1).
"""

import json
import os
import secrets as random
from dataclasses import dataclass
from pathlib import Path

from schoolgate.lib.errors import Misconfigured

KEY_BYTES = 32
MAKE = "Run: schoolgate secrets make"


@dataclass(frozen=True, repr=False)  # Its text would be the secrets.
class Secrets:
    """django_key: text. peppers and sealing_keys: {number: 32 bytes}; the highest number is the one in use."""

    django_key: str
    peppers: dict[int, bytes]
    sealing_keys: dict[int, bytes]


def new_secrets() -> Secrets:
    """Fresh random ones, numbered 1."""
    return Secrets(
        django_key=random.token_urlsafe(48),
        peppers={1: random.token_bytes(KEY_BYTES)},
        sealing_keys={1: random.token_bytes(KEY_BYTES)},
    )


def rotated(old: Secrets) -> Secrets:
    """The same with one more pepper and one more sealing key, which new rows are made under."""
    return Secrets(
        django_key=old.django_key,
        peppers=old.peppers | {max(old.peppers) + 1: random.token_bytes(KEY_BYTES)},
        sealing_keys=old.sealing_keys | {max(old.sealing_keys) + 1: random.token_bytes(KEY_BYTES)},
    )


def as_text(secrets: Secrets) -> str:
    """The JSON that ``from_text`` reads."""
    numbered = {"peppers": secrets.peppers, "sealing_keys": secrets.sealing_keys}
    content = {name: {str(n): value.hex() for n, value in values.items()} for name, values in numbered.items()}
    return json.dumps({"django_key": secrets.django_key} | content, indent=1) + "\n"


def from_text(text: str) -> Secrets:
    """Read the JSON. Raises Misconfigured, which names the member at fault and shows nothing of it."""
    try:
        found = json.loads(text)
    except ValueError as fault:
        raise Misconfigured("The secrets are not JSON.", fix=MAKE) from fault
    if not isinstance(found, dict):
        raise Misconfigured("The secrets are not a JSON object.", fix=MAKE)
    django_key = found.get("django_key")
    if not isinstance(django_key, str) or len(django_key) < 50:
        raise Misconfigured("The secrets lack django_key, a text of 50 characters or more.", fix=MAKE)
    return Secrets(django_key, _numbered(found, "peppers"), _numbered(found, "sealing_keys"))


def _numbered(found: dict[str, object], name: str) -> dict[int, bytes]:
    values = found.get(name)
    try:
        if not isinstance(values, dict) or not values:
            raise ValueError
        keys = {int(number): bytes.fromhex(value) for number, value in values.items()}
    except (ValueError, TypeError) as fault:
        raise Misconfigured(f"The secrets lack {name}, numbered from 1, in hex digits.", fix=MAKE) from fault
    if any(len(key) != KEY_BYTES for key in keys.values()) or min(keys) < 1:
        raise Misconfigured(
            f"The secrets' {name} must have {2 * KEY_BYTES} hex digits each, numbered from 1.", fix=MAKE
        )
    return keys


def read_file(path: Path, *, mode_matters: bool = True) -> Secrets:
    """The secrets of a key file. Raises Misconfigured when others can read it too, unless that is somebody else's care."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except OSError as fault:
        raise Misconfigured(f"The key file {path} can't be read: {fault.strerror}.", fix=MAKE) from fault
    if mode_matters and mode & 0o077:
        raise Misconfigured(f"The key file {path} can be read by others.", fix=f"Run: chmod 600 {path}")
    return from_text(text)


def make_file(path: Path, secrets: Secrets) -> bool:
    """Write a new key file with mode 0600; False when there is one already. Of two processes at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft(path, secrets)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def replace_file(path: Path, secrets: Secrets) -> None:
    """Put a new content in the place of the old, whole or not at all."""
    _draft(path, secrets).replace(path)


def _draft(path: Path, secrets: Secrets) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}-{random.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(as_text(secrets))
        file.flush()
        os.fsync(file.fileno())
    return draft
