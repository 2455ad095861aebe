"""A signed-in person chooses another password."""

from datetime import datetime

from django.db import transaction

from schoolgate.accounts.passwords import require_good_password
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User


@transaction.atomic(durable=True)
def change_password(*, tenant: Tenant, account: User, password: str, by: Actor, at: datetime) -> User:
    """All other sessions end, since a session is bound to its password. The old one was proved before (tenancy/prove_sign_in.py).

    Raises PasswordRefused.
    """
    require_good_password(password, account=account)
    account.set_password(password)
    User.objects.for_tenant(tenant).filter(pk=account.pk).update(password=account.password)
    record("account.password_changed", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])
    return account
