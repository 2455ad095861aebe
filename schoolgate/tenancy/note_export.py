"""Note that a list has left the building as a file: who, which list, by which filter, how many rows (R-CK-17, R-AU-01)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def note_export(
    *,
    tenant: Tenant,
    what: str,
    filters: Mapping[str, str],
    rows: int,
    by: Actor,
    at: datetime,
    reason: str = "",
) -> None:
    """Written before the first row is sent. filters: as in the address; words searched for are told as such, not word by word."""
    told = {name: value if name != "q" else "words" for name, value in filters.items()}
    subjects = [("tenant", tenant.pk)]
    detail = {"filters": told, "rows": rows}
    record(f"{what}.exported", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail=detail, reason=reason)
