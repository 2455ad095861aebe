"""What a family says against what it is shown: *This is not my child* (B-07), *These are not my children* (R-RD-09)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from schoolgate.accounts.check import check_second_proof
from schoolgate.accounts.models import Disclaimer
from schoolgate.accounts.queries import child_of
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.claim import lock_key
from schoolgate.keys.errors import KeyEnded
from schoolgate.keys.models import AccessKey
from schoolgate.keys.subjects import audited, subject_of
from schoolgate.lib.errors import NotFound
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant, User, UserKind
from schoolgate.tenancy.notify_office import notify_office


@transaction.atomic(durable=True)
def disclaim_child(*, tenant: Tenant, account: User, student_id: int, by: Actor, at: datetime) -> None:
    """Hide one child from one account; other children, other accounts and the key stay as they are. Said twice it is once.

    Raises NotFound for a child that the account doesn't see, and for a student's own account.
    """
    if account.kind != UserKind.FAMILY:
        raise NotFound
    child = child_of(tenant=tenant, account=account, student_id=student_id, at=at)
    try:
        with transaction.atomic():
            Disclaimer.objects.create(tenant=tenant, account=account, student_id=child.pk, said_at=at)
    except IntegrityError:
        return
    subjects = [("account", account.pk), ("student", child.pk)]
    notify_office("child.disclaimed", tenant=tenant, at=at, subjects=subjects)
    record("child.disclaimed", tenant_id=tenant.pk, by=by, at=at, subjects=subjects)


@transaction.atomic(durable=True)
def restore_child(*, tenant: Tenant, account: User, student_id: int, by: Actor, at: datetime) -> bool:
    """The office takes a disclaimer back: the account sees the child again, if a link still shows it. False: there was none."""
    restored = (
        Disclaimer.objects.for_tenant(tenant)
        .filter(account=account, student_id=student_id, restored_at=None)
        .update(restored_at=at, restored_by_id=by.user_id)
    )
    if restored:
        subjects = [("account", account.pk), ("student", student_id)]
        record("child.restored", tenant_id=tenant.pk, by=by, at=at, subjects=subjects)
    return bool(restored)


@transaction.atomic(durable=True)
def disclaim_key(
    *, tenant: Tenant, account: User, code: KeyCode, birth_date: date | None, by: Actor, at: datetime
) -> None:
    """*These are not my children*: bind nothing, lock the key, tell the office (R-RD-09).

    Asks for the same proofs as a redemption, so that nobody can lock keys with less. The try is counted around this call.
    Raises what `accounts.check.check_second_proof` raises.
    """
    key = check_second_proof(tenant=tenant, account=account, code=code, birth_date=birth_date, at=at)
    if not lock_key(key=key, at=at):
        raise KeyEnded(AccessKey.objects.for_tenant(tenant).get(pk=key.pk), tenant=tenant)
    subjects = [("key", key.pk), *audited([subject_of(key)]), ("account", account.pk)]
    notify_office("key.disclaimed", tenant=tenant, at=at, subjects=subjects)
    record("key.disclaimed", tenant_id=tenant.pk, by=by, at=at, subjects=subjects)
