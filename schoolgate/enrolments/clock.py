"""The tenant's count of writes to the working copy (see enrolments/models.py, The clock)."""

from django.db.models import F

from schoolgate.enrolments.models import EnrolmentsClock
from schoolgate.tenancy.models import Tenant


def tick(*, tenant: Tenant) -> int:
    """Step: the number of this write, to stamp on its rows. Holds the clock's row until the transaction ends."""
    if not EnrolmentsClock.objects.filter(tenant=tenant).update(now=F("now") + 1):
        # The first write of a tenant; of two at once one waits here and then counts on.
        EnrolmentsClock.objects.bulk_create([EnrolmentsClock(tenant=tenant, now=0)], ignore_conflicts=True)
        EnrolmentsClock.objects.filter(tenant=tenant).update(now=F("now") + 1)
    return EnrolmentsClock.objects.values_list("now", flat=True).get(tenant=tenant)


def clock_now(*, tenant: Tenant) -> int:
    """Query: the number of the last write; 0 before the first."""
    return EnrolmentsClock.objects.filter(tenant=tenant).values_list("now", flat=True).first() or 0


def hold_clock(*, tenant: Tenant) -> int:
    """Step: the number of the last write, with the clock held, so that nobody writes until the transaction ends.

    Whoever publishes begins with it: what it reads is whole then, without half of anybody's save. 0 before the first write.
    """
    clock = EnrolmentsClock.objects.select_for_update().filter(tenant=tenant).first()
    return clock.now if clock else 0
