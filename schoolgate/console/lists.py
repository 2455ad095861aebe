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
    return whole_number(request.GET.get(name, ""))


def whole_number(text: str) -> int | None:
    """A number that an id can be (19 digits may be beyond a database's 64 bits); None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def numbers_in(text: str) -> list[int]:
    """The ids of a text such as "12,7"; what is none is left out."""
    return [number for number in map(whole_number, text.split(",")) if number is not None]


def words_in(request: TenantRequest, name: str = "q") -> str:
    """What somebody looks for: 200 symbols at most, without the NUL that no name has and PostgreSQL refuses."""
    return request.GET.get(name, "").replace("\0", "")[:200].strip()


def choice_in(request: TenantRequest, name: str, allowed: Collection[str], default: str = "") -> str:
    """A word of the query string that is one of ``allowed``, else the default."""
    given = request.GET.get(name, default)
    return given if given in allowed else default
