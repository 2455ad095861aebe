"""Who asks, and what of the district they may see."""

from datetime import datetime
from typing import Any

from schoolgate.console.lists import SIZES, number_in
from schoolgate.console.parent_access.contact_keys.grid import Scope
from schoolgate.console.parent_access.contact_keys.page import scope_of
from schoolgate.console.parent_access_administration.dashboard.figures import figures_of
from schoolgate.console.parent_access_administration.dashboard.tables import Dashboard, dashboard_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right


def reach_of(request: TenantRequest, *, at: datetime) -> Scope:
    """The schools for which the member may read of keys."""
    return scope_of(request, Right.KEYS_READ, at=at)


def schools_seen(scope: Scope) -> list[School]:
    """The member's schools by name."""
    return sorted(
        schools_of(scope.tenant, only=scope.schools), key=lambda school: (school.name.casefold(), school.number)
    )


def dashboard_for(request: TenantRequest, *, at: datetime) -> Dashboard:
    """Query: the whole page, for one member."""
    scope = reach_of(request, at=at)
    return dashboard_of(figures_of(scope), schools_seen(scope))


def rights_on_page(request: TenantRequest) -> dict[str, Any]:
    """Which buttons the member has."""
    return {"may_export": Right.EXPORT in request.rights, "may_act": Right.KEYS_ACT in request.rights}


def size_in(request: TenantRequest) -> int:
    """How many rows a page shall have."""
    size = number_in(request, "rows")
    return size if size in SIZES else SIZES[0]
