"""The installation's numbered secrets, as keys use them. The highest number makes new keys; the others still verify (R-KY-08)."""

from django.conf import settings

from schoolgate.lib.keycode import Pepper, SealingKey


class SecretMissing(Exception):
    """A row names a secret that this installation doesn't have any more. Its text says what to set."""


def newest_pepper() -> Pepper:
    """What the MACs of new keys are made with."""
    return pepper(max(_numbered("ACCESS_KEY_PEPPERS")))


def pepper(number: int) -> Pepper:
    """The pepper of a row. Raises SecretMissing."""
    return Pepper(number, _secret("ACCESS_KEY_PEPPERS", number, "pepper"))


def newest_sealing_key() -> SealingKey:
    """What the sealed copies of new keys are made with."""
    return sealing_key(max(_numbered("SEALING_KEYS")))


def sealing_key(number: int) -> SealingKey:
    """The sealing key of a row. Raises SecretMissing."""
    return SealingKey(number, _secret("SEALING_KEYS", number, "sealing key"))


def _numbered(setting: str) -> dict[int, bytes]:
    found: dict[int, bytes] = getattr(settings, setting)  # Made from the key file at start: no name the checker knows.
    return found


def _secret(setting: str, number: int, what: str) -> bytes:
    try:
        return _numbered(setting)[number]
    except KeyError:
        raise SecretMissing(f"The {what} with the number {number} is missing: put it back among the secrets.") from None
