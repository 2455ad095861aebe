"""Count a try at a key before anything is compared, so that parallel guesses can't pass the limit (security.md §2, R-KY-05).

A face wraps each try: ``with counted_try(...): redeem_key(...)``. A proved secret gets its try back; a wrong one doesn't,
and the last one locks the key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.by_school import tries_of
from schoolgate.keys.errors import KeyNotAccepted, KeyProved, NothingCompared, ProofNotAccepted
from schoolgate.keys.models import AccessKey, KeyAttempt, KeyState
from schoolgate.keys.subjects import audited, subject_of
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.notify_office import notify_office
from schoolgate.tenancy.throttle import count_try, give_back_try, tries_counted

HOUR = timedelta(hours=1)
TRIES_PER_HOUR = 30
TRIES_PER_HOUR_UNDER_ATTACK = 10
LOCKS_OF_AN_ATTACK = 5
"""More locks than this in an hour: somebody may be locking keys on purpose, since selectors are public."""

_SOURCE, _ACCOUNT, _LOCKS = "key.source", "key.account", "key.locks"
_UNLIMITED = 2**31 - 1


@dataclass(frozen=True)
class CountedTry:
    """A try that has been counted. key_id: the live key that it counts against, if the selector has one. limit: its tries."""

    tenant: Tenant
    selector: str
    by: Actor
    at: datetime
    key_id: int | None
    limit: int
    is_allowed: bool


@contextmanager
def counted_try(*, tenant: Tenant, code: KeyCode, by: Actor, at: datetime) -> Iterator[None]:
    """Around whatever compares a key or a second proof. The hourly limits are those of by.source and by.user_id.

    Raises KeyNotAccepted, without entering the block, when a limit is reached or the key is locked. Passes on what the
    block raises. Never call it inside a transaction: the count must be committed before anything is compared.
    """
    counted = _count(tenant=tenant, code=code, by=by, at=at)
    if not counted.is_allowed:
        raise KeyNotAccepted
    try:
        yield
    except (KeyNotAccepted, ProofNotAccepted) as refusal:
        _keep(counted, is_proved=isinstance(refusal, ProofNotAccepted))
        raise
    except (KeyProved, NothingCompared):
        _give_back(counted)
        raise
    # Any other fault leaves the try counted, since nobody knows what it found out.
    _give_back(counted)


@transaction.atomic(durable=True)
def _count(*, tenant: Tenant, code: KeyCode, by: Actor, at: datetime) -> CountedTry:
    if not _within_the_hour(tenant=tenant, by=by, at=at):
        notify_office("key.guesses", tenant=tenant, at=at)
        return CountedTry(tenant, code.selector, by, at, None, 0, is_allowed=False)
    key = AccessKey.objects.for_tenant(tenant).filter(selector=code.selector, state=KeyState.LIVE).first()
    key_id, limit = key.pk if key is not None else None, tries_of(tenant=tenant, key=key, at=at)
    # The limit is part of the UPDATE: of many guesses at once no more than are left get through. The statement runs for
    # an unknown selector too, so that both take as long (R-RD-05).
    counted = (
        AccessKey.objects.for_tenant(tenant)
        .filter(pk=key_id or 0, state=KeyState.LIVE, locked_at=None, failures__lt=limit)
        .update(failures=F("failures") + 1)
    )
    return CountedTry(tenant, code.selector, by, at, key_id, limit, is_allowed=key_id is None or counted == 1)


@transaction.atomic(durable=True)
def _keep(counted: CountedTry, *, is_proved: bool) -> None:
    """Note the failed try, without a symbol of the secret; after the last one that a key has, lock it."""
    tenant, by, at = counted.tenant, counted.by, counted.at
    kind = "wrong_proof" if is_proved else "unknown_selector" if counted.key_id is None else "wrong_secret"
    KeyAttempt.objects.create(
        tenant=tenant, at=at, selector=counted.selector, source=by.source, account_id=by.user_id, kind=kind
    )
    locked = (
        AccessKey.objects.for_tenant(tenant)
        .filter(pk=counted.key_id or 0, state=KeyState.LIVE, locked_at=None)
        .filter(failures__gte=counted.limit)
        .update(locked_at=at, lock_count=F("lock_count") + 1)
    )
    if locked and counted.key_id is not None:
        key = AccessKey.objects.for_tenant(tenant).get(pk=counted.key_id)
        subjects = [("key", counted.key_id), *audited([subject_of(key)])]
        notify_office("key.locked", tenant=tenant, at=at, subjects=subjects)
        count_try(tenant=tenant, bucket=_LOCKS, subject="", limit=_UNLIMITED, window=HOUR, at=at)
        if _is_attacked(tenant=tenant, at=at):
            notify_office("key.many_locks", tenant=tenant, at=at)
        record("key.locked", tenant_id=tenant.pk, by=by, at=at, subjects=subjects)


@transaction.atomic(durable=True)
def _give_back(counted: CountedTry) -> None:
    """The secret was proved: the try costs nothing."""
    tenant, by, at = counted.tenant, counted.by, counted.at
    AccessKey.objects.for_tenant(tenant).filter(pk=counted.key_id or 0, failures__gt=0).update(
        failures=F("failures") - 1
    )
    for bucket, subject in _whose(by):
        give_back_try(tenant=tenant, bucket=bucket, subject=subject, window=HOUR, at=at)


def _within_the_hour(*, tenant: Tenant, by: Actor, at: datetime) -> bool:
    """Count the try for its source and its account; False when one of them has none left."""
    for bucket, subject in _whose(by):
        tightened = bucket == _SOURCE and _is_attacked(tenant=tenant, at=at)
        limit = TRIES_PER_HOUR_UNDER_ATTACK if tightened else TRIES_PER_HOUR
        if not count_try(tenant=tenant, bucket=bucket, subject=subject, limit=limit, window=HOUR, at=at):
            return False
    return True


def _whose(by: Actor) -> list[tuple[str, str]]:
    source = [(_SOURCE, by.source)] if by.source else []
    return source + ([(_ACCOUNT, str(by.user_id))] if by.user_id is not None else [])


def _is_attacked(*, tenant: Tenant, at: datetime) -> bool:
    return tries_counted(tenant=tenant, bucket=_LOCKS, subject="", window=HOUR, at=at) > LOCKS_OF_AN_ATTACK
