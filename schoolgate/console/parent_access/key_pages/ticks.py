"""Store what a form of the list says of its ticks."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from schoolgate.console.parent_access.key_pages.filters import read_view
from schoolgate.console.parent_access.key_pages.grid import matching, rows_in
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.pending import pending_row_ids
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.ticks import store_ticks
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right


def apply_ticks(request: TenantRequest) -> None:
    """Store what the form says of the rows that its page showed; then, if it asks for it, select all or none."""
    scope = scope_of(request, Right.KEYS_ACT, at=timezone.now())
    store_ticks(
        request,
        list_name=scope.scheme.list_name,
        rows=rows_in(scope),
        matching=lambda: _matching(request, scope),
    )


def _matching(request: TenantRequest, scope: Scope) -> QuerySet[Any]:
    """All that the list holds at the address of the page."""
    view = read_view(
        QueryDict(request.POST.get("address", "")),
        may_see_restrictions=Right.RESTRICTIONS_SEE in request.rights,
        scheme=scope.scheme,
    )
    pending_ids = pending_row_ids(scope) if view.filters.pending else frozenset()
    return matching(scope, view.filters, pending_ids=pending_ids)
