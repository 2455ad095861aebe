"""A key on its way through the pages: sealed for the server's session, for half an hour, never in clear (R-RD-03, security.md R13)."""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant

LIFE = timedelta(minutes=30)
_NONCE_LENGTH = 12


@dataclass(frozen=True)
class TypedKey:
    """number: which typing of which key this is, so that a page of another tab can't answer for it.

    key_id: the key, once it was proved with this account. birth_date: the second proof that was given with it.
    asks_proof: the school of this proved key asks for one, though the district doesn't.
    """

    code: KeyCode
    number: str
    until: datetime
    key_id: int | None = None
    birth_date: date | None = None
    asks_proof: bool = False


def new_typed_key(code: KeyCode, *, at: datetime) -> TypedKey:
    """A key that was typed just now."""
    return TypedKey(code, secrets.token_urlsafe(9), at + LIFE)


def seal_typed_key(typed: TypedKey, *, tenant: Tenant) -> str:
    """Text for the session; opens for this tenant alone, until its half hour is over."""
    content = json.dumps(
        {
            "code": typed.code.symbols,
            "number": typed.number,
            "key": typed.key_id,
            "born": typed.birth_date.isoformat() if typed.birth_date else None,
            "asks": typed.asks_proof,
            "until": typed.until.timestamp(),
        }
    )
    number = max(settings.SEALING_KEYS)
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    sealed = AESGCM(settings.SEALING_KEYS[number]).encrypt(nonce, content.encode(), _place(tenant, number))
    return f"{number}.{base64.b64encode(nonce + sealed).decode()}"


def unseal_typed_key(text: str, *, tenant: Tenant, at: datetime) -> TypedKey | None:
    """The key again; None when its half hour is over, or the text is another tenant's, or not ours."""
    number, _dot, rest = text.partition(".")
    try:
        raw = base64.b64decode(rest)
        sealing_key = settings.SEALING_KEYS[int(number)]
        content = AESGCM(sealing_key).decrypt(raw[:_NONCE_LENGTH], raw[_NONCE_LENGTH:], _place(tenant, int(number)))
    except (InvalidTag, ValueError, KeyError):
        return None
    found = json.loads(content)
    until = datetime.fromtimestamp(found["until"], tz=UTC)
    if until <= at:
        return None
    born = date.fromisoformat(found["born"]) if found["born"] else None
    return TypedKey(KeyCode.from_symbols(found["code"]), found["number"], until, found["key"], born, found["asks"])


def _place(tenant: Tenant, sealing_no: int) -> bytes:
    return b"typed key|%d|%d" % (tenant.pk, sealing_no)
