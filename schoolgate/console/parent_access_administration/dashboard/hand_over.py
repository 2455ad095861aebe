"""From a number of the dashboard to the page that acts: exactly these contacts ticked, and no others (C-04)."""

from django.utils import timezone

from schoolgate.console.parent_access.key_pages.grid import contacts_in
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.schemes import SCHEMES
from schoolgate.console.parent_access_administration.dashboard.people import Parents
from schoolgate.jobs.selection import select_all, unselect_all
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right


def select_in_contact_keys(request: TenantRequest, parents: Parents) -> None:
    """What was ticked before is not any more. Only those on whom the member may act are ticked."""
    mine = contacts_in(scope_of(request, Right.KEYS_ACT, at=timezone.now()))
    list_name = SCHEMES["contact"].list_name
    unselect_all(tenant=request.tenant, user=request.user, list_name=list_name)
    listed = mine.filter(pk__in=parents.contact_ids())
    select_all(tenant=request.tenant, user=request.user, list_name=list_name, rows=listed)
