"""The end of a key's life: its state changes and its sealed copy is wiped, in one statement (R-KY-07)."""

from collections.abc import Collection
from datetime import datetime

from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.tenancy.models import Tenant


def end_keys(
    *,
    tenant: Tenant,
    key_ids: Collection[int],
    state: KeyState,
    by_id: int | None,
    at: datetime,
    why: str,
    was: KeyState = KeyState.LIVE,
) -> list[int]:
    """Step: end those of these keys that are still in the state ``was``; their ids.

    One that was redeemed, say, in the same moment is left out: the row's own lock decides who was first (E-22).
    """
    if not key_ids:
        return []
    # Locked in the order of ids, so that two who end overlapping selections wait for each other instead of deadlocking.
    held = AccessKey.objects.for_tenant(tenant).filter(pk__among=key_ids, state=was).select_for_update(no_key=True)
    ended = list(held.order_by("pk").values_list("pk", flat=True))
    AccessKey.objects.for_tenant(tenant).filter(pk__among=ended).update(
        state=state, sealed=None, ended_at=at, ended_by_id=by_id, ended_why=why, no_link_since=None
    )
    return ended


def end_ties(*, tenant: Tenant, key_ids: Collection[int], by_id: int | None, at: datetime, why: str) -> list[int]:
    """Step: end the standing ties that these redeemed keys made, and revoke the keys; the ids of the ties.

    What the account sees is derived from its ties at each request, so it loses its view with the commit.
    """
    ties = Tie.objects.for_tenant(tenant).standing().filter(key_id__among=key_ids).select_for_update(no_key=True)
    tie_ids = list(ties.order_by("pk").values_list("pk", flat=True))
    Tie.objects.for_tenant(tenant).filter(pk__among=tie_ids).update(ended_at=at, ended_by_id=by_id, ended_why=why)
    end_keys(tenant=tenant, key_ids=key_ids, state=KeyState.REVOKED, by_id=by_id, at=at, why=why, was=KeyState.REDEEMED)
    return tie_ids
