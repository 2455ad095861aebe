"""Put a key page together: one look at the list, for one member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page
from django.http import QueryDict

from schoolgate.audit.queries import newest_seq
from schoolgate.console.parent_access.key_pages.adult_rows import AdultsRow, adult_rows_of
from schoolgate.console.parent_access.key_pages.counts import (
    count_connected_since,
    count_matching,
    count_segments,
    count_states,
)
from schoolgate.console.parent_access.key_pages.coverage import Coverage, coverage_of
from schoolgate.console.parent_access.key_pages.filters import EXTRA_COLUMNS, Chip, GridView, chips_of, read_view
from schoolgate.console.parent_access.key_pages.grid import matching
from schoolgate.console.parent_access.key_pages.order import page_of
from schoolgate.console.parent_access.key_pages.pending import (
    count_unpublished,
    pending_links,
    pending_row_ids,
    pending_students,
)
from schoolgate.console.parent_access.key_pages.rows import Row, rows_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import SEGMENT_BY_NAME
from schoolgate.jobs.models import Selection
from schoolgate.jobs.selection import selected_among, selection_of
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import School, Tenant
from schoolgate.tenancy.roles import Right

_OFFICE_ACTS = (
    "key.generated",
    "key.replaced",
    "key.revoked",
    "key.unlocked",
    "key.printed",
    "email.queued",
    "email.cancelled",
)


@dataclass(frozen=True)
class Column:
    """A column that can be hidden: whether it is shown, and the address that turns it."""

    name: str
    label: str
    is_shown: bool
    address: str


@dataclass(frozen=True)
class Look:
    """All that the page shows. page: its rows, of rows.py or adult_rows.py. query: the address's part after the question mark."""

    view: GridView
    coverage: Coverage
    page: "Page[Any]"
    chips: tuple[Chip, ...]
    columns: tuple[Column, ...]
    selection: Selection
    ticked: frozenset[int]
    unpublished: int
    query: str

    @property
    def said(self) -> str:
        """How many rows the list has."""
        return self.coverage.scheme.counted(self.page.paginator.count)

    @property
    def unpublished_said(self) -> str:
        """How many rows wait to be published."""
        return self.coverage.scheme.unpublished(self.unpublished)

    @property
    def address(self) -> str:
        return f"?{self.query}"

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a new search keeps of the address: all but the words and the page."""
        address = QueryDict(self.query)
        return [(name, value) for name in address if name not in {"q", "page"} for value in address.getlist(name)]

    @property
    def count(self) -> int:
        """How many rows are ticked, on this page or not."""
        return self.selection.count

    @property
    def elsewhere(self) -> int:
        """Ticked rows that this page doesn't show."""
        return self.selection.count - len(self.ticked)

    @property
    def shown_ids(self) -> str:
        """The ids of this page's rows, for the form that says which of them are ticked."""
        return ",".join(str(row.pk) for row in self.page)


def scope_of(request: TenantRequest, right: Right, *, at: datetime) -> Scope:
    """The list of this member: the schools for which they hold the right."""
    schools = request.rights[right]
    return Scope(
        tenant=request.tenant,
        schools=None if schools is None else frozenset(schools),
        at=at,
        today=day_of(request.tenant, at),
        act_seq=newest_seq(tenant_id=request.tenant.pk, acts=_OFFICE_ACTS),
    )


def look_at(request: TenantRequest, address: QueryDict, *, at: datetime) -> Look:
    """Query: the page that an address asks for; the number of statements doesn't depend on the school's size."""
    tenant, scope = request.tenant, scope_of(request, Right.KEYS_READ, at=at)
    may_see = Right.RESTRICTIONS_SEE in request.rights
    view = read_view(address, may_see_restrictions=may_see, scheme=scope.scheme)
    pending_ids = pending_row_ids(scope) if view.filters.pending else frozenset()
    counts = count_segments(scope, view.filters, pending_ids=pending_ids)
    shows_table = address.get("show") == "table"
    by_state = count_states(scope, view.filters, pending_ids=pending_ids) if shows_table else {}
    newly = None if view.filters.is_narrowed_beside_state else count_connected_since(scope)
    if view.filters.state in {"", *SEGMENT_BY_NAME}:
        shown = counts.get(view.filters.state, 0) if view.filters.state else sum(counts.values())
    else:
        shown = count_matching(scope, view.filters, pending_ids=pending_ids)
    ids = page_of(matching(scope, view.filters, pending_ids=pending_ids), view, scope=scope, total=shown)
    row_ids = list(ids.object_list)
    rows = page_rows(scope, row_ids)
    selection = selection_of(tenant=tenant, user=request.user, list_name=scope.scheme.list_name)
    return Look(
        view=view,
        coverage=coverage_of(
            counts, by_state=by_state, state=view.filters.state, address=address, newly=newly, scheme=scope.scheme
        ),
        page=Page[Any](rows, ids.number, ids.paginator),  # The same page, with rows for ids.
        chips=tuple(
            chips_of(
                view,
                address,
                school_names=_school_names(tenant) if view.filters.school else {},
                scheme=scope.scheme,
            )
        ),
        columns=_columns(view, address),
        selection=selection,
        ticked=frozenset(selected_among(selection, row_ids)),
        unpublished=count_unpublished(scope),
        query=address.urlencode(),
    )


def page_rows(scope: Scope, row_ids: Sequence[int]) -> Sequence[Row] | Sequence[AdultsRow]:
    """Query: these rows as the list shows them, in this order."""
    if scope.scheme.is_own_addressee:
        return rows_of(scope, row_ids, pending=pending_students(scope, row_ids))
    return adult_rows_of(scope, row_ids, pending=pending_links(scope, row_ids))


def _columns(view: GridView, address: QueryDict) -> tuple[Column, ...]:
    found = []
    for name, label in EXTRA_COLUMNS.items():
        others = [each for each in view.columns if each != name]
        wanted = others if name in view.columns else [*others, name]
        turned = address.copy()
        turned.setlist("columns", wanted)
        found.append(Column(name, str(label), name in view.columns, f"?{turned.urlencode()}"))
    return tuple(found)


def _school_names(tenant: Tenant) -> Mapping[int, str]:
    return dict(School.objects.for_tenant(tenant).values_list("number", "name"))
