"""Download list: the rows of the list as CSV (R-CK-17)."""

from django.http import HttpResponseBase, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from schoolgate.console.downloads import csv_file
from schoolgate.console.fresh import requires_fresh
from schoolgate.console.parent_access.key_pages.export import csv_of, filters_said, ids_to_export
from schoolgate.console.parent_access.key_pages.filters import read_view
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.note_export import note_export
from schoolgate.tenancy.roles import Right, requires


@requires(Right.EXPORT)
@requires(Right.KEYS_READ)
@requires_fresh
@require_POST
def export(request: TenantRequest) -> HttpResponseBase:
    """All rows that match the filters of the page it was pressed on; audited with the filter and the number of rows."""
    now = timezone.now()
    scope = scope_of(request, Right.KEYS_READ, at=now)
    address = QueryDict(request.POST.get("address", ""))
    may_see = Right.RESTRICTIONS_SEE in request.rights
    view = read_view(address, may_see_restrictions=may_see, scheme=scope.scheme)
    ids = ids_to_export(scope, view)
    note_export(tenant=request.tenant, what="keys", filters=filters_said(view), rows=len(ids), by=request.actor, at=now)
    return csv_file(csv_of(scope, ids), name=f"{scope.scheme.file_name}-{scope.today:%Y-%m-%d}")
