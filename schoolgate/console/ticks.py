"""Store what the form of a list says of its ticks: those of the page, of all that match, or none (R-CK-06)."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from schoolgate.console.lists import numbers_in
from schoolgate.jobs.selection import select_all, tick_rows, unselect_all
from schoolgate.tenancy.http import TenantRequest


def store_ticks(
    request: TenantRequest, *, list_name: str, rows: QuerySet[Any], matching: Callable[[], QuerySet[Any]]
) -> None:
    """rows: all that the member may see in the list. matching: those that its search and filters leave. Raises NotInTheList."""
    whose: dict[str, Any] = {"tenant": request.tenant, "user": request.user, "list_name": list_name}
    do = request.POST.get("do", "ticks")
    shown = numbers_in(request.POST.get("shown", ""))
    if do == "none":
        unselect_all(**whose)
    elif do == "all":
        select_all(**whose, rows=matching())
    else:
        ticked = shown if do == "page" else numbers_in(",".join(request.POST.getlist("ticked")))
        tick_rows(**whose, rows=rows, shown=shown, ticked=ticked)
