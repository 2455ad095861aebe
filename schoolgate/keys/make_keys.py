"""New keys, thousands at a time: drawn, sealed and written in a handful of statements."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q

from schoolgate.directory.feed import wait_for_sync
from schoolgate.jobs.bulk import insert_rows, next_ids
from schoolgate.jobs.subject import Subject
from schoolgate.keys.by_school import stricter_rules
from schoolgate.keys.expiry import first_last_day
from schoolgate.keys.keyring import newest_pepper, newest_sealing_key
from schoolgate.keys.models import AccessKey, KeysHead, KeyState
from schoolgate.lib.keycode import draw_secrets, draw_selectors, protect_many
from schoolgate.tenancy.dates import day_of, end_of_day
from schoolgate.tenancy.models import Tenant

SELECTOR_RESTS = timedelta(days=90)
"""A dead key's selector may return after this, so that a letter from last year never meets this year's key (R-KY-04)."""

MANY_KEYS = 100_000
MOST_KEYS = 500_000

_COLUMNS = [
    "id",
    "tenant_id",
    "subject_kind",
    "subject_id",
    "addressee_id",
    "selector",
    "mac",
    "pepper_no",
    "sealed",
    "sealing_no",
    "state",
    "expires_at",
    "lock_count",
    "failures",
    "created_at",
    "created_by_id",
    "run_id",
    "ended_why",
]


def hold_keys_of(tenant: Tenant) -> int:
    """Step: be the only one who makes keys for this tenant until the transaction ends; waits for a running Data Sync (R-DS-05).

    Gives the number of batches that were made so far. The key system, which changes under the same lock
    (keys/switch_system.py), is read anew: whoever decides now decides by the one in force.
    """
    wait_for_sync(tenant=tenant)
    batches = _head(tenant).batches
    tenant.settings.refresh_from_db(fields=["key_system"])
    return batches


def _head(tenant: Tenant) -> KeysHead:
    heads = KeysHead.objects.select_for_update(no_key=True).filter(tenant=tenant)
    head = heads.first()
    if head is None:
        KeysHead.objects.bulk_create([KeysHead(tenant=tenant)], ignore_conflicts=True)
        head = heads.get()
    return head


def make_keys(
    *,
    tenant: Tenant,
    subjects: Sequence[Subject],
    at: datetime,
    by_id: int | None,
    run_id: int | None,
    held_until: date | None = None,
) -> Sequence[int]:
    """Step: one live key for each of these subjects, which have none; the ids of the keys, in the subjects' order.

    held_until: the day before which none of them goes out (R-GS-04): their lives are counted from it.
    The caller has called `hold_keys_of`, and decided on facts that it read after that.
    """
    pepper, sealing_key = newest_pepper(), newest_sealing_key()
    expires_at = _first_end(tenant, tenant.settings.letter_life_days, at, held_until)
    sooner = _sooner_ends(tenant, subjects, at, held_until)
    ids = next_ids(AccessKey, len(subjects))
    selectors = _free_selectors(tenant=tenant, count=len(subjects), at=at)
    drawn = list(zip(ids, selectors, draw_secrets(len(subjects)), strict=True))

    def rows() -> Iterator[tuple[Any, ...]]:  # Any: values as the columns take them.
        kept = protect_many(drawn, tenant_id=tenant.pk, pepper=pepper, sealing_key=sealing_key)
        live = KeyState.LIVE.value
        for subject, (key_id, selector, _), (mac, sealed) in zip(subjects, drawn, kept, strict=True):
            yield (
                *(key_id, tenant.pk, subject.kind, subject.id, subject.addressee, selector, mac, pepper.number, sealed),
                *(sealing_key.number, live, sooner.get(subject, expires_at) if sooner else expires_at),
                *(0, 0, at, by_id, run_id, ""),
            )

    insert_rows(AccessKey, _COLUMNS, rows())
    KeysHead.objects.filter(tenant=tenant).update(batches=F("batches") + 1)
    return ids


def _first_end(tenant: Tenant, letter_life_days: int, at: datetime, held_until: date | None) -> datetime:
    made_on = day_of(tenant, at)
    last_day = first_last_day(made_on=made_on, letter_life_days=letter_life_days, held_until=held_until)
    return end_of_day(tenant, last_day)


def _sooner_ends(
    tenant: Tenant, subjects: Sequence[Subject], at: datetime, held_until: date | None
) -> dict[Subject, datetime]:
    """When the keys of those subjects end that open a student of a school with a shorter life (R-DI-02)."""
    stricter = stricter_rules(tenant=tenant, subjects=subjects, settings=["letter_life_days"], at=at)
    ends = {
        days: _first_end(tenant, days, at, held_until)
        for days in {rules.letter_life_days for rules in stricter.values()}
    }
    return {subject: ends[rules.letter_life_days] for subject, rules in stricter.items()}


def count_live_keys(*, tenant: Tenant) -> int:
    """Query: how many selectors are in use (R-KY-04)."""
    return AccessKey.objects.for_tenant(tenant).filter(state=KeyState.LIVE).count()


def _free_selectors(*, tenant: Tenant, count: int, at: datetime) -> list[str]:
    """Selectors that no live key has, nor one that died lately."""
    found: list[str] = []
    seen: set[str] = set()
    while len(found) < count:
        missing = count - len(found)
        drawn = draw_selectors(missing + missing // 4 + 8, taken=seen)  # Some to spare: mostly once is enough then.
        seen.update(drawn)
        in_use = Q(state=KeyState.LIVE) | Q(ended_at__gt=at - SELECTOR_RESTS)
        clashes = AccessKey.objects.for_tenant(tenant).filter(in_use, selector__among=frozenset(drawn))
        taken = set(clashes.values_list("selector", flat=True))
        found.extend(selector for selector in drawn if selector not in taken)
    return found[:count]
