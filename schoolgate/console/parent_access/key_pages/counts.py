"""How many rows the filters let through, by state and in all; at most five seconds old (R-CK-18)."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Count

from schoolgate.console.parent_access.key_pages.filters import Filters
from schoolgate.console.parent_access.key_pages.grid import matching, rows_in
from schoolgate.console.parent_access.key_pages.row_parts import is_connected
from schoolgate.console.parent_access.key_pages.row_states import segment_of, state_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import GridState
from schoolgate.keys.models import Tie
from schoolgate.tenancy.dates import end_of_day

COUNTS_MAY_BE_OLD_SECONDS = 5


def count_segments(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> dict[str, int]:
    """How many contacts of each segment of the bar the filters let through, the state's own filter aside; at most five seconds old.

    Told apart are only the segments: whether a contact with no key has students, which costs most to find out, is left open.
    """

    def count() -> dict[str, int]:
        found = matching(scope, replace(filters, state=""), pending_ids=pending_ids)
        counted = found.annotate(segment=segment_of(scope)).order_by().values("segment").annotate(count=Count("pk"))
        return dict(counted.values_list("segment", "count"))

    return _remembered("segments", scope, replace(filters, state=""), count)


def count_states(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> dict[GridState, int]:
    """The same by state, for the bar's table."""

    def count() -> dict[GridState, int]:
        found = matching(scope, replace(filters, state=""), pending_ids=pending_ids)
        counted = found.annotate(state=state_of(scope)).order_by().values("state").annotate(count=Count("pk"))
        return {GridState(state): n for state, n in counted.values_list("state", "count")}

    return _remembered("states", scope, replace(filters, state=""), count)


def count_matching(scope: Scope, filters: Filters, *, pending_ids: Collection[int] = ()) -> int:
    """How many contacts the filters let through; at most five seconds old."""
    return _remembered("matching", scope, filters, lambda: matching(scope, filters, pending_ids=pending_ids).count())


def count_connected_since(scope: Scope) -> int:
    """How many contacts have been connected since Monday; at most five seconds old."""
    monday = scope.today - timedelta(days=scope.today.weekday())

    def count() -> int:
        ties = Tie.objects.for_tenant(scope.tenant).standing().filter(subject_kind=scope.scheme.kind)
        recent = ties.filter(since__gte=end_of_day(scope.tenant, monday - timedelta(days=1)))
        rows = rows_in(scope) if scope.scheme.is_own_addressee else rows_in(scope).filter(is_connected(scope))
        return rows.filter(pk__in=recent.values("subject_id")).count()

    return _remembered(f"newly:{monday}", scope, Filters(), count)


Counts = TypeVar("Counts")


def _remembered(what: str, scope: Scope, filters: Filters, count: Callable[[], Counts]) -> Counts:
    """The result of a few seconds ago, or a new one; apart for each member's reach and each set of filters."""
    reach = sorted(scope.schools) if scope.schools is not None else None
    asked = repr((scope.tenant.pk, reach, scope.act_seq, filters))
    key = f"{scope.scheme.namespace}:{what}:{sha256(asked.encode()).hexdigest()}"
    found: Counts | None = cache.get(key)
    if found is None:
        found = count()
        cache.set(key, found, COUNTS_MAY_BE_OLD_SECONDS)
    return found
