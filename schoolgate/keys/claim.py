"""The step behind redemption: prove a key, use it up, tie its subject to an account (R-RD-04, R-RD-05, R-RD-10)."""

from datetime import datetime

from django.db.models import F

from schoolgate.keys.errors import AlreadyTied, KeyEnded, KeyNotAccepted
from schoolgate.keys.keyring import newest_pepper, pepper
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import STUDENT_SELF, parent_kind
from schoolgate.lib.keycode import NO_MAC, KeyCode, proves
from schoolgate.tenancy.models import Tenant, User


def prove_key(*, tenant: Tenant, code: KeyCode, at: datetime) -> AccessKey:
    """Step: the key that this secret proves, ready to be used. Nothing changes: for the pages before the last one.

    The try was counted before (keys/throttle.py). Raises KeyNotAccepted unless the whole secret is proved, one answer
    for every reason (R-RD-05); a proved key that has ended raises KeyEnded, which says why.
    """
    key = _proved(tenant=tenant, code=code)
    if not AccessKey.objects.for_tenant(tenant).live(at=at).filter(pk=key.pk).exists():
        raise KeyEnded(key, tenant=tenant)
    return key


def claim_key(*, tenant: Tenant, code: KeyCode, at: datetime) -> AccessKey:
    """Step: mark a key as used and return it. Runs in the caller's transaction. Raises what `prove_key` raises."""
    key = _proved(tenant=tenant, code=code)
    # The state test is part of the UPDATE: of two racing requests one wins, and no row is locked beforehand.
    claimed = (
        AccessKey.objects.for_tenant(tenant)
        .live(at=at)
        .filter(pk=key.pk)
        .update(state=KeyState.REDEEMED, sealed=None, ended_at=at)
    )
    if claimed != 1:
        key.refresh_from_db()
        raise KeyEnded(key, tenant=tenant)
    key.state, key.sealed, key.ended_at = KeyState.REDEEMED, None, at
    key.tenant = tenant  # Else whoever asks the key for it reads it once more.
    return key


def lock_key(*, key: AccessKey, at: datetime) -> bool:
    """Step: nobody can redeem the key until the office unlocks or replaces it. False when its life has ended meanwhile."""
    live = AccessKey.objects.for_tenant(key.tenant).live(at=at).filter(pk=key.pk)
    return live.update(locked_at=at, lock_count=F("lock_count") + 1) == 1


def make_tie(*, key: AccessKey, account: User, at: datetime) -> Tie:
    """Step: let the account act for the key's subject from now on; older ties stay (R-RD-10, R-CK-14).

    Raises AlreadyTied where the account does so already; the caller's transaction then leaves the key as it was.
    """
    standing = Tie.objects.for_tenant(key.tenant).standing().filter(account=account)
    same = {"subject_kind": key.subject_kind, "subject_id": key.subject_id, "addressee_id": key.addressee_id}
    if standing.filter(**same).exists():
        raise AlreadyTied
    return Tie.objects.create(
        tenant=key.tenant,
        key=key,
        account=account,
        subject_kind=key.subject_kind,
        subject_id=key.subject_id,
        addressee_id=key.addressee_id,
        since=at,
    )


def _proved(*, tenant: Tenant, code: KeyCode) -> AccessKey:
    """The key whose MAC this secret makes. A selector may name dead keys besides a live one; all are compared."""
    # A parent's key of a system that is not in force can't be redeemed, and looks unknown (R-ST-03).
    kinds = [parent_kind(tenant), STUDENT_SELF]
    proved = None
    named = AccessKey.objects.for_tenant(tenant).filter(selector=code.selector, subject_kind__in=kinds)
    keys = list(named.order_by("pk"))
    if not keys:
        proves(code, NO_MAC, tenant_id=tenant.pk, pepper=newest_pepper())  # Takes as long as a wrong secret (R-RD-05).
    for key in keys:
        if proves(code, bytes(key.mac), tenant_id=tenant.pk, pepper=pepper(key.pepper_no)):
            proved = key
    if proved is None:
        raise KeyNotAccepted
    return proved
