"""Whom a member sees in this room, and at which moment (R-RK-11)."""

from dataclasses import dataclass
from datetime import date, datetime

from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class Scope:
    """schools: ids of those for which the member holds the right, None for all. today: in the tenant's time zone."""

    tenant: Tenant
    schools: frozenset[int] | None
    at: datetime
    today: date


def scope_of(request: TenantRequest, right: Right, *, at: datetime) -> Scope:
    schools = request.rights[right]
    return Scope(request.tenant, None if schools is None else frozenset(schools), at, day_of(request.tenant, at))
