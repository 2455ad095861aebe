"""Generate Parent Registration Keys: say which group of students (R-GP-01)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.parent_access_administration.by_school.reach import my_schools
from schoolgate.console.parent_access_administration.by_school.runs import last_runs
from schoolgate.console.parent_access_administration.parent_groups.forms import FilterForm, ListForm
from schoolgate.console.parent_access_administration.registration_keys.ticks import LIST_NAME, apply_ticks
from schoolgate.jobs.selection import selected_ids, selection_of
from schoolgate.keys.group_queries import kept_groups
from schoolgate.keys.keep_group import GroupRefused, add_filter_group, add_list_group, add_ticked_group
from schoolgate.keys.run_choices import classes_of, years_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires

PAGE = "parent_groups"


def own_of(request: TenantRequest) -> int | None:
    """Whose groups a member sees: all, with a role for all schools; else their own."""
    return None if request.rights[Right.KEYS_ACT] is None else request.user.pk


def filter_form(request: TenantRequest, *args: Any) -> FilterForm:  # Any: handed on as they are.
    """Query: with the choices of the member's schools."""
    schools = my_schools(request)
    ids = [school.pk for school in schools]
    tenant = request.tenant
    years, classes = years_of(tenant=tenant, school_ids=ids), classes_of(tenant=tenant, school_ids=ids)
    return FilterForm(*args, schools=schools, years=years, classes=classes)


def page_of(
    request: TenantRequest, *, list_form: ListForm | None = None, chosen: FilterForm | None = None
) -> HttpResponse:
    """The page; 422 with a form that was refused."""
    refused = list_form or chosen
    ticked = selection_of(tenant=request.tenant, user=request.user, list_name=LIST_NAME)
    context = {
        "form": refused,
        "list_form": list_form or ListForm(),
        "filter_form": chosen or filter_form(request),
        "ticked": ticked.count,
        "groups": kept_groups(tenant=request.tenant, own_of=own_of(request)),
        "runs": last_runs(request, page=PAGE),
    }
    return render(request, "console/parent_groups/plan.html", context, status=422 if refused else 200)


@requires(Right.KEYS_ACT)
@require_safe
def plan(request: TenantRequest) -> HttpResponse:
    return page_of(request)


@requires(Right.KEYS_ACT)
@require_POST
def add_list(request: TenantRequest) -> HttpResponse:
    """A pasted list, or a file: read here, and checked on the group's page."""
    form = ListForm(request.POST, request.FILES)
    if not form.is_valid():
        return page_of(request, list_form=form)
    group = add_list_group(tenant=request.tenant, entries=form.entries, by=request.actor, at=timezone.now())
    return redirect("console:parent_groups:group", request.tenant.code, group.pk)


@requires(Right.KEYS_ACT)
@require_POST
def add_filter(request: TenantRequest) -> HttpResponse:
    """A school, year or class."""
    form = filter_form(request, request.POST)
    if not form.is_valid():
        return page_of(request, chosen=form)
    chosen = form.cleaned_data
    group = add_filter_group(
        tenant=request.tenant,
        schools=[int(number) for number in chosen.get("schools", ())],
        years=chosen.get("years", ()),
        classes=chosen.get("classes", ()),
        by=request.actor,
        at=timezone.now(),
    )
    return redirect("console:parent_groups:group", request.tenant.code, group.pk)


@requires(Right.KEYS_ACT)
@require_POST
def add_ticked(request: TenantRequest) -> HttpResponse:
    """The rows that the member has ticked in Registration Key Maintenance, as they are now; its form brings those of its page."""
    if "shown" in request.POST:
        apply_ticks(request)
    selection = selection_of(tenant=request.tenant, user=request.user, list_name=LIST_NAME)
    if not selection.count:
        messages.warning(request, _("Nothing is ticked in Registration Key Maintenance."))
        return redirect("console:parent_groups:plan", request.tenant.code)
    ids = list(selected_ids(selection).order_by("row_id"))
    try:
        group = add_ticked_group(tenant=request.tenant, student_ids=ids, by=request.actor, at=timezone.now())
    except GroupRefused as refusal:
        messages.warning(request, refusal.in_full)
        return redirect("console:parent_groups:plan", request.tenant.code)
    return redirect("console:parent_groups:group", request.tenant.code, group.pk)
