"""Unlink: an account acts no longer for one subject. The account, the person and every other tie stay (spine §3.3, R-MU-02)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from schoolgate.accounts.office_acts import NO_TIE, Acted, counted, held_accounts, tell_account
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.end_keys import end_ties
from schoolgate.keys.errors import checked_reason
from schoolgate.keys.models import Tie
from schoolgate.keys.subjects import audited, subject_of
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def unlink_accounts(*, tenant: Tenant, tie_ids: Collection[int], reason: str, by: Actor, at: datetime) -> Acted:
    """End these ties; the used keys that made them are revoked. The account loses the view with the commit.

    done: the ties that ended. Skips ties that have ended already. The subject is a gap again, and may get a new key.
    Raises ReasonNeeded.
    """
    reason = checked_reason(reason)
    asked = list(dict.fromkeys(tie_ids))
    ties = {tie.pk: tie for tie in Tie.objects.for_tenant(tenant).standing().filter(pk__in=asked).order_by("pk")}
    key_ids = [tie.key_id for tie in ties.values()]
    ended = end_ties(tenant=tenant, key_ids=key_ids, by_id=by.user_id, at=at, why=reason)
    accounts = held_accounts(tenant=tenant, account_ids={ties[pk].account_id for pk in ended})
    for account in accounts.values():
        tell_account("account_unlinked", account, tenant=tenant, at=at)
    if ended:
        subjects = [("account", account_id) for account_id in accounts]
        subjects += dict.fromkeys(audited(subject_of(ties[pk]) for pk in ended))
        subjects += [("key", ties[pk].key_id) for pk in ended]
        detail = {"ties": len(ended)}
        record("account.unlinked", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail=detail, reason=reason)
    return Acted(tuple(ended), counted([NO_TIE] * (len(asked) - len(ended))))
