"""The rows that a member has ticked in the result of a search (R-RK-13, R-GP-01)."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from schoolgate.console.parent_access_administration.registration_keys.forms import search_form
from schoolgate.console.parent_access_administration.registration_keys.people import students_in
from schoolgate.console.parent_access_administration.registration_keys.results import everybody_found
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope, scope_of
from schoolgate.console.ticks import store_ticks
from schoolgate.directory.models import DirectoryStudent
from schoolgate.jobs.selection import selected_among, selection_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

LIST_NAME = "registration_keys"


@dataclass(frozen=True)
class Ticks:
    """count: of all rows ticked. ticked: those among the ones shown."""

    count: int
    ticked: frozenset[int]

    @property
    def elsewhere(self) -> int:
        """Ticked rows that this page doesn't show."""
        return self.count - len(self.ticked)


def ticks_among(request: TenantRequest, shown: Collection[int]) -> Ticks:
    """Query: what the member has ticked, and which of these rows."""
    selection = selection_of(tenant=request.tenant, user=request.user, list_name=LIST_NAME)
    return Ticks(selection.count, frozenset(selected_among(selection, shown)))


def apply_ticks(request: TenantRequest) -> None:
    """Store what the form says of the rows that its page showed, or select all that the search finds, or none."""
    scope = scope_of(request, Right.KEYS_READ, at=timezone.now())
    store_ticks(request, list_name=LIST_NAME, rows=students_in(scope), matching=lambda: _matching(request, scope))


def _matching(request: TenantRequest, scope: Scope) -> QuerySet[DirectoryStudent]:
    address = QueryDict(request.POST.get("address", ""))
    form = search_form(request, address)
    return everybody_found(scope, form, address) if form.is_valid() else students_in(scope).none()
