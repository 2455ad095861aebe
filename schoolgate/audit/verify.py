"""Prove that a tenant's audit is whole: nothing changed, removed, inserted or put in another order."""

from dataclasses import dataclass
from itertools import groupby

from schoolgate.audit.models import AuditEntry, AuditHead, AuditSubject
from schoolgate.audit.record import hash_of


@dataclass(frozen=True)
class Verdict:
    """rows: entries read. first_bad: the seq of the first entry that can't stand as it is, None when all do."""

    rows: int
    first_bad: int | None

    @property
    def ok(self) -> bool:
        return self.first_bad is None


def verify_audit(*, tenant_id: int) -> Verdict:
    """Walk the chain from its first entry to its head; streams, so that a long audit needs no memory."""
    head = AuditHead.objects.filter(tenant_id=tenant_id).first()
    subject_rows = (
        AuditSubject.objects.filter(tenant_id=tenant_id)
        .order_by("entry__seq", "pk")
        .values_list("entry__seq", "kind", "subject_id")
    )
    subjects_by_seq = groupby(subject_rows.iterator(), key=lambda row: row[0])
    pending = next(subjects_by_seq, None)
    rows, previous, expected, first_bad = 0, "", 1, None
    for entry in AuditEntry.objects.filter(tenant_id=tenant_id).order_by("seq").iterator(chunk_size=2000):
        rows += 1
        indexed: list[list[object]] = []
        if pending is not None and pending[0] == entry.seq:
            indexed = [[kind, id_] for _, kind, id_ in pending[1]]
            pending = next(subjects_by_seq, None)
        sound = (
            entry.seq == expected
            and entry.prev_hash == previous
            and entry.hash == hash_of(entry)
            and indexed == entry.subjects
        )
        if first_bad is None and not sound:
            first_bad = min(entry.seq, expected) if entry.seq >= 1 else expected
        previous, expected = entry.hash, entry.seq + 1
    ends_at = (head.seq, head.hash) if head else (0, "")
    if first_bad is None and (ends_at != (expected - 1, previous) or pending is not None):
        first_bad = expected
    return Verdict(rows=rows, first_bad=first_bad)
