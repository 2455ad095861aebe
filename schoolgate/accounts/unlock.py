"""Unlock: wrong passwords had used up an account's tries; it may try again now (R-AM-06)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from schoolgate.accounts.office_acts import (
    DISABLED,
    NOT_LOCKED,
    UNKNOWN,
    Acted,
    counted,
    held_accounts,
    tell_account,
)
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.prove_sign_in import unlock_sign_in


@transaction.atomic(durable=True)
def unlock_accounts(*, tenant: Tenant, account_ids: Collection[int], by: Actor, at: datetime) -> Acted:
    """Clears the failure lock and nothing else: what staff have stopped needs Enable, and the limits of a caller's address hold.

    Skips those that aren't locked, those stopped by staff, and ids of nobody.
    """
    accounts = held_accounts(tenant=tenant, account_ids=account_ids)
    whys = {pk: _why_not(accounts.get(pk), at=at) for pk in dict.fromkeys(account_ids)}
    done = [pk for pk, why in whys.items() if not why]
    for pk in done:
        unlock_sign_in(tenant=tenant, door="portal", username=accounts[pk].username, at=at)
    User.objects.for_tenant(tenant).filter(pk__in=done).update(locked_until=None)
    for pk in done:
        tell_account("account_unlocked", accounts[pk], tenant=tenant, at=at)
    if done:
        record("account.unlocked", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", pk) for pk in done])
    return Acted(tuple(done), counted([why for why in whys.values() if why]))


def _why_not(account: User | None, *, at: datetime) -> str:
    if account is None:
        return UNKNOWN
    if not account.is_active:
        return DISABLED
    return "" if account.locked_until is not None and account.locked_until > at else NOT_LOCKED
