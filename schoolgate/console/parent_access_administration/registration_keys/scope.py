"""Whom a member sees in this room, and at which moment (R-RK-11)."""

from dataclasses import dataclass
from datetime import date, datetime

from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class Scope:
    """schools: ids of those for which the member holds the right, None for all. today: in the tenant's time zone.

    former_in: the schools whose students the member may find by a former surname, None for all (G-21).
    """

    tenant: Tenant
    schools: frozenset[int] | None
    at: datetime
    today: date
    former_in: frozenset[int] | None = frozenset()


def scope_of(request: TenantRequest, right: Right, *, at: datetime) -> Scope:
    former = request.rights.get(Right.FORMER_NAMES_READ, set())
    return Scope(
        tenant=request.tenant,
        schools=_frozen(request.rights[right]),
        at=at,
        today=day_of(request.tenant, at),
        former_in=_frozen(former),
    )


def _frozen(schools: set[int] | None) -> frozenset[int] | None:
    return None if schools is None else frozenset(schools)
