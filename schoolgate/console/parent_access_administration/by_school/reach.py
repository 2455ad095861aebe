"""Whom a member may run for: their own schools; the whole district only with a role for all of it (registration-keys §11, R-GS-06)."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from schoolgate.keys.run_choices import active_schools
from schoolgate.lib.errors import NotAllowed
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School
from schoolgate.tenancy.roles import Right


def my_schools(request: TenantRequest) -> list[School]:
    """Query: the active schools for which the member may make keys."""
    return active_schools(tenant=request.tenant, school_ids=request.rights[Right.KEYS_ACT])


def is_district_wide(request: TenantRequest, school_ids: Collection[int]) -> bool:
    """Query: are these all active schools of a tenant that has several?"""
    every = {school.pk for school in active_schools(tenant=request.tenant, school_ids=None)}
    return len(every) > 1 and set(school_ids) >= every


def may_run_district_wide(request: TenantRequest) -> bool:
    return request.rights.get(Right.KEYS_DISTRICT, set()) is None


def require_district_wide(request: TenantRequest) -> None:
    """Raises NotAllowed."""
    if not may_run_district_wide(request):
        raise NotAllowed(_("A run for every school of the district is started by an owner or an administrator."))


def may_print(request: TenantRequest) -> bool:
    """Letters show keys, and many at once need a right of their own (portal-console, Permissions)."""
    return Right.KEYS_SEE in request.rights and Right.KEYS_BULK_PRINT in request.rights


def require_print(request: TenantRequest) -> None:
    """Raises NotAllowed."""
    if not may_print(request):
        raise NotAllowed(_("Letters for many need the rights to see keys and to print in bulk."))
