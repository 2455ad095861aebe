"""Searches for people, noted for 90 days beside the chain (registration-keys §11, docs/decisions/0026)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from schoolgate.audit.actor import Actor
from schoolgate.audit.models import SearchNote

KEPT_FOR = timedelta(days=90)


def add_search(*, tenant_id: int, what: str, fields: Collection[str], hits: int, by: Actor, at: datetime) -> None:
    """Step: who searched, by which fields, with how many hits."""
    SearchNote.objects.create(
        tenant_id=tenant_id,
        at=at,
        what=what,
        fields=list(fields),
        hits=hits,
        actor_kind=by.kind.value,
        actor_id=by.user_id,
        via=by.via,
        source=by.source,
    )


def find_searches(*, tenant_id: int, at: datetime, actor_id: int | None = None) -> QuerySet[SearchNote]:
    """Query: those of the last 90 days, newest first. actor_id: of one member of staff alone."""
    found = SearchNote.objects.filter(tenant_id=tenant_id, at__gt=at - KEPT_FOR)
    if actor_id is not None:
        found = found.filter(actor_id=actor_id, actor_kind="staff")
    return found.order_by("-at", "-pk")


def forget_searches(*, at: datetime) -> int:
    """Delete those that are older; how many."""
    # every tenant: a worker looks after all of them
    return SearchNote.objects.filter(at__lte=at - KEPT_FOR).delete()[0]
