"""Whom a member may run for: their own schools; the whole district only with a role for all of it (registration-keys §11, R-GS-06)."""

from django.utils.translation import gettext as _

from schoolgate.console.parent_access_administration.by_school.preview import RunPreview
from schoolgate.keys.plan_run import count_active_students
from schoolgate.keys.run_choices import active_schools
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School
from schoolgate.tenancy.roles import Right


def my_schools(request: TenantRequest) -> list[School]:
    """Query: the active schools for which the member may make keys."""
    return active_schools(tenant=request.tenant, school_ids=request.rights[Right.KEYS_ACT])


def is_district_wide(request: TenantRequest, preview: RunPreview) -> bool:
    """Query: is this a run for the whole district, however it was asked for (R-GS-06)?

    It is when it asks for the students of every active school of a tenant that has several; and when it takes in more than
    half of all active students, from more than one school. By the number, since a list, ticked rows, or all schools but one,
    make as many keys as the button that says all; half, since less can be asked for school by school, and a single school
    of whatever size is a run by school.
    """
    every = {school.pk for school in active_schools(tenant=request.tenant, school_ids=None)}
    if len(every) < 2:
        return False
    asked, students = preview.asked, preview.plan.students
    is_narrowed = asked.student_ids is not None or bool(asked.roll_classes)
    if not is_narrowed and (asked.school_ids is None or asked.school_ids >= every):
        return True
    from_several = len({student.school_id for student in students}) > 1
    return from_several and 2 * len(students) > count_active_students(tenant=request.tenant, today=preview.today)


def may_run_district_wide(request: TenantRequest) -> bool:
    return request.rights.get(Right.KEYS_DISTRICT, set()) is None


def require_district_wide(request: TenantRequest) -> None:
    """Raises NotAllowed."""
    if not may_run_district_wide(request):
        raise NotAllowed(
            _("A run for the whole district, or for most of its students, is started by an owner or an administrator.")
        )


def may_print(request: TenantRequest) -> bool:
    """Letters show keys, and many at once need a right of their own (portal-console, Permissions)."""
    return Right.KEYS_SEE in request.rights and Right.KEYS_BULK_PRINT in request.rights


def require_print(request: TenantRequest) -> None:
    """Raises NotAllowed."""
    if not may_print(request):
        raise NotAllowed(_("Letters for many need the rights to see keys and to print in bulk."))
