"""The ids of one page of the list, in the order that the reader chose."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, OrderBy, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest, Length, Lower, NullIf

from schoolgate.console.parent_access.key_pages.filters import GridView
from schoolgate.console.parent_access.key_pages.row_parts import links_seen, live_keys, ties_of
from schoolgate.console.parent_access.key_pages.row_states import rank_of
from schoolgate.console.parent_access.key_pages.scope import Scope


def page_of(rows: QuerySet[Any], view: GridView, *, scope: Scope, total: int) -> Page[int]:
    """The ids of one page, in order. total: how many there are, from the counts; a page beyond the last is the last."""
    paginator = _CountedPaginator(total, view.size)
    number = min(view.page, paginator.num_pages)
    start, end = (number - 1) * view.size, min(number * view.size, total)
    name = view.sort.removeprefix("-")
    ordered = rows.annotate(**_sort_columns(scope, name))
    if start * 2 <= total:
        found = ordered.order_by(*_order(name, down=view.sort.startswith("-"))).values_list("pk", flat=True)
        return Page(list(found[start:end]), number, paginator)
    # From the nearer end, so that the last page costs what the first does.
    found = ordered.order_by(*_order(name, down=view.sort.startswith("-"), backwards=True)).values_list("pk", flat=True)
    return Page(list(found[total - end : total - start])[::-1], number, paginator)


class _CountedPaginator(Paginator[int]):
    """A paginator that is told how many there are, instead of counting."""

    def __init__(self, total: int, size: int) -> None:
        super().__init__([], size)
        self.__dict__["count"] = total  # A cached property, filled before it is asked.


# What each sort goes by: columns, and of those made for it, whether they may be empty (then those rows come last).
_COLUMNS = {
    "id": [("id_length", False), ("row_no", False)],
    "name": [("sort_name", False)],
    "email": [("sort_email", True), ("sort_name", False)],
    **{name: [(f"sort_{name}", True), ("sort_name", False)] for name in ("username", "students", "key")},
    **{name: [(f"sort_{name}", True), ("sort_name", False)] for name in ("delivered", "expires", "seen")},
    "adults": [("sort_adults", True), ("sort_name", False)],
    "class": [("year_length", False), ("year_level", False), ("roll_class", False), ("sort_name", False)],
    "state": [("sort_state", False), ("sort_name", False)],
}


def _order(name: str, *, down: bool, backwards: bool = False) -> list[OrderBy]:
    """down: as the reader wants it. backwards: the exact opposite of that order, to read it from its end."""
    order = []
    for column, may_be_empty in [*_COLUMNS[name], ("pk", False)]:
        nulls = ({"nulls_first": True} if backwards else {"nulls_last": True}) if may_be_empty else {}
        order.append(OrderBy(F(column), descending=down != backwards, **nulls))
    return order


def _sort_columns(scope: Scope, name: str) -> dict[str, Any]:
    """What a sort needs that is no column of the row."""
    live, ties, links = live_keys(scope), ties_of(scope), links_seen(scope)
    out = Greatest(Coalesce("printed_at", "emailed_at"), Coalesce("emailed_at", "printed_at"))
    columns: dict[str, dict[str, Any]] = {
        "id": {"id_length": Length(scope.scheme.number), "row_no": F(scope.scheme.number)},
        "email": {"sort_email": _email(scope)},
        "adults": {"sort_adults": Subquery(links.order_by("contact__sort_name").values("contact__sort_name")[:1])},
        "class": {"year_length": Length("year_level")},
        "username": {"sort_username": Subquery(ties.order_by("pk").values("account__username_folded")[:1])},
        "students": {"sort_students": Subquery(links.order_by("student__sort_name").values("student__sort_name")[:1])},
        "key": {"sort_key": Subquery(live.order_by("selector").values("selector")[:1])},
        "delivered": {"sort_delivered": Subquery(_latest(live.annotate(out=out), "out"))},
        "expires": {"sort_expires": Subquery(live.order_by("expires_at").values("expires_at")[:1])},
        "seen": {"sort_seen": Subquery(_latest(ties, "account__last_login"))},
        "state": {"sort_state": rank_of(scope)},
    }
    return columns.get(name, {})


def _email(scope: Scope) -> Any:  # Any: an expression of one kind or another.
    """The contact's address, or the first of those of a row's adults."""
    if scope.scheme.is_own_addressee:
        return NullIf(Lower("email"), Value(""))
    folded = links_seen(scope).exclude(contact__email="").annotate(folded=Lower("contact__email"))
    return Subquery(folded.order_by("folded").values("folded")[:1])


def _latest(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    return rows.order_by(F(column).desc(nulls_last=True)).values(column)[:1]
