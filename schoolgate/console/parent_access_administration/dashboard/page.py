"""Who asks, and what of the district they may see."""

from datetime import datetime
from typing import Any

from schoolgate.audit.queries import newest_seq
from schoolgate.console.lists import SIZES, number_in
from schoolgate.console.parent_access_administration.dashboard.figures import figures_of
from schoolgate.console.parent_access_administration.dashboard.reach import Reach
from schoolgate.console.parent_access_administration.dashboard.tables import Dashboard, dashboard_of
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School
from schoolgate.tenancy.queries import schools_of
from schoolgate.tenancy.roles import Right

# What the office does to keys: numbers from before it are not shown after it.
_ACTS = (
    "key.generated",
    "key.replaced",
    "key.revoked",
    "key.unlocked",
    "key.printed",
    "tie.ended",
    "email.queued",
    "email.cancelled",
)


def reach_of(request: TenantRequest, *, at: datetime) -> Reach:
    """The schools for which the member may read of keys."""
    schools = request.rights[Right.KEYS_READ]
    return Reach(
        tenant=request.tenant,
        schools=None if schools is None else frozenset(schools),
        at=at,
        today=day_of(request.tenant, at),
        act_seq=newest_seq(tenant_id=request.tenant.pk, acts=_ACTS),
    )


def schools_seen(reach: Reach) -> list[School]:
    """The member's schools by name."""
    return sorted(
        schools_of(reach.tenant, only=reach.schools), key=lambda school: (school.name.casefold(), school.number)
    )


def dashboard_for(request: TenantRequest, *, at: datetime) -> Dashboard:
    """Query: the whole page, for one member."""
    reach = reach_of(request, at=at)
    return dashboard_of(figures_of(reach), schools_seen(reach))


def rights_on_page(request: TenantRequest) -> dict[str, Any]:
    """Which buttons the member has."""
    return {"may_export": Right.EXPORT in request.rights, "may_act": Right.KEYS_ACT in request.rights}


def size_in(request: TenantRequest) -> int:
    """How many rows a page shall have."""
    size = number_in(request, "rows")
    return size if size in SIZES else SIZES[0]
