"""Tie a contact to a student (R-PA-02)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.errors import EnrolmentRefused, Restricted
from schoolgate.enrolments.models import Association, Basis, Contact, How, Restriction, Student
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True, kw_only=True)
class NewAssociation:
    """How a contact belongs to a student. access: Has Portal Access, pending until a Data Sync."""

    student_id: int
    relationship: str = ""
    order: int | None = None
    access: bool = False
    lives_with: bool | None = None
    is_emergency: bool | None = None
    is_legal_guardian: bool | None = None


@transaction.atomic(durable=True)
def associate_contact(*, contact: Contact, new: NewAssociation, by: Actor, at: datetime) -> Association:
    """Make a contact an Associated Contact of a student. Raises EnrolmentRefused, Restricted."""
    tenant = contact.tenant
    changed_no = tick(tenant=tenant)
    made = make_association(tenant=tenant, contact=contact, new=new, by=by, at=at, changed_no=changed_no)
    about = [("student", made.student_id), ("contact", contact.pk)]
    detail = {"access": made.receives_portal_access}
    record("association.made", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail=detail)
    return made


def make_association(
    *, tenant: Tenant, contact: Contact, new: NewAssociation, by: Actor, at: datetime, changed_no: int
) -> Association:
    """Step: the pair's one association; one that had ended begins anew, with the flag as given now.

    Raises EnrolmentRefused where there is one already or no such student, Restricted for a flag against a restriction.
    """
    student = Student.objects.for_tenant(tenant).filter(pk=new.student_id).first()
    if student is None:
        raise EnrolmentRefused("There is no such student.", code="enrolment.unknown")
    pair = {"student_id": student.pk, "contact_id": contact.pk}
    if new.access and Restriction.objects.for_tenant(tenant).closing(today=day_of(tenant, at)).filter(**pair).exists():
        raise Restricted(
            "This contact is restricted from this student. Add them without portal access.", field="access"
        )
    columns: dict[str, Any] = {
        "source": OFFICE,  # Also of one that a roster had made and ended: its next import doesn't end what a person made.
        "relationship": new.relationship.strip(),
        "order": new.order,
        "receives_portal_access": new.access,
        "flag_how": How.HAND,
        "flag_at": at,
        "flag_by_id": by.user_id,
        "lives_with": new.lives_with,
        "is_emergency": new.is_emergency,
        "is_legal_guardian": new.is_legal_guardian,
        "basis": Basis.ASSOCIATED,
        "household_id": None,
        "starts_on": None,
        "ends_on": None,
        "ended_at": None,
        "changed_no": changed_no,
        "changed_at": at,
        "changed_how": How.HAND,
        "changed_by_id": by.user_id,
    }
    known = Association.objects.for_tenant(tenant).filter(**pair).first()
    if known is None:
        made: Association = Association.objects.create(tenant=tenant, **pair, **columns)
        return made
    if known.ended_at is None:
        raise EnrolmentRefused(
            "This contact already belongs to this student.", code="enrolment.associated", field="contact"
        )
    Association.objects.filter(pk=known.pk).update(**columns)
    known.refresh_from_db()
    return known
