"""Open sealed copies: for letters and mails, and, with an audit entry that names each key, for a person's eyes (R-CK-05)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.subject import Subject
from schoolgate.keys.keyring import sealing_key
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import audited, subject_from
from schoolgate.lib.keycode import KeyCode, unseal
from schoolgate.tenancy.models import Tenant

_NAMED_AT_ONCE = 500


@dataclass(frozen=True)
class Revealed:
    """A key in clear, for the hand that asked. Never keep it."""

    key_id: int
    subject: Subject
    code: KeyCode


@transaction.atomic(durable=True)
def reveal_keys(*, tenant: Tenant, subjects: Collection[Subject], by: Actor, at: datetime) -> list[Revealed]:
    """The live keys of these subjects, in clear, in their order. Dead and used keys have no copy any more.

    The caller has asked for the right *see keys* and a fresh sign-in.
    """
    found = _live_keys(tenant=tenant, subjects=subjects, at=at)
    codes = unsealed(key for _, key in found)
    for start in range(0, len(found), _NAMED_AT_ONCE):
        some = found[start : start + _NAMED_AT_ONCE]
        about = [("key", key.pk) for _, key in some] + audited(subject for subject, _ in some)
        record("key.shown", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"keys": len(some)})
    return [Revealed(key.pk, subject, codes[key.pk]) for subject, key in found]


def _live_keys(*, tenant: Tenant, subjects: Collection[Subject], at: datetime) -> list[tuple[Subject, AccessKey]]:
    found: dict[Subject, AccessKey] = {}
    for kind in {subject.kind for subject in subjects}:
        ids = [subject.id for subject in subjects if subject.kind == kind]
        keys = AccessKey.objects.for_tenant(tenant).filter(subject_kind=kind, state=KeyState.LIVE, expires_at__gt=at)
        for key in keys.filter(subject_id__among=ids):
            found[subject_from(kind, key.subject_id, key.addressee_id)] = key
    return [(subject, found[subject]) for subject in dict.fromkeys(subjects) if subject in found]


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
