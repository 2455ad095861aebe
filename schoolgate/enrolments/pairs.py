"""Queries on one student and one contact."""

from datetime import date

from schoolgate.enrolments.models import Association, Restriction
from schoolgate.tenancy.models import Tenant


def association_of_pair(*, tenant: Tenant, student_id: int, contact_id: int) -> Association | None:
    """The one association of the two that stands; None when they don't belong together."""
    pair = {"student_id": student_id, "contact_id": contact_id}
    return Association.objects.for_tenant(tenant).standing().filter(**pair).first()


def is_restricted(*, tenant: Tenant, student_id: int, contact_id: int, today: date) -> bool:
    """Whether a restriction keeps the two apart; one that has ended does so until somebody has reviewed it (R-RX-04)."""
    pair = {"student_id": student_id, "contact_id": contact_id}
    return Restriction.objects.for_tenant(tenant).closing(today=today).filter(**pair).exists()
