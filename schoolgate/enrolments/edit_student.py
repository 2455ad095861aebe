"""Change a student by hand."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.edit import write_edit
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Student
from schoolgate.enrolments.people import StudentFields, columns_of


@transaction.atomic(durable=True)
def edit_student(*, student: Student, fields: StudentFields, base_no: int, by: Actor, at: datetime) -> list[str]:
    """The names of the columns that changed; pending until a Data Sync. base_no: see write_edit.

    The audit names the columns, never their values (R-AU-03). Raises ChangedMeanwhile and EnrolmentRefused.
    """
    columns = columns_of(fields)
    changed_no = tick(tenant=student.tenant)
    others = Student.objects.for_tenant(student.tenant).filter(student_no=columns["student_no"]).exclude(pk=student.pk)
    if columns["student_no"] != student.student_no and others.exists():
        raise EnrolmentRefused("There is already a student with this ID.", field="student_no")
    changed = write_edit(student, columns, base_no=base_no, by=by, at=at, changed_no=changed_no)
    if changed:
        detail: dict[str, object] = {"fields": changed}
        if "state" in changed:
            detail |= {"before": {"state": student.state}, "after": {"state": columns["state"]}}
        about = [("student", student.pk)]
        record("student.edited", tenant_id=student.tenant_id, by=by, at=at, subjects=about, detail=detail)
    return changed
