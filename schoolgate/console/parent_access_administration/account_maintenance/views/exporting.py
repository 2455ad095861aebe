"""Export All and Export Results (R-AM-03)."""

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from schoolgate.accounts.find import Wanted, find_accounts
from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access_administration.account_maintenance.export import LABELS, csv_of
from schoolgate.console.parent_access_administration.account_maintenance.filters import filters_said, read_search
from schoolgate.console.parent_access_administration.account_maintenance.forms import ExportForm
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right, requires


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@requires_fresh
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: TenantRequest) -> HttpResponseBase:
    """With a search in the address exactly its rows, else every account of the member's schools; audited before the first row."""
    now, reach = timezone.now(), request.rights[Right.KEYS_READ]
    address = QueryDict(request.GET.urlencode())
    wanted = read_search(address, schools=schools_of(request.tenant, only=reach)).wanted
    found = find_accounts(tenant=request.tenant, wanted=wanted or Wanted(), school_ids=reach, at=now)
    form = ExportForm(request.POST or None, columns=LABELS)
    if not form.is_valid():
        context = {"form": form, "rows": found.count(), "is_all": wanted is None, "query": address.urlencode()}
        status = 422 if form.errors else 200
        return render(request, "console/account_maintenance/export.html", context, status=status)
    ids = list(found.order_by("username_folded", "pk").values_list("pk", flat=True))
    note_export(
        tenant=request.tenant,
        what="accounts",
        filters=filters_said(address) | {"columns": ",".join(form.cleaned_data["columns"])},
        rows=len(ids),
        reason=form.cleaned_data["reason"],
        by=request.actor,
        at=now,
    )
    pieces = csv_of(
        tenant=request.tenant, account_ids=ids, columns=form.cleaned_data["columns"], school_ids=reach, at=now
    )
    return csv_file(pieces, name=f"accounts-{day_of(request.tenant, now):%Y-%m-%d}")
