"""Accounts whose e-mail address nobody proved die after seven days (portal-console §3.2)."""

from datetime import datetime

from django.db import transaction

from schoolgate.accounts.models import NewAddress, Registration, Stop
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User


@transaction.atomic(durable=True)
def forget_unconfirmed(*, tenant: Tenant, by: Actor, at: datetime) -> int:
    """Delete what has lapsed: the registration and the account that nobody could ever sign in to. Returns how many.

    One that the office has stopped stays, so that it stays stopped.
    """
    stopped = Stop.objects.for_tenant(tenant).filter(ended_at=None)
    lapsed = list(
        Registration.objects.for_tenant(tenant)
        .filter(expires_at__lte=at, account__email_confirmed_at=None)
        .exclude(account_id__in=stopped.values("account_id"))
        .values_list("account_id", flat=True)
    )
    if not lapsed:
        return 0
    for kept in (Registration, Stop, NewAddress):
        kept.objects.for_tenant(tenant).filter(account_id__in=lapsed).delete()
    User.objects.for_tenant(tenant).accounts().filter(pk__in=lapsed, email_confirmed_at=None).delete()
    record("account.lapsed", tenant_id=tenant.pk, by=by, at=at, detail={"accounts": len(lapsed)})
    return len(lapsed)
