"""Take the tie of a contact with a student away (R-PA-06)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Association, Basis
from schoolgate.enrolments.shared_households import end_or_move, shared_households


@transaction.atomic(durable=True)
def end_association(*, association: Association, by: Actor, at: datetime) -> Association:
    """End it, flag off, as a pending change; where the two share a household, that basis and the flag stay (R-PA-06).

    Raises EnrolmentRefused for one whose only basis is the household: somebody has to leave that.
    """
    tenant = association.tenant
    changed_no = tick(tenant=tenant)
    association.refresh_from_db()
    if association.ended_at is not None:
        return association
    shared = shared_households(tenant=tenant, pairs=[(association.student_id, association.contact_id)])
    if association.basis == Basis.HOUSEHOLD and shared:
        raise EnrolmentRefused(
            "They belong together by their household.",
            fix="Take the student or the contact out of the household.",
            code="enrolment.by_household",
        )
    end_or_move([association], shared=shared, by=by, at=at, changed_no=changed_no)
    about = [("student", association.student_id), ("contact", association.contact_id)]
    record(
        "association.ended", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"household_stays": bool(shared)}
    )
    return association
