"""The one word of each row, and the segment of the bar that it falls into, worked out by the database (design.md §5)."""

from collections.abc import Collection
from typing import Any

from django.db.models import Case, CharField, Exists, F, IntegerField, OuterRef, Q, Value, When

from schoolgate.console.parent_access.key_pages.row_parts import ended_keys, is_connected, links_of, live_keys
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import GridState
from schoolgate.keys.by_school import is_locked
from schoolgate.keys.models import KeyState
from schoolgate.letters.queries import stuck_messages, waiting_messages

_EXPIRED = [KeyState.LIVE, KeyState.EXPIRED]  # Of keys that are not live any more: the sweep comes by later.


def state_of(scope: Scope, *, only: Collection[int] | None = None) -> Case:
    """The one word for each contact's row, by the precedence of GridState; the one statement of these rules.

    only: when a few contacts are asked for, so that nothing else is looked at. Whether access waits for a Data Sync is
    known to Data Sync alone: of a page's rows the face turns "no students" into "not published" (rows.py).
    """
    live = live_keys(scope, only=only)
    ended = ended_keys(scope, only=only)
    waiting = waiting_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    stuck = stuck_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    rules = [
        (GridState.LOCKED, Exists(live.filter(is_locked(tenant=scope.tenant, at=scope.at)))),
        (GridState.BOUNCED, Exists(live.filter(Exists(stuck)))),
        (GridState.CONNECTED, is_connected(scope, only=only)),
        (GridState.SENDING, Exists(live.filter(Exists(waiting)))),
        (
            GridState.EMAILED,
            Exists(live.filter(Q(emailed_at__gte=F("printed_at")) | Q(emailed_at__isnull=False, printed_at=None))),
        ),
        (GridState.PRINTED, Exists(live.filter(printed_at__isnull=False))),
        (GridState.READY, Exists(live)),
        (GridState.NO_STUDENTS, ~Exists(links_of(scope, only=only))),
        (GridState.EXPIRED, Exists(ended.filter(state__in=_EXPIRED))),
        (GridState.REVOKED, Exists(ended.filter(state__in=[KeyState.REVOKED, KeyState.REPLACED]))),
    ]
    return Case(
        *(When(condition, then=Value(state.value)) for state, condition in rules),
        default=Value(GridState.NO_KEY.value),
        output_field=CharField(),
    )


def rank_of(scope: Scope) -> Case:
    """The place of each contact's state among the segments, for sorting: who needs a look comes first."""
    return segment_of(scope, as_rank=True)


def segment_of(scope: Scope, *, as_rank: bool = False) -> Case:
    """The segment that the state of state_of falls into, by the same rules. as_rank: its place, trouble first."""
    ranks = {"attention": 0, "ready": 1, "given_out": 2, "no_key": 3, "connected": 4}
    live, links = live_keys(scope), links_of(scope)
    stuck = stuck_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    waiting = waiting_messages(tenant=scope.tenant).filter(key_id=OuterRef("pk"))
    is_out = Q(emailed_at__isnull=False) | Q(printed_at__isnull=False)
    rules: list[tuple[str, Any]] = [
        ("attention", Exists(live.filter(is_locked(tenant=scope.tenant, at=scope.at)))),
        ("attention", Exists(live.filter(Exists(stuck)))),
        ("connected", is_connected(scope)),
        ("given_out", Exists(live.filter(is_out))),
        ("given_out", Exists(live.filter(Exists(waiting)))),
        ("ready", Exists(live)),
        ("attention", Q(Exists(ended_keys(scope).filter(state__in=_EXPIRED))) & Q(Exists(links))),
    ]
    return Case(
        *(When(condition, then=Value(ranks[segment] if as_rank else segment)) for segment, condition in rules),
        default=Value(ranks["no_key"] if as_rank else "no_key"),
        output_field=IntegerField() if as_rank else CharField(),
    )
