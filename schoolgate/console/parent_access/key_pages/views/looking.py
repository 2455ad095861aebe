"""Look at the list, search and filter it, tick its rows."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from schoolgate.console.parent_access.key_pages.filter_choices import filter_choices
from schoolgate.console.parent_access.key_pages.filters import SIZES, read_view
from schoolgate.console.parent_access.key_pages.forms import FilterForm
from schoolgate.console.parent_access.key_pages.page import look_at, scope_of
from schoolgate.console.parent_access.key_pages.runs import may_change, may_see_letters, run_on_page
from schoolgate.console.parent_access.key_pages.schemes import scheme_of
from schoolgate.console.parent_access.key_pages.ticks import apply_ticks
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right, requires


@requires(Right.KEYS_READ)
@require_safe
def key_list(request: TenantRequest) -> HttpResponse:
    """Every contact, household or student that the member may see, with what became of their keys."""
    part = "console/key_pages/_list.html" if request.htmx else "console/key_pages/list.html"
    return render(request, part, list_context(request, request.GET))


@requires(Right.KEYS_READ)
@require_safe
def add_filter(request: TenantRequest) -> HttpResponse:
    """All filters in one form: a part of the list, or a page of its own without script."""
    scope = scope_of(request, Right.KEYS_READ, at=timezone.now())
    may_see = Right.RESTRICTIONS_SEE in request.rights
    view = read_view(request.GET, may_see_restrictions=may_see, scheme=scope.scheme)
    form = FilterForm(view, filter_choices(scope), scope.scheme, may_see_restrictions=may_see)
    part = "console/key_pages/_filter.html" if request.htmx else "console/key_pages/filter.html"
    return render(request, part, {"form": form, "view": view, "scheme": scope.scheme})


@requires(Right.KEYS_ACT)
@require_POST
def select(request: TenantRequest) -> HttpResponse:
    """Tick and untick: the rows of the page, all that match, or none (R-CK-06)."""
    apply_ticks(request)
    address = QueryDict(request.POST.get("address", ""))
    if not request.htmx:
        here = resolve_url(f"console:{scheme_of(request.tenant).namespace}:list", request.tenant.code)
        return HttpResponseRedirect(f"{here}?{address.urlencode()}")
    part = "_chosen.html" if request.POST.get("do") == "ticks" else "_list.html"
    return render(request, f"console/key_pages/{part}", list_context(request, address))


def list_context(request: TenantRequest, address: QueryDict) -> dict[str, Any]:
    now = timezone.now()
    look, run = look_at(request, address, at=now), run_on_page(request, at=now)
    return {
        "look": look,
        "scheme": look.coverage.scheme,
        "may_open_cards": Right.ENROLMENTS_READ in request.rights,
        "page": look.page,
        "sort": look.view.sort,
        "size": look.view.size,
        "sizes": SIZES,
        "run": run,
        "may_change": run is not None and may_change(request, run),
        "may_act": Right.KEYS_ACT in request.rights,
        "may_see_letters": run is not None and may_see_letters(request, run),
        "may_see_keys": Right.KEYS_SEE in request.rights,
        "may_export": Right.EXPORT in request.rights,
    }
