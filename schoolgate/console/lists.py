"""Lists of the console: sorted, paged and filtered by the address, on the server. Nonsense in it gives the default list."""

from collections.abc import Collection
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from schoolgate.tenancy.http import TenantRequest

SIZES = (50, 100, 250)


class NearerEndPaginator(Paginator[Any]):
    """Pages of a sorted query, read from the end that is nearer: the last page of 100,000 rows costs what the first does."""

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start, stop = (number - 1) * self.per_page, min(number * self.per_page, self.count)
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # Always a query here.
        if start <= self.count // 2:
            return Page(list(rows[start:stop]), number, self)
        from_the_end = list(rows.reverse()[self.count - stop : self.count - start])
        return Page(from_the_end[::-1], number, self)


def sort_in(request: TenantRequest, sorts: Collection[str], default: str = "name") -> str:
    """The order asked for: one of ``sorts``, or one after a minus."""
    given = request.GET.get("sort", default)
    return given if given.removeprefix("-") in sorts else default


def paged(request: TenantRequest, rows: QuerySet[Any]) -> dict[str, Any]:
    """What _table.html and _pages.html need of a list: page, size, sizes."""
    size = number_in(request, "rows")
    size = size if size in SIZES else SIZES[0]
    return {"page": NearerEndPaginator(rows, size).get_page(request.GET.get("page")), "size": size, "sizes": SIZES}


def number_in(request: TenantRequest, name: str) -> int | None:
    """A whole number of the query string, None where there is none (nonsense counts as none)."""
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None


def choice_in(request: TenantRequest, name: str, allowed: Collection[str], default: str = "") -> str:
    """A word of the query string that is one of ``allowed``, else the default."""
    given = request.GET.get(name, default)
    return given if given in allowed else default
