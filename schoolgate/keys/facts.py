"""What decides about contacts, read for many at once: the numbers of statements don't grow with them (spine §3.8)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact
from schoolgate.keys.models import AccessKey, KeyState, SubjectKind, Tie
from schoolgate.keys.schemes import Facts
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

PARENT = "PARENT"
_WHOLE_TENANT = 20_000  # Above so many contacts, reading all of the tenant's once is the quicker way.


def facts_of(*, tenant: Tenant, contact_ids: Iterable[int], at: datetime) -> dict[int, Facts]:
    """Query: the facts of these contacts; ids that are no contact of the tenant are absent.

    A live key whose time is over counts as none, but stands in ``overdue_key_id``: whoever makes a new one ends it first.
    """
    wanted = frozenset(contact_ids)
    today = day_of(tenant, at)
    contacts = _of(wanted, DirectoryContact.objects.for_tenant(tenant), "pk")
    keys_of_contacts = AccessKey.objects.for_tenant(tenant).filter(
        subject_kind=SubjectKind.CONTACT, state=KeyState.LIVE
    )
    live = _of(wanted, keys_of_contacts, "subject_id")
    limit = tenant.settings.failed_tries
    keys: dict[int, tuple[int | None, bool, int]] = {}
    overdue: dict[int, int] = {}
    for subject_id, key, expires_at, locked_at, failures, lock_count in live.values_list(
        "subject_id", "pk", "expires_at", "locked_at", "failures", "lock_count"
    ):
        if expires_at <= at:
            overdue[subject_id] = key
        else:
            keys[subject_id] = (key, locked_at is not None or failures >= limit, lock_count)
    tie_keys: dict[int, list[int]] = defaultdict(list)
    standing = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=SubjectKind.CONTACT)
    ties = _of(wanted, standing, "subject_id").order_by("pk")
    for subject_id, tie_key in ties.values_list("subject_id", "key_id"):
        tie_keys[subject_id].append(tie_key)
    links = _of(wanted, DirectoryAssociation.objects.for_tenant(tenant).links(today=today), "contact_id")
    linked = set(links.values_list("contact_id", flat=True))
    barred = _barred_everywhere(tenant=tenant, ids=wanted - linked, at=at)
    found = {}
    for pk, type_ in contacts.values_list("pk", "type"):
        if pk not in wanted:
            continue
        key_id, is_locked, lock_count = keys.get(pk, (None, False, 0))
        ties_of_it = tuple(tie_keys[pk]) if pk in tie_keys else ()
        found[pk] = Facts(
            type_ == PARENT, key_id, is_locked, lock_count, ties_of_it, pk in linked, pk in barred, overdue.get(pk)
        )
    return found


def _of(wanted: frozenset[int], rows: models.QuerySet[Any], column: str) -> models.QuerySet[Any]:  # Any: any rows
    """The rows of these contacts; of all of the tenant's where there are so many."""
    return rows if len(wanted) > _WHOLE_TENANT else rows.filter(**{f"{column}__among": wanted})


def _barred_everywhere(*, tenant: Tenant, ids: frozenset[int], at: datetime) -> set[int]:
    """Of contacts without a link: those whose every active student is closed to them by a restriction."""
    if not ids:
        return set()
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at))
    bars = {
        (contact_id, student_id)
        for contact_id, student_id in _of(ids, closing, "contact_id").values_list("contact_id", "student_id")
        if contact_id in ids
    }
    if not bars:
        return set()
    barred = {contact_id for contact_id, _ in bars}
    pairs = DirectoryAssociation.objects.for_tenant(tenant).filter(contact_id__among=barred, student__is_active=True)
    still_open = set(pairs.values_list("contact_id", "student_id")) - bars
    return barred - {contact_id for contact_id, _ in still_open}
