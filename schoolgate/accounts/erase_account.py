"""What is left of a deleted account after its days in the bin: nothing personal (R-AM-10, security.md R19)."""

from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from schoolgate.accounts.models import (
    Disclaimer,
    EmailProof,
    NewAddress,
    PasswordReset,
    PrintedCode,
    Registration,
    Stop,
    StopKind,
)
from schoolgate.accounts.office_acts import held_accounts
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.end_keys import end_ties
from schoolgate.keys.models import Tie
from schoolgate.letters.forget_addresses import forget_addresses
from schoolgate.tenancy.models import Tenant, User

_AT_ONCE = 500


@transaction.atomic(durable=True)
def erase_deleted(*, tenant: Tenant, by: Actor, at: datetime) -> int:
    """Erase what has lain in the bin for its time. Ties end, personal columns are wiped, mails lose their address.

    The row stays, without a word about anybody: keys, ties and the audit point to it. The audit keeps a hashed stub of the
    sign-in name, by which the same person can be found again if they name it themselves. Returns how many were erased.
    """
    due = Stop.objects.for_tenant(tenant).filter(kind=StopKind.BINNED, ended_at=None, erase_at__lte=at)
    accounts = held_accounts(
        tenant=tenant, account_ids=list(due.order_by("erase_at").values_list("account_id", flat=True)[:_AT_ONCE])
    )
    # Asked again once the accounts are held: one may have been taken back in this moment.
    ids = sorted(due.filter(account_id__in=accounts).values_list("account_id", flat=True))
    if not ids:
        return 0
    ties = Tie.objects.for_tenant(tenant).standing().filter(account_id__in=ids)
    key_ids = list(ties.values_list("key_id", flat=True))
    end_ties(tenant=tenant, key_ids=key_ids, by_id=by.user_id, at=at, why="account deleted")
    forget_addresses(tenant=tenant, account_ids=ids)
    Registration.objects.for_tenant(tenant).filter(account_id__in=ids).delete()
    PasswordReset.objects.for_tenant(tenant).filter(account_id__in=ids).delete()
    PrintedCode.objects.for_tenant(tenant).filter(account_id__in=ids).delete()
    NewAddress.objects.for_tenant(tenant).filter(account_id__in=ids).delete()
    EmailProof.objects.for_tenant(tenant).filter(account_id__in=ids).delete()
    Disclaimer.objects.for_tenant(tenant).filter(account_id__in=ids).delete()
    stubs = {}
    for pk in ids:
        stubs[str(pk)] = salted_hmac("schoolgate.erased", accounts[pk].username_folded, algorithm="sha256").hexdigest()
        _wipe(accounts[pk], at=at)
    Stop.objects.for_tenant(tenant).filter(account_id__in=ids).update(reason="")
    Stop.objects.for_tenant(tenant).filter(account_id__in=ids, ended_at=None).update(ended_at=at)
    subjects = [("account", pk) for pk in ids]
    record("account.erased", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail={"stubs": stubs})
    return len(ids)


def _wipe(account: User, *, at: datetime) -> None:
    account.set_unusable_password()
    User.objects.for_tenant(account.tenant).filter(pk=account.pk).update(
        username=f"erased {account.pk}",
        username_folded=f"erased {account.pk}",
        email="",
        email_confirmed_at=None,
        name="",
        language="",
        password=account.password,
        last_login=None,
        locked_until=None,
        is_active=False,
        erased_at=at,
    )
