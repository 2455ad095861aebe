"""The audit as pages show it: newest first, by person, act, day and object (R-AU-02)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from schoolgate.audit.models import AuditEntry, AuditHead, AuditSubject


@dataclass(frozen=True)
class Area:
    """What of the audit a member may read. acts: beginnings of acts, None for all. own_id: their own acts, always.

    student_ids: a query of ids; when given, an entry must be about one of these students (R-PM-01).
    """

    own_id: int | None = None
    acts: Collection[str] | None = None
    student_ids: Any = None  # A query set of ids, of whichever module knows students.


EVERYTHING = Area()


def find_entries(
    *,
    tenant_id: int,
    area: Area = EVERYTHING,
    actor_id: int | None = None,
    act: str = "",
    subject: tuple[str, int] | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """Entries, newest first. act: an act, or its beginning with a dot ("key."). after and before bound the moment."""
    found = AuditEntry.objects.filter(tenant_id=tenant_id)
    subjects = AuditSubject.objects.filter(tenant_id=tenant_id, entry_id=OuterRef("pk"))
    allowed = Q()
    if area.acts is not None:
        allowed &= _beginning_with(area.acts)
    if area.student_ids is not None:
        allowed &= Q(Exists(subjects.filter(kind="student", subject_id__in=area.student_ids)))
    if allowed:
        found = found.filter(allowed | Q(actor_id=area.own_id, actor_kind="staff") if area.own_id else allowed)
    if actor_id is not None:
        found = found.filter(actor_id=actor_id)
    if act:
        found = found.filter(_beginning_with([act]))
    if subject is not None:
        found = found.filter(Exists(subjects.filter(kind=subject[0], subject_id=subject[1])))
    if after is not None:
        found = found.filter(at__gte=after)
    if before is not None:
        found = found.filter(at__lt=before)
    return found.order_by("-seq")


def _beginning_with(acts: Collection[str]) -> Q:
    found = Q(pk__in=[])
    for act in acts:
        found |= Q(act__startswith=act) if act.endswith(".") else Q(act=act)
    return found


def audit_length(*, tenant_id: int) -> int:
    """How many entries the tenant's chain has."""
    return AuditHead.objects.filter(tenant_id=tenant_id).values_list("seq", flat=True).first() or 0


def newest_seq(*, tenant_id: int, acts: Collection[str]) -> int:
    """The newest entry of these acts; 0 while there is none. Says whether something of the kind has happened since."""
    found = AuditEntry.objects.filter(tenant_id=tenant_id, act__in=acts).aggregate(seq=Max("seq"))
    return found["seq"] or 0


def has_happened(*, tenant_id: int, acts: Collection[str], after_seq: int) -> bool:
    """Is there an entry of these acts after that one? Looks at what is newer and no further; for pages that renew themselves."""
    return AuditEntry.objects.filter(tenant_id=tenant_id, seq__gt=after_seq, act__in=acts).exists()
