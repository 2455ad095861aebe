"""Open sealed copies: for letters and mails, and, with an audit entry that names each key, for a person's eyes (R-CK-05)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.keyring import sealing_key
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.lib.keycode import KeyCode, unseal
from schoolgate.tenancy.models import Tenant

_NAMED_AT_ONCE = 500


@dataclass(frozen=True)
class Revealed:
    """A key in clear, for the hand that asked. Never keep it."""

    key_id: int
    contact_id: int
    code: KeyCode


@transaction.atomic(durable=True)
def reveal_keys(*, tenant: Tenant, contact_ids: Collection[int] | None, by: Actor, at: datetime) -> list[Revealed]:
    """The live keys of these contacts, or of all of them (None), in clear. Dead and used keys have no copy any more.

    The caller has asked for the right *see keys* and a fresh sign-in.
    """
    keys = AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE, expires_at__gt=at).order_by("pk")
    if contact_ids is not None:
        keys = keys.filter(subject_id__among=contact_ids)
    found = list(keys)
    codes = unsealed(found)
    for start in range(0, len(found), _NAMED_AT_ONCE):
        some = found[start : start + _NAMED_AT_ONCE]
        subjects = [("key", key.pk) for key in some] + [("contact", key.subject_id) for key in some]
        record("key.shown", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail={"keys": len(some)})
    return [Revealed(key.pk, key.subject_id, codes[key.pk]) for key in found]


def unsealed(keys: Iterable[AccessKey]) -> dict[int, KeyCode]:
    """Step: {key id: key in clear} of those that still have their sealed copy; whoever calls writes the audit."""
    return {
        key.pk: unseal(
            bytes(key.sealed),
            selector=key.selector,
            tenant_id=key.tenant_id,
            key_id=key.pk,
            pepper_no=key.pepper_no,
            sealing_key=sealing_key(key.sealing_no),
        )
        for key in keys
        if key.sealed is not None
    }
