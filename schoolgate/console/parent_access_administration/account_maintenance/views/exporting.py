"""Export All and Export Results (R-AM-03): a job makes the list, and the member who asked for it has a day to download it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from schoolgate.accounts.find import Wanted, find_accounts
from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.job_panel import panel_of
from schoolgate.console.parent_access_administration.account_maintenance.export import (
    EXPORT,
    LABELS,
    headings_of,
    own_list,
    own_lists,
)
from schoolgate.console.parent_access_administration.account_maintenance.filters import filters_said, read_search
from schoolgate.console.parent_access_administration.account_maintenance.forms import ExportForm
from schoolgate.jobs.lists import delete_list, kept_until, rows_of_list, start_list
from schoolgate.jobs.models import Job
from schoolgate.lib.csvfile import csv_bytes
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right, requires


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: TenantRequest) -> HttpResponse:
    """With a search in the address exactly its rows, else every account of the member's schools."""
    now, reach, member = timezone.now(), request.rights[Right.KEYS_READ], request.user.pk
    address = QueryDict(request.GET.urlencode())
    wanted = read_search(address, schools=schools_of(request.tenant, only=reach)).wanted
    found = find_accounts(tenant=request.tenant, wanted=wanted or Wanted(), school_ids=reach, at=now)
    form = ExportForm(request.POST or None, columns=LABELS)
    if not form.is_valid():
        context = {"form": form, "rows": found.count(), "is_all": wanted is None, "query": address.urlencode()}
        lists = own_lists(tenant=request.tenant, member_id=member, school_ids=reach, at=now)
        context["lists"] = [(job, kept_until(job, at=now)) for job in lists]
        status = 422 if form.errors else 200
        return render(request, "console/account_maintenance/export.html", context, status=status)
    columns = form.cleaned_data["columns"]
    options = {
        "columns": columns,
        "school_ids": None if reach is None else sorted(reach),
        "language": get_language(),
        "filters": filters_said(address) | {"columns": ",".join(columns)},
        "reason": form.cleaned_data["reason"],
    }
    ids = list(found.order_by("username_folded", "pk").values_list("pk", flat=True))
    job = start_list(tenant=request.tenant, kind=EXPORT.name, ids=ids, options=options, by=request.actor, at=now)
    return redirect("console:account_maintenance:list", request.tenant.code, job.pk)


def _list_in(request: TenantRequest, job_id: int) -> Job:
    """The member's own list. Raises NotFound for any other, and for one with accounts beyond their schools of today."""
    reach = request.rights[Right.KEYS_READ]
    return own_list(tenant=request.tenant, job_id=job_id, member_id=request.user.pk, school_ids=reach)


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@require_safe
def made_list(request: TenantRequest, job_id: int) -> HttpResponse:
    """The list: under way, there to be downloaded, or gone. Asked for by itself while its job works."""
    job, now = _list_in(request, job_id), timezone.now()
    context: dict[str, Any] = {"panel": panel_of(request, job, at=now), "job": job, "until": kept_until(job, at=now)}
    context["rows"] = job.result.get("rows", 0)
    part = "_made_list.html" if request.htmx else "list.html"
    return render(request, f"console/account_maintenance/{part}", context)


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@requires_fresh
@require_POST
def download(request: TenantRequest, job_id: int) -> HttpResponseBase:
    """The file, as often as it is wanted within its day; each time is in the audit before the first row is sent."""
    job, now = _list_in(request, job_id), timezone.now()
    if kept_until(job, at=now) is None:
        raise NotFound
    rows, said = job.result["rows"], {"job": str(job.pk), **job.options["filters"]}
    reason = job.options["reason"]
    note_export(
        tenant=request.tenant, what="accounts", filters=said, rows=rows, reason=reason, by=request.actor, at=now
    )
    name = f"accounts-{day_of(request.tenant, job.created_at):%Y-%m-%d}"
    return csv_file(csv_bytes(headings_of(job), rows_of_list(job)), name=name)


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@require_POST
def delete(request: TenantRequest, job_id: int) -> HttpResponse:
    """The list isn't needed any more."""
    delete_list(job=_list_in(request, job_id), by=request.actor, at=timezone.now())
    messages.success(request, _("The list is deleted."))
    return redirect("console:account_maintenance:search", request.tenant.code)
