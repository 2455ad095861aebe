"""Count tries against a limit, exactly, whatever number of processes count at once."""

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from schoolgate.tenancy.models import Tenant, ThrottleCount


def count_try(
    *,
    tenant: Tenant,
    bucket: str,
    subject: str,
    limit: int,
    window: timedelta,
    at: datetime,
) -> bool:
    """Count one try; False when the limit of the window is used up (then nothing is counted).

    Its own committed statement, before anything is compared, so that parallel guesses can't pass the limit
    (security.md §2). subject: an address or a name; only its keyed hash is stored.
    """
    row = _row(tenant=tenant, bucket=bucket, subject=subject, window=window, at=at)
    # every tenant: the row names its own
    if ThrottleCount.objects.filter(**row, tries__lt=limit).update(tries=F("tries") + 1):
        return True
    try:
        with transaction.atomic():
            ThrottleCount.objects.create(**row, tries=1)
    except IntegrityError:
        # every tenant: the row names its own
        return bool(ThrottleCount.objects.filter(**row, tries__lt=limit).update(tries=F("tries") + 1))
    return True


def give_back_try(*, tenant: Tenant, bucket: str, subject: str, window: timedelta, at: datetime) -> None:
    """A proved secret gives its try back."""
    row = _row(tenant=tenant, bucket=bucket, subject=subject, window=window, at=at)
    # every tenant: the row names its own
    ThrottleCount.objects.filter(**row, tries__gt=0).update(tries=F("tries") - 1)


def forget_tries(*, tenant: Tenant, bucket: str, window: timedelta, at: datetime, subject: str | None = None) -> None:
    """The window of this moment begins anew: a person of the office has unlocked it. subject None: for all in the bucket."""
    row = _row(tenant=tenant, bucket=bucket, subject=subject or "", window=window, at=at)
    if subject is None:
        del row["subject"]
    # every tenant: the row names its own
    ThrottleCount.objects.filter(**row).update(tries=0)


def end_of_window(*, window: timedelta, at: datetime) -> datetime:
    """When the window of this moment ends, and tries are counted anew."""
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp((int(at.timestamp()) // seconds + 1) * seconds, tz=UTC)


def tries_counted(*, tenant: Tenant, bucket: str, subject: str, window: timedelta, at: datetime) -> int:
    """Query: how many tries the window of this moment has seen."""
    row = _row(tenant=tenant, bucket=bucket, subject=subject, window=window, at=at)
    # every tenant: the row names its own
    return ThrottleCount.objects.filter(**row).values_list("tries", flat=True).first() or 0


def _row(*, tenant: Tenant, bucket: str, subject: str, window: timedelta, at: datetime) -> dict[str, object]:
    seconds = int(window.total_seconds())
    starts_at = datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, tz=UTC)
    hashed = salted_hmac(f"schoolgate.throttle.{bucket}", subject, algorithm="sha256").hexdigest()
    return {
        "tenant": tenant,
        "bucket": bucket,
        "subject": hashed,
        "window_starts_at": starts_at,
    }
