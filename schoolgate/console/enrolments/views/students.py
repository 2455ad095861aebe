"""Students: the list, the Student Overview with its tabs, adding and editing."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.console.enrolments.access import access_rows, with_keys
from schoolgate.console.enrolments.forms import StudentForm
from schoolgate.console.enrolments.views.saving import refuse
from schoolgate.console.history import history_of
from schoolgate.console.lists import choice_in, number_in, paged, sort_in, words_in
from schoolgate.enrolments.add_student import add_student
from schoolgate.enrolments.edit_student import edit_student
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import PersonState, Student
from schoolgate.enrolments.queries import (
    contacts_of,
    find_students,
    household_cards,
    households_of_student,
    student_by_id,
    year_levels,
)
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right, requires

SORTS = {"name", "id", "school", "year", "class", "state"}


def reach(request: TenantRequest) -> set[int] | None:
    """The schools whose students this member may see; None for all."""
    return request.rights[Right.ENROLMENTS_READ]


def student_in(request: TenantRequest, student_id: int, right: Right = Right.ENROLMENTS_READ) -> Student:
    """A student within the reach of a right. Raises NotFound."""
    return student_by_id(tenant=request.tenant, student_id=student_id, school_ids=request.rights[right])


def page_of(student: Student, request: TenantRequest, tab: str, **more: Any) -> dict[str, Any]:
    """What every tab of the Student Overview shows."""
    may_edit = Right.ENROLMENTS_EDIT in request.rights
    return {"student": student, "tab": tab, "may_edit": may_edit, "today": timezone.localdate(), **more}


@requires(Right.ENROLMENTS_READ)
@require_safe
def students(request: TenantRequest) -> HttpResponse:
    schools, years = schools_of(request.tenant, only=reach(request)), year_levels(tenant=request.tenant)
    words, school_id = words_in(request), number_in(request, "school")
    year = choice_in(request, "year", years)
    state = choice_in(request, "state", [PersonState.ACTIVE, PersonState.INACTIVE])
    sort = sort_in(request, SORTS)
    rows = find_students(
        tenant=request.tenant,
        words=words,
        school_id=school_id,
        year=year,
        state=state,
        sort=sort,
        school_ids=reach(request),
    )
    context = paged(request, rows) | {
        "sort": sort,
        "words": words,
        "school_id": school_id,
        "year": year,
        "state": state,
        "is_filtered": bool(words or school_id or year or state),
        "schools": schools,
        "years": years,
        "may_edit": Right.ENROLMENTS_EDIT in request.rights,
    }
    template = "console/enrolments/_students.html" if request.htmx else "console/enrolments/students.html"
    return render(request, template, context)


@requires(Right.ENROLMENTS_READ)
@require_safe
def student(request: TenantRequest, student_id: int) -> HttpResponse:
    """Student Overview: who this is, and where they live."""
    found = student_in(request, student_id)
    homes = household_cards(tenant=request.tenant, households=households_of_student(found), school_ids=reach(request))
    return render(request, "console/enrolments/student.html", page_of(found, request, "overview", homes=homes))


@requires(Right.ENROLMENTS_READ)
@require_safe
def student_history(request: TenantRequest, student_id: int) -> HttpResponse:
    found = student_in(request, student_id)
    entries = history_of(request, "student", found.pk)
    return render(request, "console/enrolments/student_history.html", page_of(found, request, "history", **entries))


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def student_add(request: TenantRequest) -> HttpResponse:
    schools = schools_of(request.tenant, only=request.rights[Right.ENROLMENTS_EDIT])
    form = StudentForm(request.POST or None, schools=schools)
    if form.is_valid():
        try:
            made = add_student(tenant=request.tenant, fields=form.fields_given(), by=request.actor, at=timezone.now())
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request,
                _("%(name)s was added. Families see nothing of it before the next Data Sync.")
                % {"name": made.shown_name},
            )
            return redirect("console:enrolments:student_contacts", request.tenant.code, made.pk)
    return render(request, "console/enrolments/student_form.html", {"form": form}, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def student_edit(request: TenantRequest, student_id: int) -> HttpResponse:
    found = student_in(request, student_id, Right.ENROLMENTS_EDIT)
    schools = schools_of(request.tenant, only=request.rights[Right.ENROLMENTS_EDIT])
    if request.POST:
        form = StudentForm(request.POST, schools=schools, now=found)
    else:
        form = StudentForm.of(found, schools=schools, now=found)
    if form.is_valid():
        try:
            changed = edit_student(
                student=found,
                fields=form.fields_given(),
                base_no=form.cleaned_data["base_no"] or 0,
                by=request.actor,
                at=timezone.now(),
            )
        except EnrolmentRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request,
                _("Saved. It is published with the next Data Sync.") if changed else _("Nothing was different."),
            )
            return redirect("console:enrolments:student", request.tenant.code, found.pk)
    context = page_of(found, request, "overview", form=form)
    return render(request, "console/enrolments/student_form.html", context, status=422 if form.errors else 200)


@requires(Right.ENROLMENTS_READ)
@require_safe
def student_contacts(request: TenantRequest, student_id: int) -> HttpResponse:
    """Student Overview › Associated Contacts."""
    found = student_in(request, student_id)
    rows = access_rows(tenant=request.tenant, associations=contacts_of(found), today=timezone.localdate())
    return render(
        request,
        "console/enrolments/student_contacts.html",
        page_of(found, request, "contacts", rows=with_keys(request, rows), sees_keys=Right.KEYS_READ in request.rights),
    )
