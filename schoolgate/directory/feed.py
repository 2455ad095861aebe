"""The change feed: what has become different since a cursor, deletions included."""

from django.db.models import QuerySet

from schoolgate.directory.models import DirectoryChange, DirectoryHead
from schoolgate.tenancy.models import Tenant


def changes_after(*, tenant: Tenant, seq: int, limit: int = 1000) -> QuerySet[DirectoryChange]:
    """The next changes in order. A reader that keeps the last seq as its cursor misses none: seq has no gaps that fill later."""
    return DirectoryChange.objects.for_tenant(tenant).filter(seq__gt=seq).order_by("seq")[:limit]


def feed_end(*, tenant: Tenant) -> int:
    """The newest seq; 0 while nothing was ever published."""
    return DirectoryHead.objects.filter(tenant=tenant).values_list("seq", flat=True).first() or 0


def wait_for_sync(*, tenant: Tenant) -> None:
    """Step: wait for a Data Sync that is being applied, and let none begin until this transaction ends (R-DS-05).

    What the transaction reads afterwards is what families see while it works.
    """
    list(DirectoryHead.objects.select_for_update(no_key=True).filter(tenant=tenant))
