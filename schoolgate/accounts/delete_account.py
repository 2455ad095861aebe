"""Delete: seven days in the bin, where nobody signs in and the office can take it back; then it is erased (R-AM-10)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from schoolgate.accounts.models import Stop, StopKind
from schoolgate.accounts.office_acts import AccountRefused, held_account, reach_of, require_may_end, tell_account
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.errors import checked_reason
from schoolgate.tenancy.models import Tenant, User

BIN_LIFE = timedelta(days=7)


@transaction.atomic(durable=True)
def delete_account(
    *, tenant: Tenant, account_id: int, reason: str, school_ids: Collection[int] | None, by: Actor, at: datetime
) -> datetime:
    """Into the bin. Ties stand until it is erased, so that taking it back restores it whole. Returns when it is erased.

    school_ids: the schools of whoever does it, None for all; whoever takes it back must have them all. Raises AccountRefused, ReasonNeeded.
    """
    reason = checked_reason(reason)
    account = held_account(tenant=tenant, account_id=account_id)
    stops = Stop.objects.for_tenant(tenant).filter(account=account, kind=StopKind.BINNED, ended_at=None)
    if stops.exists():
        raise AccountRefused(_("This account is deleted already."), code="account.deleted")
    stop = Stop.objects.create(
        tenant=tenant,
        account=account,
        kind=StopKind.BINNED,
        since=at,
        by_id=by.user_id,
        school_ids=reach_of(school_ids),
        reason=reason,
        erase_at=at + BIN_LIFE,
    )
    User.objects.for_tenant(tenant).filter(pk=account.pk).update(is_active=False, session_epoch=F("session_epoch") + 1)
    tell_account("account_deleted", account, tenant=tenant, at=at)
    detail = {"erase_at": stop.erase_at}
    subjects = [("account", account.pk)]
    record("account.deleted", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail=detail, reason=reason)
    return at + BIN_LIFE


@transaction.atomic(durable=True)
def keep_account(
    *, tenant: Tenant, account_id: int, school_ids: Collection[int] | None, by: Actor, at: datetime
) -> None:
    """Out of the bin again, as it was: one that had been disabled before stays disabled.

    school_ids: the schools of whoever does it, None for all. Raises AccountRefused, also where it was deleted for more schools.
    """
    account = held_account(tenant=tenant, account_id=account_id)
    stops = Stop.objects.for_tenant(tenant).filter(account=account, ended_at=None)
    binned = stops.filter(kind=StopKind.BINNED)
    require_may_end(binned, school_ids=school_ids)
    if not binned.update(ended_at=at):
        raise AccountRefused(_("This account is not deleted."), code="account.not_deleted")
    is_active = not stops.filter(kind=StopKind.DISABLED).exists()
    User.objects.for_tenant(tenant).filter(pk=account.pk).update(is_active=is_active)
    account.is_active = is_active
    if is_active:
        tell_account("account_kept", account, tenant=tenant, at=at)
    record("account.kept", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])
