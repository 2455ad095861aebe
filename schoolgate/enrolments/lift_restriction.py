"""End a restriction by a person's decision, or review one that its date has ended. Neither opens anything (R-RX-04)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.change_restriction import subjects_of
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.flags import write_flags
from schoolgate.enrolments.models import Association, How, Restriction
from schoolgate.tenancy.dates import day_of


@transaction.atomic(durable=True)
def lift_restriction(*, restriction: Restriction, reason: str, by: Actor, at: datetime) -> None:
    """The bar goes with the next Data Sync; Has Portal Access stays off until somebody turns it on. Raises EnrolmentRefused."""
    if not reason.strip():
        raise EnrolmentRefused("Say why the restriction is lifted.", field="reason")
    _close(restriction, {"lifted_at": at, "lifted_by_id": by.user_id, "lift_reason": reason.strip()}, by=by, at=at)
    about = subjects_of(restriction)
    record("restriction.lifted", tenant_id=restriction.tenant_id, by=by, at=at, subjects=about, reason=reason.strip())


@transaction.atomic(durable=True)
def review_restriction(*, restriction: Restriction, by: Actor, at: datetime) -> None:
    """Somebody has looked at a pair whose restriction has ended by its date. Raises EnrolmentRefused for one still in force."""
    today = day_of(restriction.tenant, at)
    if restriction.ends_on is None or restriction.ends_on >= today:
        raise EnrolmentRefused("This restriction is still in force.", fix="Lift it, with a reason.")
    _close(restriction, {}, by=by, at=at)
    about = subjects_of(restriction)
    record("restriction.reviewed", tenant_id=restriction.tenant_id, by=by, at=at, subjects=about)


def _close(restriction: Restriction, columns: dict[str, object], *, by: Actor, at: datetime) -> None:
    """Step: the restriction bars no more, and the pair's flag is off: the two are published together, or neither."""
    tenant = restriction.tenant
    changed_no = tick(tenant=tenant)
    open_one = Restriction.objects.filter(pk=restriction.pk, lifted_at=None, reviewed_at=None)
    if not open_one.update(reviewed_at=at, changed_no=changed_no, **columns):
        raise EnrolmentRefused("This restriction has been lifted or reviewed meanwhile.")
    pair = Association.objects.for_tenant(tenant).filter(
        student_id=restriction.student_id, contact_id=restriction.contact_id
    )
    ids = list(pair.values_list("pk", flat=True))
    write_flags(tenant=tenant, association_ids=ids, on=False, how=How.HAND, by=by, at=at, changed_no=changed_no)
