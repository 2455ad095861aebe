"""Seal a text at rest: AES-256-GCM under a numbered key, bound to the place where it rests.

A sealed text is the key's number (2 bytes, big-endian), a nonce (12 bytes), then the text and its tag.
"""

import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NUMBER, _NONCE = 2, 12


def seal_text(text: str, *, keys: Mapping[int, bytes], place: bytes) -> bytes:
    """keys: {number: 32 bytes}; the highest number seals. place: what the seal is bound to; moved elsewhere it doesn't open."""
    number, nonce = max(keys), secrets.token_bytes(_NONCE)
    return number.to_bytes(_NUMBER, "big") + nonce + AESGCM(keys[number]).encrypt(nonce, text.encode(), place)


def open_text(sealed: bytes, *, keys: Mapping[int, bytes], place: bytes) -> str:
    """The text again. Raises InvalidTag when it was moved or altered, KeyError when its key is gone."""
    key, rest = keys[int.from_bytes(sealed[:_NUMBER], "big")], sealed[_NUMBER:]
    return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], place).decode()
