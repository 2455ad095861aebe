"""How a key rests in the database: a MAC that proves it, and a sealed copy for reprints (security spec §1).

Both are bound to the place where they rest: a row copied to another tenant or another key id proves and opens nothing.
"""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schoolgate.lib.keycode.code import KeyCode

NO_MAC = bytes(32)
"""Proved by no key: what is compared when there is no row, so that the answer takes as long."""

_SECRET_LENGTH = 32
_NONCE_LENGTH = 12


class SealBroken(Exception):
    """A sealed copy doesn't open: another row's, another sealing key's, or altered. A fault, never a person's mistake."""


@dataclass(frozen=True, slots=True, repr=False)
class _NumberedSecret:
    """32 random bytes, kept outside the database, and the number by which rows name them (R-KY-08)."""

    number: int
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != _SECRET_LENGTH:
            raise ValueError(f"a {type(self).__name__} is {_SECRET_LENGTH} random bytes")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number}>"


class Pepper(_NumberedSecret):
    """What MACs are made with."""


class SealingKey(_NumberedSecret):
    """What sealed copies are made and opened with."""


def mac_of(code: KeyCode, *, tenant_id: int, pepper: Pepper) -> bytes:
    """HMAC-SHA256 of tenant, selector and secret, 32 bytes."""
    return hmac.digest(pepper.value, b"%d|%b" % (tenant_id, (code.selector + code.secret).encode("ascii")), "sha256")


def proves(code: KeyCode, mac: bytes, *, tenant_id: int, pepper: Pepper) -> bool:
    """Whether this is the key behind the MAC; constant time. Give it `NO_MAC` for a selector that nobody has (R-RD-04)."""
    return hmac.compare_digest(mac_of(code, tenant_id=tenant_id, pepper=pepper), mac)


def seal(code: KeyCode, *, tenant_id: int, key_id: int, pepper_no: int, sealing_key: SealingKey) -> bytes:
    """The secret under AES-256-GCM: nonce, ciphertext, tag; 38 bytes. Opens only in the row it was made for."""
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    sealed = AESGCM(sealing_key.value).encrypt(nonce, code.secret.encode("ascii"), _place(tenant_id, key_id, pepper_no))
    return nonce + sealed


def unseal(
    sealed: bytes, *, selector: str, tenant_id: int, key_id: int, pepper_no: int, sealing_key: SealingKey
) -> KeyCode:
    """The key again. Raises SealBroken."""
    nonce, ciphertext = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
    try:
        secret = AESGCM(sealing_key.value).decrypt(nonce, ciphertext, _place(tenant_id, key_id, pepper_no))
    except (InvalidTag, ValueError) as broken:
        raise SealBroken(
            f"the sealed copy of key {selector} does not open under sealing key {sealing_key.number}"
        ) from broken
    return KeyCode(selector, secret.decode("ascii"))


def protect_many(
    keys: Sequence[tuple[int, str, str]], *, tenant_id: int, pepper: Pepper, sealing_key: SealingKey
) -> Iterator[tuple[bytes, bytes]]:
    """(MAC, sealed copy) of each (key id, selector, secret), in order: `mac_of` and `seal` without their cost for each key."""
    nonces = secrets.token_bytes(_NONCE_LENGTH * len(keys))
    encrypt = AESGCM(sealing_key.value).encrypt
    digest = hmac.digest
    for index, (key_id, selector, secret) in enumerate(keys):
        mac = digest(pepper.value, b"%d|%b" % (tenant_id, (selector + secret).encode("ascii")), "sha256")
        nonce = nonces[index * _NONCE_LENGTH : (index + 1) * _NONCE_LENGTH]
        yield mac, nonce + encrypt(nonce, secret.encode("ascii"), _place(tenant_id, key_id, pepper.number))


def _place(tenant_id: int, key_id: int, pepper_no: int) -> bytes:
    """What a seal is bound to: its associated data."""
    return b"access key|%d|%d|%d" % (tenant_id, key_id, pepper_no)
