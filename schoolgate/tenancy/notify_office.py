"""Put something before the office's eyes; the one writer of OfficeNotice."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from schoolgate.tenancy.models import OfficeNotice, Tenant


def notify_office(
    kind: str,
    *,
    tenant: Tenant,
    at: datetime,
    subjects: Iterable[tuple[str, int]] = (),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Step: raise a notice, unless one of the same kind about the same subjects is still open.

    subjects: (kind, id) of everybody and everything it is about, as in the audit. detail: JSON of ids, counts and codes,
    never a name or a secret.
    """
    about = [[subject_kind, int(subject_id)] for subject_kind, subject_id in subjects]
    if not OfficeNotice.objects.for_tenant(tenant).filter(kind=kind, subjects=about, closed_at=None).exists():
        OfficeNotice.objects.create(tenant=tenant, kind=kind, subjects=about, detail=dict(detail or {}), raised_at=at)
