"""The result of a search: who, how many of each status, one page of rows (R-RK-04 to R-RK-07, R-RK-12)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import OrderBy, QuerySet
from django.db.models.functions import Length
from django.http import QueryDict
from django.utils.translation import gettext as _

from schoolgate.audit.queries import audit_length
from schoolgate.console.lists import choice_in, number_in, sort_in
from schoolgate.console.parent_access_administration.registration_keys.filters import (
    STATES,
    Choices,
    Filters,
    choices_of,
    condition_of,
    read_filters,
)
from schoolgate.console.parent_access_administration.registration_keys.forms import SearchForm
from schoolgate.console.parent_access_administration.registration_keys.rows import Row, rows_of, seen_of
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope, scope_of
from schoolgate.directory.models import DirectoryStudent
from schoolgate.directory.search import Hits, Sought, all_students, find_students
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

SIZES = (50, 100, 250)
_KEPT = ("school", "inactive", "student_no", "surname", "show", "sort", "rows")
"""What a filter keeps of the address."""
_IS_ACTIVE: dict[str | None, bool | None] = {"active": True, "inactive": False, "all": None}
_ORDERS: dict[str, list[Any]] = {  # Any: names of columns and expressions
    "name": ["sort_name"],
    "id": [Length("student_no"), "student_no"],
    "school": ["school__name", "sort_name"],
    "year": [Length("year_level"), "year_level", "roll_class", "sort_name"],
    "class": ["roll_class", "sort_name"],
}


@dataclass(frozen=True)
class Tally:
    """One choice of *Select Students*, with how many it has; "1,000+" beyond the most."""

    name: str
    label: str
    count: int
    has_more: bool
    is_here: bool


@dataclass(frozen=True)
class Result:
    """page: of rows. is_all: no more than are named. may_sort: the whole result is known, so that it can be sorted.

    searched_for: the Student Id without leading zeros, where only that found anything (R-RK-04). seq: the audit's end as it was
    before the rows were read, for renewing them. kept: of the address, for the form of filters.
    """

    page: "Page[Row]"
    tallies: tuple[Tally, ...]
    is_all: bool
    sort: str
    size: int
    filters: Filters
    choices: Choices
    searched_for: str = ""
    seq: int = 0
    elsewhere: Tally | None = None
    fields: tuple[str, ...] = field(default=())
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def hits(self) -> int:
        """How many were found, whatever their status."""
        return next(each.count for each in self.tallies if each.name == "all")

    @property
    def is_empty_school(self) -> bool:
        """A school was chosen, by itself and unfiltered, that has nobody of any status."""
        return self.fields == ("school",) and not self.hits and not self.filters.is_narrowed

    @property
    def seen(self) -> str:
        return seen_of(self.page)

    @property
    def shown_ids(self) -> str:
        """The ids of this page's rows, for the form that says which of them are ticked."""
        return ",".join(str(row.student.pk) for row in self.page)

    @property
    def registered(self) -> str:
        """The filter, as its choice has it."""
        return "" if self.filters.registered is None else str(self.filters.registered)


def result_of(request: TenantRequest, form: SearchForm, *, at: datetime) -> Result:
    """Query: what the address asks for; `form` is valid."""
    scope = scope_of(request, Right.KEYS_READ, at=at)
    seq = audit_length(tenant_id=request.tenant.pk)
    filters = read_filters(request.GET)
    state = choice_in(request, "show", STATES, "active")
    sought = _sought(scope, form, condition_of(scope, filters))
    hits, searched_for = _find(sought)
    tallies = _tallies(hits, state)
    shown = hits[state]
    sort = sort_in(request, _ORDERS, "") if shown.is_all else ""
    page = _page(request, shown.ids if not sort else _sorted(scope, shown.ids, sort), scope, surname=sought.surname)
    here = next(each for each in tallies if each.is_here)
    others = [each for each in tallies if each.count and not each.is_here and each.name != "all"]
    return Result(
        page=page,
        tallies=tallies,
        is_all=shown.is_all,
        sort=sort,
        size=page.paginator.per_page,
        filters=filters,
        choices=choices_of(scope, [*hits["active"].ids, *hits["inactive"].ids]),
        searched_for=searched_for,
        seq=seq,
        elsewhere=others[0] if others and not here.count else None,
        fields=fields_of(form),
        kept=tuple((name, value) for name in _KEPT for value in request.GET.getlist(name)),
    )


def everybody_found(scope: Scope, form: SearchForm, address: QueryDict) -> QuerySet[DirectoryStudent]:
    """Query: the whole result that an address asks for, beyond the first thousand too (R-GP-01); `form` is valid."""
    sought = _sought(scope, form, condition_of(scope, read_filters(address)))
    _hits, searched_for = _find(sought)
    if searched_for:
        sought = replace(sought, student_no=searched_for)
    return all_students(sought, is_active=_IS_ACTIVE.get(address.get("show", ""), True))


def fields_of(form: SearchForm) -> tuple[str, ...]:
    """The names of the fields that were filled in."""
    return tuple(name for name in ("school", "student_no", "surname") if form.cleaned_data.get(name))


def _sought(scope: Scope, form: SearchForm, only: Any) -> Sought:
    """Inactive schools are left out unless they are shown (G-13)."""
    chosen = form.cleaned_data["school"]
    is_whole_tenant = scope.schools is None and not chosen
    return Sought(
        tenant=scope.tenant,
        school_ids=None if is_whole_tenant else [int(chosen)] if chosen else form.school_ids_offered,
        without_school_ids=form.school_ids_hidden if is_whole_tenant else (),
        closed_school_ids=form.school_ids_closed,
        student_no=form.cleaned_data["student_no"],
        surname=form.cleaned_data["surname"],
        only=only,
        former_in=scope.former_in,
    )


def _find(sought: Sought) -> tuple[dict[str, Hits], str]:
    """The hits by status. Nothing found by an id with leading zeros: once more without them (R-RK-04)."""
    hits = _by_state(sought)
    stripped = sought.student_no.lstrip("0")
    if hits["all"].count or not stripped or stripped == sought.student_no:
        return hits, ""
    again = _by_state(replace(sought, student_no=stripped))
    return (again, stripped) if again["all"].count else (hits, "")


def _by_state(sought: Sought) -> dict[str, Hits]:
    active, inactive = find_students(sought, is_active=True), find_students(sought, is_active=False)
    both = active if not inactive.count else inactive if not active.count else find_students(sought, is_active=None)
    return {"active": active, "inactive": inactive, "all": both}


def _tallies(hits: Mapping[str, Hits], state: str) -> tuple[Tally, ...]:
    labels = {"active": _("Active"), "inactive": _("Inactive"), "all": _("All")}
    return tuple(Tally(name, labels[name], hits[name].count, not hits[name].is_all, name == state) for name in STATES)


def _sorted(scope: Scope, ids: Collection[int], sort: str) -> list[int]:
    down, columns = sort.startswith("-"), _ORDERS[sort.removeprefix("-")]
    order = [
        OrderBy(each, descending=down) if not isinstance(each, str) else f"-{each}" if down else each
        for each in columns
    ]
    students = DirectoryStudent.objects.for_tenant(scope.tenant).filter(pk__among=ids)
    return list(students.order_by(*order, "pk").values_list("pk", flat=True))


def _page(request: TenantRequest, ids: Collection[int], scope: Scope, *, surname: str) -> "Page[Row]":
    size = number_in(request, "rows")
    paginator = Paginator(list(ids), size if size in SIZES else SIZES[0])
    page = paginator.get_page(request.GET.get("page"))
    rows = rows_of(scope, list(page.object_list), surname=surname)
    return Page(rows, page.number, paginator)  # type: ignore[arg-type]  # The same page, with rows for ids.
