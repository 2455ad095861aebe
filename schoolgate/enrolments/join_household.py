"""Put a student or a contact into a household; several for one person are allowed (R-PA-10)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Association, Basis, Contact, Household, HouseholdMember, How, Student
from schoolgate.tenancy.at_schools import at_schools


@transaction.atomic(durable=True)
def join_household(
    *,
    household: Household,
    person: Student | Contact,
    by: Actor,
    at: datetime,
    school_ids: Collection[int] | None = None,
) -> HouseholdMember:
    """The person becomes a member, and an association by household is made with each one of the other kind, flags off.

    Pairs that have an association keep it as it is. school_ids: the schools whose students the person may act on, None for
    all. Raises EnrolmentRefused for a member already there, and for a contact who would belong to another school's student.
    """
    tenant = household.tenant
    changed_no = tick(tenant=tenant)
    who = {"student": person} if isinstance(person, Student) else {"contact": person}
    member = HouseholdMember.objects.for_tenant(tenant).filter(household=household, **who).first()
    if member is not None and member.ended_at is None:
        raise EnrolmentRefused("This person is in the household already.", field="person")
    if member is None:
        member = HouseholdMember(tenant=tenant, household=household, **who)
    if isinstance(person, Contact) and school_ids is not None:
        _refuse_other_schools(household, school_ids)
    member.ended_at, member.changed_no = None, changed_no
    member.save()
    made = _associate_with_members(household, person, by=by, at=at, changed_no=changed_no)
    kind = "student" if isinstance(person, Student) else "contact"
    about = [("household", household.pk), (kind, person.pk)]
    record("household.joined", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"associations": made})
    return member


def _refuse_other_schools(household: Household, school_ids: Collection[int]) -> None:
    students = HouseholdMember.objects.for_tenant(household.tenant).filter(household=household, ended_at=None)
    if students.exclude(student=None).exclude(at_schools(school_ids, of="student__")).exists():
        raise EnrolmentRefused(
            "A student of another school lives in this household.",
            fix="Ask somebody who works for that school too.",
            code="enrolment.other_school",
        )


def _associate_with_members(
    household: Household, person: Student | Contact, *, by: Actor, at: datetime, changed_no: int
) -> int:
    """Step: an association for each member of the other kind that has none; how many were made or begun anew."""
    members = HouseholdMember.objects.for_tenant(household.tenant).filter(household=household, ended_at=None)
    if isinstance(person, Student):
        pairs = [(person.pk, id_) for id_ in members.exclude(contact=None).values_list("contact_id", flat=True)]
    else:
        pairs = [(id_, person.pk) for id_ in members.exclude(student=None).values_list("student_id", flat=True)]
    if not pairs:
        return 0
    side = {"student": person} if isinstance(person, Student) else {"contact": person}
    known = {
        (row.student_id, row.contact_id): row for row in Association.objects.for_tenant(household.tenant).filter(**side)
    }
    stamp = {
        "basis": Basis.HOUSEHOLD,
        "household": household,
        "receives_portal_access": False,
        "flag_how": How.HAND,
        "flag_at": at,
        "flag_by_id": by.user_id,
        "changed_no": changed_no,
        "changed_at": at,
        "changed_how": How.HAND,
        "changed_by_id": by.user_id,
    }
    new = [pair for pair in pairs if pair not in known]
    again = [known[pair].pk for pair in pairs if pair in known and known[pair].ended_at is not None]
    Association.objects.bulk_create(
        Association(tenant=household.tenant, source=OFFICE, student_id=student_id, contact_id=contact_id, **stamp)
        for student_id, contact_id in new
    )
    Association.objects.for_tenant(household.tenant).filter(pk__in=again).update(ended_at=None, **stamp)
    return len(new) + len(again)
