"""Enable: an account that staff had stopped signs in again. What it sees is read from the directory then (R-AM-05)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from schoolgate.accounts.models import Stop, StopKind
from schoolgate.accounts.office_acts import AccountRefused, held_account, in_the_bin, require_may_end, tell_account
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User


@transaction.atomic(durable=True)
def enable_account(
    *, tenant: Tenant, account_id: int, school_ids: Collection[int] | None, by: Actor, at: datetime
) -> None:
    """No old session revives, and nothing is restored: links and ties that ended meanwhile stay ended.

    school_ids: the schools of whoever does it, None for all. Raises AccountRefused, also where the stop was set for more schools.
    """
    account = held_account(tenant=tenant, account_id=account_id)
    if in_the_bin(tenant=tenant, accounts=[account]):
        raise AccountRefused(_("This account is deleted."), fix=_("Take it back first."), code="account.deleted")
    if account.is_active:
        raise AccountRefused(_("This account is not stopped."), code="account.not_stopped")
    stops = Stop.objects.for_tenant(tenant).filter(account=account, kind=StopKind.DISABLED, ended_at=None)
    require_may_end(stops, school_ids=school_ids)
    stops.update(ended_at=at)
    User.objects.for_tenant(tenant).filter(pk=account.pk).update(is_active=True, disabled_at=None)
    tell_account("account_enabled", account, tenant=tenant, at=at)
    record("account.enabled", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])
