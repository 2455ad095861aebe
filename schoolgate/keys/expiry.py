"""When keys end: days as the school counts them (R-KY-06, R-ST-07). The days are pure; the steps write them down."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schoolgate.keys.by_school import stricter_rules
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import subject_of
from schoolgate.tenancy.dates import day_of, end_of_day, last_day_before
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.school_rules import rules_of_district

LONGEST_LIFE = timedelta(days=180)


def first_last_day(*, made_on: date, letter_life_days: int, held_until: date | None = None) -> date:
    """The last day of a key that has not left the building yet. held_until: the day on which it will, if that is known."""
    return min((held_until or made_on) + timedelta(days=letter_life_days), made_on + LONGEST_LIFE)


def last_day_when_printed(*, last_day: date, made_on: date, today: date, letter_life_days: int) -> date:
    """Counted from the printing, never shortened, never later than 180 days after the key was made."""
    return min(max(last_day, today + timedelta(days=letter_life_days)), made_on + LONGEST_LIFE)


def last_day_when_emailed(
    *, last_day: date, made_on: date, today: date, email_life_days: int, stays_later: bool
) -> date:
    """Counted from the hand-over. stays_later: it was printed or e-mailed before, so a date is already out there."""
    by_mail = today + timedelta(days=email_life_days)
    return min(max(last_day, by_mail) if stays_later else by_mail, made_on + LONGEST_LIFE)


@dataclass(frozen=True)
class Out:
    """A live key that is about to leave the building, and the last day that its letter or mail must state."""

    key: AccessKey
    last_day: date


def note_printed(*, tenant: Tenant, key_ids: Collection[int], at: datetime) -> dict[int, Out]:
    """Step: these keys are being printed. Keys that are not live (locked ones count as live) are left out."""
    return _note(tenant=tenant, key_ids=key_ids, at=at, is_printing=True)


def note_emailed(*, tenant: Tenant, key_ids: Collection[int], at: datetime) -> dict[int, Out]:
    """Step: these keys are being handed over to the mail. Keys that are not live are left out."""
    return _note(tenant=tenant, key_ids=key_ids, at=at, is_printing=False)


def _note(*, tenant: Tenant, key_ids: Collection[int], at: datetime, is_printing: bool) -> dict[int, Out]:
    """Each by the shortest life of the schools whose students it opens (R-DI-02)."""
    today = day_of(tenant, at)
    column, setting = ("printed_at", "letter_life_days") if is_printing else ("emailed_at", "email_life_days")
    live = AccessKey.objects.for_tenant(tenant).filter(pk__among=key_ids, state=KeyState.LIVE, expires_at__gt=at)
    keys = list(live.select_for_update(no_key=True).order_by("pk"))
    stricter = stricter_rules(tenant=tenant, subjects=[subject_of(key) for key in keys], settings=[setting], at=at)
    district = rules_of_district(tenant)
    key_ids_by_day: dict[date, list[int]] = {}
    out: dict[int, Out] = {}
    for key in keys:
        rules = stricter.get(subject_of(key), district) if stricter else district
        before, made_on = last_day_before(tenant, key.expires_at), day_of(tenant, key.created_at)
        if is_printing:
            last_day = last_day_when_printed(
                last_day=before, made_on=made_on, today=today, letter_life_days=rules.letter_life_days
            )
        else:
            is_out = key.printed_at is not None or key.emailed_at is not None
            last_day = last_day_when_emailed(
                last_day=before,
                made_on=made_on,
                today=today,
                email_life_days=rules.email_life_days,
                stays_later=is_out,
            )
        key_ids_by_day.setdefault(last_day, []).append(key.pk)
        out[key.pk] = Out(key, last_day)
    # As many statements as there are different days: one, for the keys of one run whose schools don't differ.
    for last_day, ids in key_ids_by_day.items():
        AccessKey.objects.for_tenant(tenant).filter(pk__among=ids).update(
            expires_at=end_of_day(tenant, last_day), **{column: at}
        )
    return out
