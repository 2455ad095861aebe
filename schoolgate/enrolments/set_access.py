"""Turn Has Portal Access (Receives Portal Access) on or off: pending until a Data Sync (R-PA-01, R-PA-03)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused, Restricted
from schoolgate.enrolments.flags import write_flags
from schoolgate.enrolments.models import Association, How, Restriction
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class AccessSaved:
    """What differs from before: the associations turned on and off."""

    turned_on: list[Association]
    turned_off: list[Association]

    @property
    def count(self) -> int:
        return len(self.turned_on) + len(self.turned_off)


@transaction.atomic(durable=True)
def set_access(
    *,
    tenant: Tenant,
    wanted: Mapping[int, bool],
    by: Actor,
    at: datetime,
    school_ids: Collection[int] | None = None,
) -> AccessSaved:
    """Save these flags, association id to on or off; all or none. Families see nothing of it before a sync.

    school_ids: the schools whose students the person may act on, None for all. Raises EnrolmentRefused for an association
    that isn't there, Restricted for a flag against a restriction (R-PA-05): then nothing is saved.
    """
    changed_no = tick(tenant=tenant)
    rows = (
        Association.objects.for_tenant(tenant)
        .standing()
        .at_schools(school_ids)
        .select_related("student", "contact")
        .in_bulk(list(wanted))
    )
    if len(rows) != len(wanted):
        raise EnrolmentRefused(
            "One of these contacts no longer belongs to this student.",
            fix="Load the page again.",
            code="enrolment.no_association",
        )
    differing = [row for row in rows.values() if row.receives_portal_access != wanted[row.pk]]
    saved = AccessSaved(
        turned_on=[row for row in differing if wanted[row.pk]],
        turned_off=[row for row in differing if not wanted[row.pk]],
    )
    _refuse_restricted(saved.turned_on, tenant=tenant, at=at)
    for on, changed in ((True, saved.turned_on), (False, saved.turned_off)):
        ids = [row.pk for row in changed]
        write_flags(tenant=tenant, association_ids=ids, on=on, how=How.HAND, by=by, at=at, changed_no=changed_no)
    if differing:
        people = {("student", row.student_id) for row in differing} | {("contact", row.contact_id) for row in differing}
        pairs = [{"student": row.student_id, "contact": row.contact_id, "on": wanted[row.pk]} for row in differing]
        record("access.saved", tenant_id=tenant.pk, by=by, at=at, subjects=sorted(people), detail={"pairs": pairs})
    return saved


def _refuse_restricted(associations: Collection[Association], *, tenant: Tenant, at: datetime) -> None:
    today = day_of(tenant, at)
    closed = set(
        Restriction.objects.for_tenant(tenant)
        .closing(today=today)
        .filter(contact_id__in={row.contact_id for row in associations})
        .values_list("student_id", "contact_id")
    )
    if any((row.student_id, row.contact_id) in closed for row in associations):
        raise Restricted(
            "A restriction keeps this contact from this student. Nothing was saved.",
            fix="Lift the restriction first, or leave the switch off.",
        )
