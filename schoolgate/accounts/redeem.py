"""A printed key is exchanged, exactly once, for the right to act for its subject."""

from datetime import date, datetime

from django.db import transaction

from schoolgate.accounts.check import (
    raise_if_own,
    require_redeemer,
    require_second_proof,
    require_sign_up_at_school,
    require_use,
)
from schoolgate.accounts.errors import NobodyToSee
from schoolgate.accounts.queries import acts_for, has_bar_between, students_if_tied
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.models import DirectoryContact
from schoolgate.keys.claim import claim_key, make_tie
from schoolgate.keys.errors import KeyEnded
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.keys.subjects import audited, subject_of
from schoolgate.letters.queue_message import message_of, queue_messages
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.notify_office import notify_office
from schoolgate.tenancy.usernames import fold


@transaction.atomic(durable=True)
def redeem_key(
    *,
    tenant: Tenant,
    account: User,
    code: KeyCode,
    birth_date: date | None,
    by: Actor,
    at: datetime,
    one_is_missing: bool = False,
) -> Tie:
    """Connect the account. Every check of the earlier pages is made again, in this one transaction (R-RD-09, security.md §2).

    at: the moment of redemption, aware UTC; passed in, so that tests need no clock. one_is_missing: the person misses
    a child; the account is connected, and the office told. The try is counted around this call (keys/throttle.py).

    Which children the account then sees is read from the directory's links on every page, so a sync that adds or takes
    one away needs no new key. Raises what `accounts.check.check_second_proof` raises.
    """
    require_redeemer(tenant=tenant, account=account)
    try:
        key = claim_key(tenant=tenant, code=code, at=at)
    except KeyEnded as ended:
        raise_if_own(ended, tenant=tenant, account=account)
        raise
    require_use(key, is_for_student=False)
    require_sign_up_at_school(tenant=tenant, key=key, at=at)
    proof = require_second_proof(tenant=tenant, key=key, birth_date=birth_date, at=at)
    others = sorted(acts_for(tenant=tenant, account=account).adults)
    if others:
        _look_at_several_contacts(tenant=tenant, account=account, key=key, others=others, at=at)
    tie = make_tie(key=key, account=account, at=at)
    subjects = [("key", key.pk), *audited([subject_of(key)]), ("account", account.pk)]
    if one_is_missing:
        notify_office("child.missing", tenant=tenant, at=at, subjects=subjects)
    _mail_both(tenant=tenant, account=account, tie=tie, at=at)
    detail = {"proof": proof, "one_is_missing": one_is_missing}
    record("key.redeemed", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail=detail)
    return tie


def _look_at_several_contacts(
    *, tenant: Tenant, account: User, key: AccessKey, others: list[int], at: datetime
) -> None:
    """An account that acts for several contacts sees no child that any of them is barred from (spine §3.2).

    If nothing were left to see, nothing is tied. If a bar lies between them, the office is told that one account may
    stand for two people (R-RX-03).
    """
    if not students_if_tied(tenant=tenant, account=account, subject=subject_of(key), at=at).exists():
        raise NobodyToSee
    if has_bar_between(tenant=tenant, contact_ids=[*others, key.addressee_id], at=at):
        contacts = [("contact", contact_id) for contact_id in sorted({*others, key.addressee_id})]
        notify_office("account.two_people", tenant=tenant, at=at, subjects=[("account", account.pk), *contacts])


def _mail_both(*, tenant: Tenant, account: User, tie: Tie, at: datetime) -> None:
    """Tell the account and, if it is another, the address on file: what was connected, and what to do if it wasn't them (R-RD-12)."""
    contact = DirectoryContact.objects.for_tenant(tenant).get(pk=tie.addressee_id)
    on_file = contact.email if contact.email_usable else ""
    addresses = {fold(address): address for address in (on_file, account.email) if address}
    for position, address in enumerate(addresses.values()):
        queue_messages(
            message_of(
                tenant=tenant,
                kind="connected",
                address=address,
                account_id=account.pk,
                contact_id=contact.pk,
                language=account.language or tenant.settings.language,
                params={"link": "not-you/", "connected_at": at.isoformat(), "tie": tie.pk},
                idempotency_key=f"connected:{tie.pk}:{position}",
                at=at,
            )
        )
