"""Disable: nobody signs in with an account any more, until staff enable it again (R-AM-05, R-MU-02)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F

from schoolgate.accounts.models import Stop, StopKind
from schoolgate.accounts.office_acts import (
    DELETED,
    DISABLED,
    UNKNOWN,
    Acted,
    counted,
    held_accounts,
    in_the_bin,
    reach_of,
    tell_account,
)
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.errors import checked_reason
from schoolgate.tenancy.models import Tenant, User


@transaction.atomic(durable=True)
def disable_accounts(
    *,
    tenant: Tenant,
    account_ids: Collection[int],
    reason: str,
    school_ids: Collection[int] | None,
    by: Actor,
    at: datetime,
) -> Acted:
    """Sessions end at their next request. Ties, keys and people stay as they are; the person is told to ask the school, not why.

    school_ids: the schools of whoever does it, None for all; whoever enables it again must have them all.
    Skips those that are stopped already, those in the bin, and ids of nobody. Raises ReasonNeeded.
    """
    reason = checked_reason(reason)
    accounts = held_accounts(tenant=tenant, account_ids=account_ids)
    binned = in_the_bin(tenant=tenant, accounts=accounts.values())
    whys = {pk: _why_not(accounts.get(pk), binned) for pk in dict.fromkeys(account_ids)}
    done = [pk for pk, why in whys.items() if not why]
    Stop.objects.bulk_create(
        Stop(
            tenant=tenant,
            account_id=pk,
            kind=StopKind.DISABLED,
            since=at,
            by_id=by.user_id,
            school_ids=reach_of(school_ids),
            reason=reason,
        )
        for pk in done
    )
    User.objects.for_tenant(tenant).filter(pk__in=done).update(
        is_active=False, disabled_at=at, session_epoch=F("session_epoch") + 1
    )
    for pk in done:
        tell_account("account_disabled", accounts[pk], tenant=tenant, at=at)
    if done:
        subjects = [("account", pk) for pk in done]
        record("account.disabled", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, reason=reason)
    return Acted(tuple(done), counted([why for why in whys.values() if why]))


def _why_not(account: User | None, binned: set[int]) -> str:
    if account is None:
        return UNKNOWN
    if account.pk in binned:
        return DELETED
    return "" if account.is_active else DISABLED
