"""ParentAccess Administration › Dashboard: how far the families have come; each number opens the list behind it."""

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.lists import SIZES, paged
from schoolgate.console.parent_access_administration.dashboard.asked import chips_of, read_parents, read_students
from schoolgate.console.parent_access_administration.dashboard.export import (
    Exported,
    parents_exported,
    students_exported,
    table_exported,
)
from schoolgate.console.parent_access_administration.dashboard.hand_over import select_in_contact_keys
from schoolgate.console.parent_access_administration.dashboard.page import (
    dashboard_for,
    reach_of,
    rights_on_page,
    schools_seen,
    size_in,
)
from schoolgate.console.parent_access_administration.dashboard.people import (
    Parents,
    page_of,
    student_rows,
    students_of,
)
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem, School
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_safe
def home(request: TenantRequest) -> HttpResponse:
    """Coverage by school, year level and language, and who is not registered, by reason."""
    dashboard = dashboard_for(request, at=timezone.now())
    return render(request, "console/dashboard/home.html", {"dashboard": dashboard} | rights_on_page(request))


@requires(Right.KEYS_READ)
@require_safe
def students(request: TenantRequest) -> HttpResponse:
    """The students that a number counts."""
    reach = reach_of(request, at=timezone.now())
    asked = read_students(request.GET, _by_number(reach))
    context = paged(request, students_of(reach, asked))
    context["rows"] = student_rows(reach, context["page"].object_list)
    context |= {"chips": chips_of(asked, request.GET), "query": request.GET.urlencode()}
    return render(request, "console/dashboard/students.html", context | rights_on_page(request))


@requires(Right.KEYS_READ)
@require_safe
def parents(request: TenantRequest) -> HttpResponse:
    """The parents that a number counts."""
    reach = reach_of(request, at=timezone.now())
    asked, size = read_parents(request.GET, _by_number(reach)), size_in(request)
    page = page_of(Parents(reach, asked), number=request.GET.get("page"), size=size)
    system = KeySystem(request.tenant.settings.key_system)
    context = {"page": page, "size": size, "sizes": SIZES, "query": request.GET.urlencode(), "system": system.value}
    context |= {"chips": chips_of(asked, request.GET)}
    return render(request, "console/dashboard/parents.html", context | rights_on_page(request))


@requires(Right.KEYS_ACT)
@require_POST
def select(request: TenantRequest) -> HttpResponse:
    """Tick exactly the listed parents on the Contact Keys page, where they can be acted on (C-04)."""
    if request.tenant.settings.key_system != KeySystem.CONTACT:
        raise NotFound
    reach = reach_of(request, at=timezone.now())
    asked = read_parents(QueryDict(request.POST.get("address", "")), _by_number(reach))
    select_in_contact_keys(request, Parents(reach, asked))
    return redirect("console:contact_keys:list", request.tenant.code)


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@requires_fresh
@require_POST
def export(request: TenantRequest) -> HttpResponseBase:
    """A table of the page, or a list behind it; audited with the filter and the number of rows."""
    now = timezone.now()
    reach = reach_of(request, at=now)
    what, address = request.POST.get("what", ""), QueryDict(request.POST.get("address", ""))
    found = _exported(request, reach, what, address)
    filters = {"list": what, **found.filters}
    note_export(tenant=request.tenant, what="keys", filters=filters, rows=found.rows, by=request.actor, at=now)
    return csv_file(found.pieces, name=f"dashboard-{what}-{reach.today:%Y-%m-%d}")


def _exported(request: TenantRequest, reach: Reach, what: str, address: QueryDict) -> Exported:
    if what == "students":
        return students_exported(reach, read_students(address, _by_number(reach)))
    if what == "parents":
        return parents_exported(reach, read_parents(address, _by_number(reach)))
    for table in dashboard_for(request, at=reach.at).tables:
        if table.name == what:
            return table_exported(table)
    raise NotFound


def _by_number(reach: Reach) -> dict[int, School]:
    return {school.number: school for school in schools_seen(reach)}
