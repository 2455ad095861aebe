"""Note that the keys of somebody with a restriction were looked at (registration-keys §11)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def note_opening(*, tenant: Tenant, student_id: int, by: Actor, at: datetime) -> None:
    """One entry for each time that the window is opened; not for its renewing itself."""
    record("keys.opened", tenant_id=tenant.pk, by=by, at=at, subjects=[("student", student_id)])
