"""The note of a restriction at rest: AES-256-GCM, bound to its tenant and pair, under a numbered sealing key.

A sealed note is the key's number (2 bytes, big-endian), a nonce (12 bytes), then the text and its tag.
"""

import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


def seal_note(note: str, *, tenant_id: int, student_id: int, contact_id: int) -> bytes | None:
    """The note sealed; None for an empty one."""
    if not note.strip():
        return None
    keys: dict[int, bytes] = settings.SEALING_KEYS
    number = max(keys)
    nonce = secrets.token_bytes(_NONCE)
    place = _place(tenant_id, student_id, contact_id)
    sealed = AESGCM(keys[number]).encrypt(nonce, note.strip().encode(), place)
    return number.to_bytes(2, "big") + nonce + sealed


def open_note(sealed: bytes | memoryview | None, *, tenant_id: int, student_id: int, contact_id: int) -> str:
    """The note again; empty where there is none. Raises InvalidTag when the row was moved or altered."""
    if sealed is None:
        return ""
    content = bytes(sealed)
    key: bytes = settings.SEALING_KEYS[int.from_bytes(content[:2], "big")]
    place = _place(tenant_id, student_id, contact_id)
    return AESGCM(key).decrypt(content[2 : 2 + _NONCE], content[2 + _NONCE :], place).decode()


def _place(tenant_id: int, student_id: int, contact_id: int) -> bytes:
    return b"restriction note|%d|%d|%d" % (tenant_id, student_id, contact_id)
