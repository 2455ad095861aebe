"""End keys whose time is over. Use is refused by the clock already (keys/claim.py); the sweep wipes the sealed copies."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.end_keys import end_keys
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def expire_keys(*, tenant: Tenant, by: Actor, at: datetime) -> int:
    """Expire all keys of the tenant that have passed their last day; how many. Run it at least once a day."""
    return len(expire_overdue(tenant=tenant, by=by, at=at))


def expire_overdue(*, tenant: Tenant, by: Actor, at: datetime) -> list[int]:
    """Step: the same in the caller's transaction; the ids of the keys that ended."""
    overdue = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE, expires_at__lte=at)
    return expire_these(tenant=tenant, key_ids=list(overdue.values_list("pk", flat=True)), by=by, at=at)


def expire_these(*, tenant: Tenant, key_ids: Collection[int], by: Actor, at: datetime) -> list[int]:
    """Step: expire these live keys, which the caller knows to be overdue."""
    ended = end_keys(tenant=tenant, key_ids=key_ids, state=KeyState.EXPIRED, by_id=None, at=at, why="")
    if ended:
        record("key.expired", tenant_id=tenant.pk, by=by, at=at, subjects=[("key", key_id) for key_id in ended])
    return ended
