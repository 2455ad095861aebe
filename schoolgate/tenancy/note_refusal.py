"""That somebody was refused an act is itself an entry (R-PM-03, R-AU-01)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def note_refusal(*, tenant: Tenant, page: str, code: str, by: Actor, at: datetime) -> None:
    """page: the name of the address; code: the refusal's own. Never what was posted."""
    record("act.refused", tenant_id=tenant.pk, by=by, at=at, detail={"page": page, "code": code})
