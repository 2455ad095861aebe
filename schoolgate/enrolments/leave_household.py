"""Take a student or a contact out of a household (R-PA-06)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Association, Basis, HouseholdMember
from schoolgate.enrolments.shared_households import end_or_move, shared_households


@transaction.atomic(durable=True)
def leave_household(
    *, member: HouseholdMember, by: Actor, at: datetime, school_ids: Collection[int] | None = None
) -> int:
    """End the membership; associations whose only basis it was end with it, flag off, pending. How many ended.

    A pair that shares another household, or is associated besides, stays with its flag. school_ids: the schools whose students
    the person may act on, None for all. Raises EnrolmentRefused where another school's student would lose the contact.
    """
    tenant = member.tenant
    changed_no = tick(tenant=tenant)
    HouseholdMember.objects.filter(pk=member.pk, ended_at=None).update(ended_at=at, changed_no=changed_no)
    side = {"student_id": member.student_id} if member.student_id else {"contact_id": member.contact_id}
    by_household = list(
        Association.objects.for_tenant(tenant)
        .standing()
        .filter(basis=Basis.HOUSEHOLD, household_id=member.household_id, **side)
        .select_related("student")
    )
    if school_ids is not None and any(not row.student.is_at(school_ids) for row in by_household):
        raise EnrolmentRefused(
            "A student of another school belongs to this contact by the household.",
            fix="Ask somebody who works for that school too.",
            code="enrolment.other_school",
        )
    shared = shared_households(tenant=tenant, pairs=[(row.student_id, row.contact_id) for row in by_household])
    end_or_move(by_household, shared=shared, by=by, at=at, changed_no=changed_no)
    ended = [row for row in by_household if row.ended_at is not None]
    kind = "student" if member.student_id else "contact"
    about = [("household", member.household_id), (kind, member.student_id or member.contact_id or 0)]
    record("household.left", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"associations": len(ended)})
    return len(ended)
