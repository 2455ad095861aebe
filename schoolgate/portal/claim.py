"""What the server's session remembers of a person on the way from letter to child: a sealed key, a registration, a proved address."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from schoolgate.accounts.typed_key import TypedKey, new_typed_key, seal_typed_key, unseal_typed_key
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.http import TenantRequest

_KEY, _ANSWERED, _REGISTRATION, _PROVED = "typed_key", "answered_key", "registration", "proved_email"
PROOF_LIFE = timedelta(minutes=30)


def keep_typed_key(request: TenantRequest, code: KeyCode, *, at: datetime) -> TypedKey:
    """Remember a key for half an hour, sealed. A key typed before is forgotten, with whatever was proved for it."""
    typed = new_typed_key(code, at=at)
    _keep(request, typed)
    return typed


def keep_checked(request: TenantRequest, typed: TypedKey, *, key_id: int, birth_date: date | None) -> None:
    """Remember that the key was proved, and with which answer: the next page may name the children."""
    _keep(request, replace(typed, key_id=key_id, birth_date=birth_date))


def keep_asked(request: TenantRequest, typed: TypedKey) -> None:
    """Remember that the key was proved, and that a second proof is asked for it; nothing that was said before counts."""
    _keep(request, replace(typed, key_id=None, birth_date=None, asks_proof=True))


def typed_key(request: TenantRequest, *, at: datetime) -> TypedKey | None:
    """The key that was typed in this session less than half an hour ago."""
    return unseal_typed_key(request.session.get(_KEY, ""), tenant=request.tenant, at=at)


def forget_typed_key(request: TenantRequest) -> None:
    request.session.pop(_KEY, None)


def keep_answered(request: TenantRequest, typed: TypedKey) -> None:
    """The last question was answered: forget the key, and know a second press of the same page (§12.2, double click)."""
    forget_typed_key(request)
    request.session[_ANSWERED] = typed.number


def was_answered(request: TenantRequest, number: str) -> bool:
    return bool(number) and request.session.get(_ANSWERED) == number


def _keep(request: TenantRequest, typed: TypedKey) -> None:
    request.session[_KEY] = seal_typed_key(typed, tenant=request.tenant)


def keep_registration(request: TenantRequest, *, registration_id: int | None, email: str) -> None:
    """Remember which registration this browser asked for. registration_id None looks the same to the person (R-RD-03)."""
    request.session[_REGISTRATION] = {"tenant": request.tenant.pk, "id": registration_id, "email": email}


def registration(request: TenantRequest) -> dict[str, Any] | None:
    """{"id": int or None, "email": text}, or None when this browser asked for nothing."""
    kept = request.session.get(_REGISTRATION)
    return kept if kept and kept["tenant"] == request.tenant.pk else None


def keep_proved_email(request: TenantRequest, *, account_id: int, at: datetime) -> None:
    """This browser proved the account's address: for half an hour it may complete the account, and nobody else may."""
    until = (at + PROOF_LIFE).timestamp()
    request.session[_PROVED] = {"tenant": request.tenant.pk, "account": account_id, "until": until}
    request.session.pop(_REGISTRATION, None)


def proved_account(request: TenantRequest, *, at: datetime) -> int | None:
    kept = request.session.get(_PROVED)
    if not kept or kept["tenant"] != request.tenant.pk or kept["until"] <= at.timestamp():
        return None
    return int(kept["account"])


def forget_proved_email(request: TenantRequest) -> None:
    request.session.pop(_PROVED, None)
