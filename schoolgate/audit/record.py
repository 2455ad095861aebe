"""Write one entry of the audit, in the caller's transaction."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from schoolgate.audit.actor import Actor
from schoolgate.audit.models import AuditEntry, AuditHead, AuditSubject


def record(
    act: str,
    *,
    tenant_id: int,
    by: Actor,
    at: datetime,
    subjects: Iterable[tuple[str, int]] = (),
    detail: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Step: append an act to the tenant's chain. Call it last: it holds the chain's lock until the commit.

    subjects: (kind, id) of everybody and everything the act is about. detail: JSON of before, after, counts;
    ids and codes only, never a secret or a name (R-AU-03).
    """
    head = AuditHead.objects.select_for_update().get(tenant_id=tenant_id)
    about = [(kind, int(subject_id)) for kind, subject_id in subjects]
    entry = AuditEntry(
        tenant_id=tenant_id,
        seq=head.seq + 1,
        at=at.astimezone(UTC),
        act=act,
        actor_kind=by.kind.value,
        actor_id=by.user_id,
        via=by.via,
        source=by.source,
        subjects=[list(subject) for subject in about],  # As it will read back from JSON.
        detail=json.loads(json.dumps(dict(detail or {}), default=str)),  # As it will read back, so that the hash holds.
        reason=reason,
        prev_hash=head.hash,
    )
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    AuditSubject.objects.bulk_create(
        AuditSubject(tenant_id=tenant_id, entry=entry, kind=kind, subject_id=id_) for kind, id_ in about
    )
    AuditHead.objects.filter(tenant_id=tenant_id).update(seq=entry.seq, hash=entry.hash)
    return entry


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 over every column in a fixed form, the hash before included: what the chain is made of."""
    content = [
        entry.tenant_id,
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.act,
        entry.actor_kind,
        entry.actor_id,
        entry.via,
        entry.source,
        entry.subjects,
        entry.detail,
        entry.reason,
        entry.prev_hash,
    ]
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
