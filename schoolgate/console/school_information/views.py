"""School Information › School Campuses: the school codes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from schoolgate.console.school_information.forms import EditSchoolForm, SchoolForm
from schoolgate.enrolments.queries import student_counts
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.queries import school_by_id, schools_of
from schoolgate.tenancy.roles import Right, requires
from schoolgate.tenancy.save_school import SchoolRefused, add_school, edit_school


@requires(Right.HOME_READ)
@require_safe
def campuses(request: TenantRequest) -> HttpResponse:
    schools = schools_of(request.tenant, only=request.rights[Right.HOME_READ])
    counts = student_counts(tenant=request.tenant)
    context = {
        "rows": [(school, counts.get(school.pk, 0)) for school in schools],
        "may_edit": request.rights.get(Right.SETTINGS_EDIT, set()) is None,
    }
    return render(request, "console/school_information/campuses.html", context)


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_http_methods(["GET", "HEAD", "POST"])
def campus_add(request: TenantRequest) -> HttpResponse:
    form = SchoolForm(request.POST or None)
    if form.is_valid():
        try:
            add_school(tenant=request.tenant, **form.cleaned_data, by=request.actor, at=timezone.now())
        except SchoolRefused as refusal:
            form.add_error("number", refusal.in_full)
        else:
            messages.success(request, _("The campus was added."))
            return redirect("console:school_information:campuses", request.tenant.code)
    return render(
        request, "console/school_information/campus_form.html", {"form": form}, status=422 if form.errors else 200
    )


@requires(Right.SETTINGS_EDIT, for_all_schools=True)
@require_http_methods(["GET", "HEAD", "POST"])
def campus_edit(request: TenantRequest, school_id: int) -> HttpResponse:
    school = school_by_id(tenant=request.tenant, school_id=school_id)
    form = EditSchoolForm(request.POST) if request.POST else EditSchoolForm.of(school)
    if form.is_valid():
        try:
            edit_school(school=school, **form.cleaned_data, by=request.actor, at=timezone.now())
        except SchoolRefused as refusal:
            form.add_error("number", refusal.in_full)
        else:
            messages.success(request, _("Saved."))
            return redirect("console:school_information:campuses", request.tenant.code)
    context = {"form": form, "school": school}
    return render(request, "console/school_information/campus_form.html", context, status=422 if form.errors else 200)
