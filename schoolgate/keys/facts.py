"""What decides about contacts, read for many at once: the numbers of statements don't grow with them (spine §3.8)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind, Tie
from schoolgate.keys.schemes import Facts
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

PARENT = "PARENT"
_AT_ONCE = 10_000  # Ids in one statement.


def facts_of(*, tenant: Tenant, contact_ids: Iterable[int], at: datetime) -> dict[int, Facts]:
    """Query: the facts of these contacts; ids that are no contact of the tenant are absent.

    A live key whose time is over counts as none: whoever makes a new one ends it first (keys/expire.py).
    """
    found: dict[int, Facts] = {}
    ids = list(contact_ids)
    for start in range(0, len(ids), _AT_ONCE):
        found |= _facts_of_some(tenant=tenant, ids=ids[start : start + _AT_ONCE], at=at)
    return found


def _facts_of_some(*, tenant: Tenant, ids: Sequence[int], at: datetime) -> dict[int, Facts]:
    today = day_of(tenant, at)
    types = DirectoryContact.objects.for_tenant(tenant).filter(pk__in=ids).values_list("pk", "type")
    live = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT, subject_id__in=ids, state=KeyState.LIVE, expires_at__gt=at
    )
    limit = tenant.settings.failed_tries
    keys: dict[int, tuple[int | None, bool, int]] = {
        subject_id: (key, locked_at is not None or failures >= limit, lock_count)
        for subject_id, key, locked_at, failures, lock_count in live.values_list(
            "subject_id", "pk", "locked_at", "failures", "lock_count"
        )
    }
    tie_keys: dict[int, list[int]] = defaultdict(list)
    ties = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=SubjectKind.CONTACT, subject_id__in=ids)
    for subject_id, tie_key in ties.order_by("pk").values_list("subject_id", "key_id"):
        tie_keys[subject_id].append(tie_key)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today).filter(contact_id__in=ids)
    linked = set(links.values_list("contact_id", flat=True).distinct())
    barred = _barred_everywhere(tenant=tenant, ids=set(ids) - linked, at=at)
    found = {}
    for pk, type_ in types:
        key_id, is_locked, lock_count = keys.get(pk, (None, False, 0))
        ties_of_it = tuple(tie_keys[pk]) if pk in tie_keys else ()
        found[pk] = Facts(type_ == PARENT, key_id, is_locked, lock_count, ties_of_it, pk in linked, pk in barred)
    return found


def _barred_everywhere(*, tenant: Tenant, ids: set[int], at: datetime) -> set[int]:
    """Of contacts without a link: those whose every active student is closed to them by a restriction."""
    if not ids:
        return set()
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at)).filter(contact_id__in=ids)
    bars = set(closing.values_list("contact_id", "student_id"))
    if not bars:
        return set()
    barred = {contact_id for contact_id, _ in bars}
    pairs = DirectoryAssociation.objects.for_tenant(tenant).filter(contact_id__in=barred, student__is_active=True)
    still_open = set(pairs.values_list("contact_id", "student_id")) - bars
    return barred - {contact_id for contact_id, _ in still_open}
