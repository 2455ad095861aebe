"""Store what a form of the list says of its ticks."""

from typing import Any

from django.http import QueryDict
from django.utils import timezone

from schoolgate.console.parent_access.key_pages.filters import read_view
from schoolgate.console.parent_access.key_pages.grid import matching, rows_in
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.pending import pending_contact_ids
from schoolgate.jobs.selection import select_all, tick_rows, unselect_all
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right


def apply_ticks(request: TenantRequest) -> None:
    """Store what the form says of the rows that its page showed; then, if it asks for it, select all or none."""
    at = timezone.now()
    scope = scope_of(request, Right.KEYS_ACT, at=at)
    whose: dict[str, Any] = {"tenant": request.tenant, "user": request.user, "list_name": scope.scheme.list_name}
    do = request.POST.get("do", "ticks")
    shown = _ids(request.POST.get("shown", "").split(","))
    if do == "none":
        unselect_all(**whose)
    elif do == "all":
        view = read_view(
            QueryDict(request.POST.get("address", "")),
            may_see_restrictions=Right.RESTRICTIONS_SEE in request.rights,
            scheme=scope.scheme,
        )
        pending_ids = pending_contact_ids(scope) if view.filters.pending else frozenset()
        select_all(**whose, rows=matching(scope, view.filters, pending_ids=pending_ids))
    else:
        ticked = shown if do == "page" else _ids(request.POST.getlist("ticked"))
        tick_rows(**whose, rows=rows_in(scope), shown=shown, ticked=ticked)


def _ids(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
