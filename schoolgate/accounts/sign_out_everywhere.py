"""End every session of an account: on a lost phone, in a library, everywhere."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User


@transaction.atomic(durable=True)
def sign_out_everywhere(*, tenant: Tenant, account: User, by: Actor, at: datetime) -> None:
    """The session that asks ends too, at its next request."""
    User.objects.for_tenant(tenant).filter(pk=account.pk).update(session_epoch=F("session_epoch") + 1)
    record("account.signed_out_everywhere", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])
