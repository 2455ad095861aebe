"""How a key rests in the database: a MAC that proves it, and a sealed copy for reprints (security spec §1).

Both are bound to the place where they rest: a row copied to another tenant or another key id proves and opens nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schoolgate.lib.keycode.code import KeyCode

NO_MAC = bytes(32)
"""Proved by no key: what is compared when there is no row, so that the answer takes as long."""

PEPPER_LENGTH = 32
_NONCE_LENGTH = 12


class SealBroken(Exception):
    """A sealed copy doesn't open: another row's, another pepper's, or altered. A fault, never a person's mistake."""


@dataclass(frozen=True, slots=True, repr=False)
class Pepper:
    """The secrets behind the keys of one pepper number. Two uses, two keys, both made from one random value."""

    number: int
    mac_key: bytes
    sealing_key: bytes

    @classmethod
    def from_random(cls, number: int, value: bytes) -> Self:
        """The pepper of this number. value: 32 random bytes, kept outside the database."""
        if len(value) != PEPPER_LENGTH:
            raise ValueError(f"a pepper is {PEPPER_LENGTH} random bytes")
        return cls(number, _derived(value, b"schoolgate key mac"), _derived(value, b"schoolgate key seal"))

    def __repr__(self) -> str:
        return f"<Pepper {self.number}>"


def _derived(value: bytes, use: bytes) -> bytes:
    """HKDF's expand step for one block (RFC 5869): the value is uniform already."""
    return hmac.digest(value, use + b"\x01", hashlib.sha256)


def mac_of(code: KeyCode, *, tenant_id: int, pepper: Pepper) -> bytes:
    """HMAC-SHA256 of tenant, selector and secret, 32 bytes."""
    return hmac.digest(pepper.mac_key, b"%d|%b" % (tenant_id, (code.selector + code.secret).encode("ascii")), "sha256")


def proves(code: KeyCode, mac: bytes, *, tenant_id: int, pepper: Pepper) -> bool:
    """Whether this is the key behind the MAC; constant time. Give it `NO_MAC` for a selector that nobody has (R-RD-04)."""
    return hmac.compare_digest(mac_of(code, tenant_id=tenant_id, pepper=pepper), mac)


def seal(code: KeyCode, *, tenant_id: int, key_id: int, pepper: Pepper) -> bytes:
    """The secret under AES-256-GCM: nonce, ciphertext, tag; 38 bytes. Opens only with the same tenant, key id and pepper."""
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    sealed = AESGCM(pepper.sealing_key).encrypt(
        nonce, code.secret.encode("ascii"), _place(tenant_id, key_id, pepper.number)
    )
    return nonce + sealed


def unseal(sealed: bytes, *, selector: str, tenant_id: int, key_id: int, pepper: Pepper) -> KeyCode:
    """The key again. Raises SealBroken."""
    nonce, ciphertext = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
    try:
        secret = AESGCM(pepper.sealing_key).decrypt(nonce, ciphertext, _place(tenant_id, key_id, pepper.number))
    except (InvalidTag, ValueError) as broken:
        raise SealBroken(f"the sealed copy of key {selector} does not open under pepper {pepper.number}") from broken
    return KeyCode(selector, secret.decode("ascii"))


def protect_many(
    keys: Sequence[tuple[int, str, str]], *, tenant_id: int, pepper: Pepper
) -> Iterator[tuple[bytes, bytes]]:
    """(MAC, sealed copy) of each (key id, selector, secret), in order: `mac_of` and `seal` without their cost for each key."""
    nonces = secrets.token_bytes(_NONCE_LENGTH * len(keys))
    encrypt = AESGCM(pepper.sealing_key).encrypt
    mac_key, digest = pepper.mac_key, hmac.digest
    for index, (key_id, selector, secret) in enumerate(keys):
        mac = digest(mac_key, b"%d|%b" % (tenant_id, (selector + secret).encode("ascii")), "sha256")
        nonce = nonces[index * _NONCE_LENGTH : (index + 1) * _NONCE_LENGTH]
        yield mac, nonce + encrypt(nonce, secret.encode("ascii"), _place(tenant_id, key_id, pepper.number))


def _place(tenant_id: int, key_id: int, pepper_number: int) -> bytes:
    """What a seal is bound to: its associated data."""
    return b"access key|%d|%d|%d" % (tenant_id, key_id, pepper_number)
