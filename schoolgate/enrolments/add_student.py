"""Add a student by hand."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import How, Student
from schoolgate.enrolments.people import StudentFields, columns_of
from schoolgate.tenancy.models import Tenant


@transaction.atomic(durable=True)
def add_student(*, tenant: Tenant, fields: StudentFields, by: Actor, at: datetime) -> Student:
    """A student of source "office", whose id is the student id given. Raises EnrolmentRefused."""
    columns = columns_of(fields)
    changed_no = tick(tenant=tenant)
    if Student.objects.for_tenant(tenant).filter(student_no=columns["student_no"]).exists():
        raise EnrolmentRefused("There is already a student with this ID.", field="student_no")
    student = Student.objects.create(
        tenant=tenant,
        source=OFFICE,
        source_id=columns["student_no"],
        changed_no=changed_no,
        changed_at=at,
        changed_how=How.HAND,
        changed_by_id=by.user_id,
        **columns,
    )
    record("student.added", tenant_id=tenant.pk, by=by, at=at, subjects=[("student", student.pk)])
    return student
