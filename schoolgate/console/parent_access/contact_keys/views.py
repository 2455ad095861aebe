"""The list: look, search, filter, tick."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from schoolgate.console.parent_access.contact_keys.filters import SIZES, read_view
from schoolgate.console.parent_access.contact_keys.forms import FilterForm
from schoolgate.console.parent_access.contact_keys.grid import contacts_in, filter_choices, matching
from schoolgate.console.parent_access.contact_keys.page import LIST_NAME, look_at, scope_of
from schoolgate.console.parent_access.contact_keys.pending import pending_contact_ids
from schoolgate.console.parent_access.contact_keys.runs import closed_run, panel_of
from schoolgate.jobs.selection import select_all, tick_rows, unselect_all
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_GET
def contact_keys(request: TenantRequest) -> HttpResponse:
    """Every PARENT contact of the directory that the member may see, with what became of their keys."""
    if request.tenant.settings.key_system != KeySystem.CONTACT:
        return render(request, "console/contact_keys/other_system.html", status=404)
    part = "console/contact_keys/_list.html" if request.htmx else "console/contact_keys/list.html"
    return render(request, part, _context(request, request.GET))


@requires(Right.KEYS_READ)
@require_GET
def add_filter(request: TenantRequest) -> HttpResponse:
    """All filters in one form: a part of the list, or a page of its own without script."""
    scope = scope_of(request, Right.KEYS_READ, at=timezone.now())
    may_see = Right.RESTRICTIONS_SEE in request.rights
    view = read_view(request.GET, may_see_restrictions=may_see)
    form = FilterForm(view, filter_choices(scope), may_see_restrictions=may_see)
    part = "console/contact_keys/_filter.html" if request.htmx else "console/contact_keys/filter.html"
    return render(request, part, {"form": form, "view": view})


@requires(Right.KEYS_ACT)
@require_POST
def select(request: TenantRequest) -> HttpResponse:
    """Tick and untick: the rows of the page, all that match, or none (R-CK-06)."""
    apply_ticks(request)
    address = QueryDict(request.POST.get("address", ""))
    if not request.htmx:
        here = resolve_url("console:contact_keys:list", request.tenant.code)
        return HttpResponseRedirect(f"{here}?{address.urlencode()}")
    part = "_batch.html" if request.POST.get("do") == "ticks" else "_list.html"
    return render(request, f"console/contact_keys/{part}", _context(request, address))


def apply_ticks(request: TenantRequest) -> None:
    """Store what the form says of the rows that its page showed; then, if it asks for it, select all or none."""
    at = timezone.now()
    scope = scope_of(request, Right.KEYS_ACT, at=at)
    whose: dict[str, Any] = {"tenant": request.tenant, "user": request.user, "list_name": LIST_NAME}
    do = request.POST.get("do", "ticks")
    shown = _ids(request.POST.get("shown", "").split(","))
    if do == "none":
        unselect_all(**whose)
    elif do == "all":
        view = read_view(
            QueryDict(request.POST.get("address", "")), may_see_restrictions=Right.RESTRICTIONS_SEE in request.rights
        )
        pending_ids = pending_contact_ids(tenant=request.tenant) if view.filters.pending else frozenset()
        select_all(**whose, rows=matching(scope, view.filters, pending_ids=pending_ids))
    else:
        ticked = shown if do == "page" else _ids(request.POST.getlist("ticked"))
        tick_rows(**whose, rows=contacts_in(scope), shown=shown, ticked=ticked)


def _ids(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def _context(request: TenantRequest, address: QueryDict) -> dict[str, Any]:
    now = timezone.now()
    look = look_at(request, address, at=now)
    return {
        "look": look,
        "page": look.page,
        "sort": look.view.sort,
        "size": look.view.size,
        "sizes": SIZES,
        "panel": panel_of(tenant=request.tenant, user=request.user, closed_before=closed_run(request), at=now),
        "may_act": Right.KEYS_ACT in request.rights,
        "may_see_keys": Right.KEYS_SEE in request.rights,
        "may_export": Right.EXPORT in request.rights,
    }
