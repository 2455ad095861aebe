"""What the schools of the students that keys open ask of these keys (R-DI-02); tenants whose schools don't differ pay one short statement."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from schoolgate.directory.models import DirectoryAssociation, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.subjects import STUDENT_SELF, SUBJECT_COLUMN, parent_kind, students_by_subject, subject_of
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.school_rules import Rules, rules_for, rules_of_district, schools_stricter_in


def stricter_rules(
    *, tenant: Tenant, subjects: Collection[Subject], settings: Collection[str], at: datetime
) -> dict[Subject, Rules]:
    """Query: what counts for these subjects of keys: the strictest of the district and of the schools of the students each one opens.

    settings: which of them matter to the caller. Subjects for whom the district's count are absent. No statement more where no
    school is stricter in these settings, otherwise one for adults and one for students' own keys.
    """
    school_ids = schools_stricter_in(tenant, *settings)
    if not school_ids or not subjects:
        return {}
    opened = students_by_subject(tenant=tenant, subjects=subjects, today=day_of(tenant, at), school_ids=school_ids)
    schools = {
        subject: school_ids & frozenset().union(*(student.school_ids for student in students))
        for subject, students in opened.items()
    }
    rules = {some: rules_for(tenant=tenant, school_ids=some) for some in set(schools.values())}
    return {subject: rules[some] for subject, some in schools.items()}


def tries_of(*, tenant: Tenant, key: AccessKey | None, at: datetime) -> int:
    """Query: after how many wrong tries this key locks; for no key it asks the database the same (R-RD-05)."""
    subject = subject_of(key) if key is not None else Subject(parent_kind(tenant), 0, 0)
    stricter = stricter_rules(tenant=tenant, subjects=[subject], settings=["failed_tries"], at=at)
    return stricter.get(subject, rules_of_district(tenant)).failed_tries


def beyond_tries(*, tenant: Tenant, at: datetime) -> frozenset[int]:
    """Query: the live keys that their schools hold for locked, though the district would not and no lock is written yet.

    They are few: an exception was made after so many tries, or a child moved there. No statement more where no school is stricter.
    """
    strict = rules_for(tenant=tenant, school_ids=schools_stricter_in(tenant, "failed_tries")).failed_tries
    limit = tenant.settings.failed_tries
    if strict == limit:
        return frozenset()
    tried = AccessKey.objects.for_tenant(tenant).filter(
        state=KeyState.LIVE, locked_at=None, failures__gte=strict, failures__lt=limit
    )
    keys = {subject_of(key): key for key in tried}
    stricter = stricter_rules(tenant=tenant, subjects=keys, settings=["failed_tries"], at=at)
    return frozenset(
        keys[subject].pk for subject, rules in stricter.items() if keys[subject].failures >= rules.failed_tries
    )


def is_locked(*, tenant: Tenant, at: datetime) -> Q:
    """Which live keys are locked: by a written lock, or since their tries are used up, as the district or their schools count them."""
    locked = Q(locked_at__isnull=False) | Q(failures__gte=tenant.settings.failed_tries)
    beyond = beyond_tries(tenant=tenant, at=at)
    return locked | Q(pk__in=beyond) if beyond else locked


@dataclass(frozen=True)
class SchoolKeys:
    """Live keys that open a student of one school. parents: of adults; students: for student use; printed, emailed: of both."""

    parents: int
    students: int
    printed: int
    emailed: int


def count_school_keys(*, tenant: Tenant, school_id: int, at: datetime) -> SchoolKeys:
    """Query: for what a change at one school touches (R-DI-01); one statement."""
    kind = parent_kind(tenant)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at))
    opens = links.at_schools([school_id]).filter(contact_id=OuterRef("addressee_id"))
    opens = opens.filter(**{SUBJECT_COLUMN[kind]: OuterRef("subject_id")})
    there = DirectoryStudent.objects.for_tenant(tenant).at_schools([school_id])
    own = there.filter(pk=OuterRef("subject_id"), is_active=True)
    parents, students = Q(Exists(opens), subject_kind=kind), Q(Exists(own), subject_kind=STUDENT_SELF)
    live = AccessKey.objects.for_tenant(tenant).filter(parents | students, state=KeyState.LIVE, expires_at__gt=at)
    counted = live.aggregate(
        parents=Count("pk", filter=Q(subject_kind=kind)),
        students=Count("pk", filter=Q(subject_kind=STUDENT_SELF)),
        printed=Count("printed_at"),
        emailed=Count("emailed_at"),
    )
    return SchoolKeys(**counted)
