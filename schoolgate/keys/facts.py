"""What decides about subjects of keys, read for many at once: the numbers of statements don't grow with them (spine §3.8)."""

from calendar import isleap
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import models

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.by_school import beyond_tries
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.schemes import INACTIVE, NO_BIRTH_DATE, NOT_PARENT, OTHER_SYSTEM, UNDER_AGE, Facts
from schoolgate.keys.subjects import STUDENT_SELF, SUBJECT_COLUMN, parent_kind
from schoolgate.tenancy.at_schools import at_schools
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import SecondProof, Tenant
from schoolgate.tenancy.school_rules import Rules, rules_for, rules_of_district, schools_stricter_in

PARENT = "PARENT"
_WHOLE_TENANT = 20_000  # Above so many subjects, reading all of the tenant's once is the quicker way.

Pair = tuple[int, int]
"""(subject id, addressee id) within one kind; twice the same where the subject is the addressee."""


def facts_of(*, tenant: Tenant, subjects: Iterable[Subject], at: datetime) -> dict[Subject, Facts]:
    """Query: the facts of these subjects; those that are nobody of the tenant are absent.

    A live key whose time is over counts as none, but stands in ``overdue_key_id``: whoever makes a new one ends it first.
    """
    by_kind: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        by_kind[subject.kind].append(subject)
    found: dict[Subject, Facts] = {}
    for kind, some in by_kind.items():
        found |= _facts_of_kind(tenant, kind, some, at)
    return found


def _facts_of_kind(tenant: Tenant, kind: str, subjects: Collection[Subject], at: datetime) -> dict[Subject, Facts]:
    pairs = [(subject.id, subject.addressee) for subject in subjects]
    ids = frozenset(subject_id for subject_id, _ in pairs)
    addressees = frozenset(addressee for _, addressee in pairs)
    keys, overdue = _keys(tenant, kind, ids, at)
    tie_keys = _tie_keys(tenant, kind, ids)
    if kind == STUDENT_SELF:
        never = _why_never_students(tenant, ids, day_of(tenant, at))
        linked = {(pk, pk) for pk, why in never.items() if why != INACTIVE}
        barred: set[Pair] = set()
    else:
        never = _why_never_contacts(tenant, kind, addressees)
        links = DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at))
        linked = set(
            rows_with(addressees, links, "contact_id").values_list(SUBJECT_COLUMN[kind], "contact_id").distinct()
        )
        unlinked = frozenset(pair[1] for pair in pairs if pair not in linked)
        barred = _barred_everywhere(tenant, kind, unlinked, at) - linked
    found = {}
    for subject, pair in zip(subjects, pairs, strict=True):
        why = never.get(pair[1])
        if why is None:
            continue
        key_id, is_locked, lock_count = keys.get(pair, (None, False, 0))
        ties = tuple(tie_keys[pair]) if pair in tie_keys else ()
        has_link, is_barred = pair in linked, pair in barred
        found[subject] = Facts(why, key_id, is_locked, lock_count, ties, has_link, is_barred, overdue.get(pair))
    return found


def rows_with(wanted: frozenset[int], rows: models.QuerySet[Any], column: str) -> models.QuerySet[Any]:  # Any: any rows
    """The rows with these ids; all of the tenant's where there are so many, for the caller to leave out the others."""
    return rows if len(wanted) > _WHOLE_TENANT else rows.filter(**{f"{column}__among": wanted})


def _keys(
    tenant: Tenant, kind: str, ids: frozenset[int], at: datetime
) -> tuple[dict[Pair, tuple[int | None, bool, int]], dict[Pair, int]]:
    """The live keys (id, is locked, how often it was), and apart those whose time is over."""
    live = rows_with(
        ids, AccessKey.objects.for_tenant(tenant).filter(subject_kind=kind, state=KeyState.LIVE), "subject_id"
    )
    limit, beyond = tenant.settings.failed_tries, beyond_tries(tenant=tenant, at=at)
    keys: dict[Pair, tuple[int | None, bool, int]] = {}
    overdue: dict[Pair, int] = {}
    for subject_id, addressee_id, key, expires_at, locked_at, failures, lock_count in live.values_list(
        "subject_id", "addressee_id", "pk", "expires_at", "locked_at", "failures", "lock_count"
    ):
        if expires_at <= at:
            overdue[subject_id, addressee_id] = key
        else:
            is_locked = locked_at is not None or failures >= limit or key in beyond
            keys[subject_id, addressee_id] = (key, is_locked, lock_count)
    return keys, overdue


def _tie_keys(tenant: Tenant, kind: str, ids: frozenset[int]) -> dict[Pair, list[int]]:
    """The redeemed keys of the standing ties, the oldest first."""
    found: dict[Pair, list[int]] = defaultdict(list)
    standing = Tie.objects.for_tenant(tenant).standing().filter(subject_kind=kind)
    ties = rows_with(ids, standing, "subject_id").order_by("pk")
    for subject_id, addressee_id, key_id in ties.values_list("subject_id", "addressee_id", "key_id"):
        found[subject_id, addressee_id].append(key_id)
    return found


def _why_never_contacts(tenant: Tenant, kind: str, ids: frozenset[int]) -> dict[int, str]:
    """Each contact of the directory, with why no key of this kind is ever made for them now, or ""."""
    contacts = rows_with(ids, DirectoryContact.objects.for_tenant(tenant), "pk")
    system = "" if kind == parent_kind(tenant) else OTHER_SYSTEM
    return {pk: system if type_ == PARENT else NOT_PARENT for pk, type_ in contacts.values_list("pk", "type")}


def _why_never_students(tenant: Tenant, ids: frozenset[int], today: date) -> dict[int, str]:
    """The same of students as themselves, by the rules of their schools (registration-keys §3, R-DI-02, G-17)."""
    students = rows_with(ids, DirectoryStudent.objects.for_tenant(tenant), "pk")
    district = rules_of_district(tenant)
    differing = schools_stricter_in(tenant, "second_proof", "student_minimum_age")
    rules_at: dict[tuple[int, int | None], Rules] = {}
    found = {}
    for pk, school_id, second_id, is_active, is_open, second_is_open, born in students.values_list(
        *("pk", "school_id", "second_school_id", "is_active", "school__is_active", "second_school__is_active"),
        "birth_date",
    ):
        rules = district
        if school_id in differing or second_id in differing:
            rules = rules_at.get((school_id, second_id)) or rules_for(tenant=tenant, school_ids=(school_id, second_id))
            rules_at[school_id, second_id] = rules
        # Whoever is at inactive schools alone is so too (G-13).
        why = "" if is_active and (is_open or second_is_open) else INACTIVE
        if not why and born is None and rules.second_proof != SecondProof.NONE:
            why = NO_BIRTH_DATE
        is_young = born is not None and age_on(today, born) < rules.student_minimum_age
        found[pk] = why or (UNDER_AGE if is_young else "")
    return found


def may_have_own_key(*, tenant: Tenant, today: date) -> models.Q:
    """Which published students may have a key for student use, by the same rules; as a condition on DirectoryStudent."""

    def of(rules: Rules) -> models.Q:
        found = models.Q(birth_date__lte=latest_birth(today, rules.student_minimum_age))
        return found if rules.second_proof != SecondProof.NONE else found | models.Q(birth_date=None)

    differing = schools_stricter_in(tenant, "second_proof", "student_minimum_age")
    may = of(rules_of_district(tenant))
    for school_id in differing:  # Whoever is at two of them obeys both.
        may &= ~at_schools([school_id]) | of(rules_for(tenant=tenant, school_ids=[school_id]))
    is_open = models.Q(school__is_active=True) | models.Q(second_school__is_active=True)
    return models.Q(is_active=True) & is_open & may


def latest_birth(day: date, age: int) -> date:
    """The last birth date of those who are of this age, in whole years, on that day."""
    year = day.year - age
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) and not isleap(year) else day.replace(year=year)


def age_on(day: date, born: date) -> int:
    """In whole years. Who was born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _barred_everywhere(tenant: Tenant, kind: str, contact_ids: frozenset[int], at: datetime) -> set[Pair]:
    """Of these contacts' subjects, which have no link: those that a restriction has left with nothing to see (§3.1, E-05).

    Either it closes a student whom they would see otherwise, or it closes every active student they have.
    """
    if not contact_ids:
        return set()
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at))
    bars = {
        (contact_id, student_id)
        for contact_id, student_id in rows_with(contact_ids, closing, "contact_id").values_list(
            "contact_id", "student_id"
        )
        if contact_id in contact_ids
    }
    if not bars:
        return set()
    pairs = DirectoryAssociation.objects.for_tenant(tenant).filter(
        contact_id__among={contact_id for contact_id, _ in bars}, student__is_active=True
    )
    barred: set[Pair] = {(contact_id, contact_id) for contact_id, _ in bars} if kind == "contact" else set()
    taken_away: set[Pair] = set()
    still_open: set[Pair] = set()
    for subject_id, contact_id, student_id, has_access in pairs.values_list(
        SUBJECT_COLUMN[kind], "contact_id", "student_id", "portal_access"
    ):
        if (contact_id, student_id) not in bars:
            still_open.add((subject_id, contact_id))
        elif has_access:
            taken_away.add((subject_id, contact_id))
        else:
            barred.add((subject_id, contact_id))
    return taken_away | (barred - still_open)
