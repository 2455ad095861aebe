"""Days as the school counts them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schoolgate.tenancy.models import Tenant


def day_of(tenant: Tenant, at: datetime) -> date:
    """The day that it is in the school's time zone at the moment ``at`` (R-RX-02)."""
    return at.astimezone(ZoneInfo(tenant.time_zone)).date()


def end_of_day(tenant: Tenant, day: date) -> datetime:
    """The first moment after ``day`` in the school's time zone: "ends on 21 January" means until then (R-KY-06)."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(tenant.time_zone))


def last_day_before(tenant: Tenant, moment: datetime) -> date:
    """The last whole day before a moment made by ``end_of_day``: the day that people are told."""
    return day_of(tenant, moment - timedelta(microseconds=1))
